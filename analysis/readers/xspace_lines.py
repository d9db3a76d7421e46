"""Turns the events of one line (a thread or a stream) of an XSpace profile into blocks."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.blocks import DTYPES, NONE, Block, Kind, Strings, from_columns
from analysis.columns import Column, Int64, group_rows
from analysis.readers.wire import Places, UInt64
from analysis.readers.xspace_columns import INT, UINT, Codes, Events, Stats
from analysis.readers.xspace_kinds import (
    CORRELATION,
    FORM_BITS,
    HELD,
    NUMBERS,
    SIZE,
    STAT_NAMES,
    Kinds,
    Known,
    Place,
    Programs,
    form_of,
)
from analysis.readers.xspace_planes import Plane
from analysis.readers.xspace_work import FIGURES, LineWork

MAX_NS = 2**62
MARKS = "ThreadpoolListener::"
FARTHEST_NS = 2**62 + 2**56
"""More than MAX_NS and than any offset: a line that begins there has no possible event."""


class _Values:
    """The stats of some events: a column for each name that occurs; `forms` says who has which."""

    def __init__(self, count: int, slots: Int64, stats: Stats) -> None:
        self.texts = stats.texts
        self.forms = np.zeros(count, dtype=np.int64)
        self.columns: dict[str, UInt64] = {}
        slot = slots[stats.code]
        for number in np.flatnonzero(np.bincount(slot)).tolist():
            chosen = slot == number
            form = np.zeros(count, dtype=np.int64)
            value = np.zeros(count, dtype=np.uint64)
            form[stats.event[chosen]] = stats.form[chosen]
            value[stats.event[chosen]] = stats.value[chosen]
            self.forms |= form << (FORM_BITS * number)
            self.columns[STAT_NAMES[number]] = value

    def number(self, name: str) -> Int64:
        """A number of 0 or more for each event, -1 where there is none."""
        value = self.columns.get(name)
        if value is None:
            return np.full(len(self.forms), NONE, dtype=np.int64)
        form = form_of(self.forms, name)
        good = ((form == INT) | (form == UINT)) & (value < MAX_NS)
        return np.where(good, value.view(np.int64), NONE)


class Vocabulary:
    """What the lines of a plane share: its names, and which stats of events are needed.

    `wanted` are the metadata ids of these stats, `slots` their places in STAT_NAMES.
    """

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        names = plane.stat_names.items()
        slots = {number: STAT_NAMES.index(name) for number, name in names if name in STAT_NAMES}
        self.wanted = Codes(slots)
        self.slots = np.array([slots[number] for number in self.wanted.ids.tolist()], np.int64)
        named = {number: name for number, name in plane.event_names.items() if name}
        self.codes = Codes(named)
        self.names = [named[number] for number in self.codes.ids.tolist()]
        self.is_mark = np.array([*(name.startswith(MARKS) for name in self.names), False])


class _Told:
    """What each of some events is: its place in a table of those that differ."""

    def __init__(self, places: Places, table: Int64) -> None:
        self.places = places
        self._table = table

    def take(self, rows: npt.NDArray[np.bool_]) -> "_Told":
        return _Told(self.places[rows], self._table)

    def all_of(self, field: str) -> Int64:
        """The values of a field of Known that occur in the table."""
        return self._table[:, Known._fields.index(field)]

    def of(self, field: str) -> Column | int:
        """A field of Known as a column; one number where all are the same."""
        values = self.all_of(field)
        if len(values) and (values == values[0]).all():
            return int(values[0])
        return values.astype(DTYPES.get(field, np.int64))[self.places]


class LineReader:
    """Reads the events of one line, some at a time.

    Args:
        strings: the trace's texts.
        vocabulary: that of the plane that the line belongs to.
        place: where its events happen.
        thread: the line's name.
        start_ns: Unix nanoseconds that the events' offsets count from.
        programs: the paths of the instructions of each XLA program, by its number and its name.
        left_out: kinds of events that no block holds if they launch nothing and have no path.

    `marks`, `left_out` and `dropped` count what no block holds.
    """

    def __init__(
        self,
        strings: Strings,
        vocabulary: Vocabulary,
        place: Place,
        thread: str,
        start_ns: int,
        programs: Programs,
        left_out: Sequence[Kind] = (),
    ) -> None:
        self._left_out = np.zeros(len(Kind) + 1, dtype=bool)
        self._left_out[list(left_out)] = True
        self._vocabulary = vocabulary
        self._place = place
        self._kinds = Kinds(strings, vocabulary.plane, place, thread, programs)
        self._start_ns = max(-FARTHEST_NS, min(start_ns, FARTHEST_NS))
        self.marks = 0
        self.left_out = 0
        self.dropped: dict[str, int] = Counter()
        self._plain = np.zeros((len(vocabulary.names), len(Known._fields)), dtype=np.int64)
        self._is_plain_known = np.zeros(len(vocabulary.names), dtype=bool)
        ids = vocabulary.codes.ids.tolist()
        self._work = LineWork(vocabulary.plane.event_work, ids, thread)

    def block(self, events: Events, first: int) -> Block:
        """The events that are understood, as a block; `first` is the id of the first one."""
        code = self._vocabulary.codes.of(events.metadata_id)
        start_ns = self._start_ns + events.offset_ps // 1000
        impossible = (events.duration_ps < 0) | (start_ns < 0) | (start_ns >= MAX_NS)
        left = self._count("no name", code < 0, np.ones(len(code), dtype=bool))
        left = self._count("sum of many events", events.occurrences != 0, left)
        left = self._count("impossible time", impossible, left)
        if events.damaged:
            self.dropped["damaged"] += events.damaged
        is_mark = self._vocabulary.is_mark[code] & left
        self.marks += int(np.count_nonzero(is_mark))
        values = _Values(len(code), self._vocabulary.slots, events.stats)
        rows = np.flatnonzero(left & ~is_mark)
        told = self._told(code[rows], values, rows)
        kept = self._kept(told, values.number(CORRELATION)[rows])
        if not kept.all():
            rows, told = rows[kept], told.take(kept)
        stats = {name: values.number(name)[rows] for name in FIGURES if name in values.columns}
        work = self._work.columns(code[rows], stats)
        return self._block(events, values, start_ns[rows], rows, told, first, work)

    def _count(
        self, reason: str, lost: npt.NDArray[np.bool_], left: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """What is left without the lost ones, which are counted."""
        count = int(np.count_nonzero(lost & left))
        if not count:
            return left
        self.dropped[reason] += count
        return left & ~lost

    def _kept(self, told: _Told, correlation: Int64) -> npt.NDArray[np.bool_]:
        """The rows that the block holds; the others are counted."""
        kind, path = told.all_of("kind"), told.all_of("path")
        is_mark = (kind == NONE)[told.places]
        is_out = (self._left_out[kind] & (path == NONE))[told.places] & (correlation < 0)
        self.marks += int(np.count_nonzero(is_mark))
        self.left_out += int(np.count_nonzero(is_out))
        kept: npt.NDArray[np.bool_] = ~(is_mark | is_out)
        return kept

    def _block(
        self,
        events: Events,
        values: _Values,
        start_ns: Int64,
        rows: Places,
        told: _Told,
        first: int,
        work: dict[str, Int64],
    ) -> Block:
        offset_ps, duration_ps = events.offset_ps[rows], events.duration_ps[rows]
        duration_ns = duration_ps // 1000
        # Ends are rounded like starts, so that an event stays inside the one around it.
        left_ps = offset_ps - offset_ps // 1000 * 1000 + (duration_ps - duration_ns * 1000)
        duration_ns += left_ps >= 1000
        columns: dict[str, Column | int] = {"device": self._place.device, **work}
        if CORRELATION in values.columns:
            columns["correlation"] = values.number(CORRELATION)[rows]
        if told.all_of("sign").any():
            sign = np.broadcast_to(told.of("sign"), len(rows))
            size = np.maximum(values.number(SIZE)[rows], 0)
            columns["device"] = told.of("device")
            columns["bytes"] = np.where(sign == 0, NONE, size * sign)
            columns["total_bytes"] = np.where(sign == 0, NONE, values.number(HELD)[rows])
            columns["correlation"] = np.where(sign == 0, columns.get("correlation", NONE), NONE)
            duration_ns[sign != 0] = 0
        return from_columns(
            len(rows),
            event_id=np.arange(first, first + len(rows)),
            name=told.of("name"),
            kind=told.of("kind"),
            path=told.of("path"),
            start_ns=start_ns,
            duration_ns=duration_ns,
            process=self._place.process,
            thread=self._place.thread,
            stream=self._place.stream if self._place.device >= 0 else NONE,
            **columns,
        )

    def _told(self, code: Int64, values: _Values, rows: Places) -> _Told:
        """What these rows are: each name is looked at once, and each name with the same stats."""
        forms = values.forms[rows]
        others = np.flatnonzero(forms)
        names = self._vocabulary.names
        occurs = np.bincount(code[forms == 0], minlength=len(names)) > 0
        for number in np.flatnonzero(occurs & ~self._is_plain_known).tolist():
            self._plain[number] = self._kinds.of(names[number], 0, (), [])
        self._is_plain_known |= occurs
        places, table = (np.cumsum(occurs) - 1)[code], self._plain[occurs]
        if len(others):
            told = {name: c for name, c in values.columns.items() if name not in NUMBERS}
            columns = [code[others], forms[others]]
            columns += [column[rows[others]].view(np.int64) for column in told.values()]
            group, first = group_rows(*columns)
            keys = np.stack([column[first] for column in columns], axis=1).tolist()
            found = [
                self._kinds.of(names[name], form, zip(told, bits, strict=True), values.texts)
                for name, form, *bits in keys
            ]
            places[others] = len(table) + group
            table = np.concatenate((table, np.array(found, dtype=np.int64)))
        return _Told(places, table)
