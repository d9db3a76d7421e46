"""Decodes the events of a part of a line into columns, many at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from analysis.columns import Int64
from analysis.readers.wire import Octets, Places
from analysis.readers.xspace_columns import (
    DOUBLE,
    FORM_OF,
    FORMS,
    OCTETS,
    STRING,
    Codes,
    Events,
    Stats,
)
from analysis.readers.xspace_proto import XEvent
from analysis.readers.xspace_scan import Scan

METADATA_ID, OFFSET, DURATION, STAT, OCCURRENCES = 0x08, 0x10, 0x18, 0x22, 0x28
"""The first bytes of an event's fields."""


def decode(octets: Octets, found: Scan, wanted: Codes) -> Events:
    """The events that a scan found, with the stats whose metadata ids are wanted.

    All events are gone through side by side, field by field. What is written in an unusual way is
    given to protobuf.
    """
    columns = _Columns(octets, found, wanted)
    columns.walk()
    stats = columns.stats()
    odd = columns.odd()
    if len(odd):
        return columns.mended(odd, stats)
    return columns.events(stats)


class _Columns:
    """The values of the events' fields, and the place in each event that is looked at."""

    def __init__(self, octets: Octets, found: Scan, wanted: Codes) -> None:
        count = len(found)
        self._octets = octets
        self._found = found
        self._wanted = wanted
        self.at = found.begins.copy()
        self.numbers = {
            tag: np.zeros(count, dtype=np.int64)
            for tag in (METADATA_ID, OFFSET, DURATION, OCCURRENCES)
        }
        self._seen = {tag: np.zeros(count, dtype=bool) for tag in (*self.numbers, STAT)}
        self._stats: list[tuple[Places, Int64, Places, Places]] = []

    def walk(self) -> None:
        """Go through the fields in the order in which they are written, and again for others."""
        while True:
            before = self.at.copy()
            for tag in (METADATA_ID, OFFSET, DURATION):
                self._take(tag)
            self._take_stats()
            self._take(OCCURRENCES)
            if (self.at == self._found.ends).all() or (self.at == before).all():
                return

    def _take(self, tag: int) -> None:
        """Take a field where the next one has this tag; one that comes twice is left alone."""
        chosen = self._octets.values[self.at] == tag
        chosen &= (self.at < self._found.ends) & ~self._seen[tag]
        if chosen.all():
            values, lengths = self._octets.varints(self.at + 1)
            self.numbers[tag] = values.view(np.int64)
            self.at += np.where(lengths > 0, lengths + 1, 0)
            self._seen[tag] = chosen
            return
        rows = np.flatnonzero(chosen)
        if len(rows):
            values, lengths = self._octets.varints(self.at[rows] + 1)
            self.numbers[tag][rows] = values.view(np.int64)
            self.at[rows] += np.where(lengths > 0, lengths + 1, 0)
            self._seen[tag] |= chosen

    def _take_stats(self) -> None:
        """Take the stats that follow; their values are left for later."""
        values, ends = self._octets.values, self._found.ends
        rows = np.flatnonzero((values[self.at] == STAT) & (self.at < ends))
        at, last = self.at[rows], ends[rows]
        while len(rows):
            size, begin = values[at + 1].astype(np.intp), at + 2
            if size.max() > 127:
                long = size >> 7
                size = np.where(long > 0, size & 127 | values[begin].astype(np.intp) << 7, size)
                begin += long
            end = begin + size
            number = values[begin + 1].astype(np.int64)
            value = begin + 2
            if number.size and number.max() > 127:
                wide, lengths = self._octets.varints(begin + 1)
                number, value = wide.view(np.int64), begin + 1 + lengths
            good = (values[begin] == METADATA_ID) & (end <= last) & (value <= end) & (value > begin)
            code = self._wanted.of(number)
            chosen = np.flatnonzero((code >= 0) & good & (value < end))
            if len(chosen):
                self._stats.append((rows[chosen], code[chosen], value[chosen], end[chosen]))
            at = np.where(good, end, at)
            self.at[rows] = at
            more = np.flatnonzero((values[at] == STAT) & (at < last) & good)
            rows, at, last = rows[more], at[more], last[more]

    def stats(self) -> Stats:
        """The wanted stats; an event with one that is written in an unusual way is made odd."""
        if not self._stats:
            return _no_stats()
        event, code, at, end = (np.concatenate(column) for column in zip(*self._stats, strict=True))
        form = FORM_OF[self._octets.values[at]]
        value, lengths = self._octets.varints(at + 1)
        stop = at + 1 + lengths
        doubles = np.flatnonzero(form == DOUBLE)
        if len(doubles):
            value[doubles] = self._octets.words[at[doubles] + 1]
            stop[doubles] = at[doubles] + 9
        texts: list[str] = []
        spelled = np.flatnonzero((form == STRING) | (form == OCTETS))
        if len(spelled):
            begin = stop[spelled]
            sizes = np.minimum(value[spelled], 1 << 62).astype(np.intp)
            stop[spelled] += sizes
            whole = stop[spelled] == end[spelled]
            for first, last in zip(
                begin[whole].tolist(), end[spelled][whole].tolist(), strict=True
            ):
                texts.append(self._octets.padded[first:last].decode("utf-8", "replace"))
            value[spelled[whole]] = np.arange(len(texts), dtype=np.uint64)
        good = (form > 0) & (stop == end) & ((lengths > 0) | (form == DOUBLE))
        if not good.all():
            self.at[event[~good]] = -1
            event, code, form, value = event[good], code[good], form[good], value[good]
        return Stats(event, code, form, value, texts)

    def odd(self) -> Places:
        """The events that were not understood whole, or in which two fields exclude each other."""
        both = self._seen[OFFSET] & self._seen[OCCURRENCES]
        return np.flatnonzero((self.at != self._found.ends) | both)

    def events(self, stats: Stats, damaged: int = 0) -> Events:
        """The columns as they are."""
        return Events(
            self.numbers[METADATA_ID],
            self.numbers[OFFSET],
            self.numbers[DURATION],
            self.numbers[OCCURRENCES],
            stats,
            damaged,
        )

    def mended(self, odd: Places, stats: Stats) -> Events:
        """The columns with what protobuf makes of the odd events."""
        rows: list[tuple[int, int, int, int]] = []
        texts = stats.texts
        is_whole = np.ones(len(self.at), dtype=bool)
        for event in odd.tolist():
            begin, end = int(self._found.begins[event]), int(self._found.ends[event])
            try:
                message = XEvent.FromString(self._octets.padded[begin:end])
            except DecodeError:
                is_whole[event] = False
                continue
            for tag, value in zip(self.numbers, _numbers(message), strict=True):
                self.numbers[tag][event] = value
            for stat in message.stats:
                rows += [(event, *row) for row in _stat(stat, self._wanted, texts)]
        kept = ~np.isin(stats.event, odd)
        added = [[row[number] for row in rows] for number in range(4)]
        order = np.cumsum(is_whole) - 1
        more = Stats(
            order[np.concatenate((stats.event[kept], np.array(added[0], dtype=np.intp)))],
            np.concatenate((stats.code[kept], np.array(added[1], dtype=np.int64))),
            np.concatenate((stats.form[kept], np.array(added[2], dtype=np.int8))),
            np.concatenate((stats.value[kept], np.array(added[3], dtype=np.uint64))),
            texts,
        )
        self.numbers = {tag: column[is_whole] for tag, column in self.numbers.items()}
        return self.events(more, int(np.count_nonzero(~is_whole)))


def _no_stats() -> Stats:
    none = np.zeros(0, dtype=np.int64)
    return Stats(none, none, none.astype(np.int8), none.astype(np.uint64), [])


def _numbers(event: Any) -> tuple[int, int, int, int]:
    return event.metadata_id, event.offset_ps, event.duration_ps, event.num_occurrences


def _stat(stat: Any, wanted: Codes, texts: list[str]) -> Iterator[tuple[int, int, int]]:
    """Code, form and value of a stat if it is wanted and has a value."""
    code = int(wanted.of(np.array([stat.metadata_id]))[0])
    kind = stat.WhichOneof("value")
    if code < 0 or kind is None:
        return
    value = getattr(stat, kind)
    if isinstance(value, str | bytes):
        texts.append(value if isinstance(value, str) else value.decode("utf-8", "replace"))
        value = len(texts) - 1
    elif isinstance(value, float):
        value = int(np.float64(value).view(np.uint64))
    yield code, FORMS[kind], value % (1 << 64)
