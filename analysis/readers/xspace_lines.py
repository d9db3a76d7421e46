"""Turns the events of one line (a thread or a stream) of an XSpace profile into blocks."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Strings, from_columns
from analysis.columns import Int64, group_rows
from analysis.readers.wire import UInt64
from analysis.readers.xspace_columns import INT, UINT, Codes, Events, Stats
from analysis.readers.xspace_kinds import (
    CORRELATION,
    FORM_BITS,
    HELD,
    KIND,
    MEMORY,
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
        for number in np.unique(slot).tolist():
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


class LineReader:
    """Reads the events of one line, some at a time.

    Args:
        strings: the trace's texts.
        plane: the plane that the line belongs to.
        place: where its events happen.
        thread: the line's name.
        start_ns: Unix nanoseconds that the events' offsets count from.
        programs: the paths of the instructions of each XLA program, by its number and its name.

    `wanted` are the metadata ids of the stats that are needed. `marks` and `dropped` count what no
    block holds.
    """

    def __init__(
        self,
        strings: Strings,
        plane: Plane,
        place: Place,
        thread: str,
        start_ns: int,
        programs: Programs,
    ) -> None:
        self._place = place
        self._kinds = Kinds(strings, plane, place, thread, programs)
        self._start_ns = max(-FARTHEST_NS, min(start_ns, FARTHEST_NS))
        self.marks = 0
        self.dropped: dict[str, int] = Counter()
        names = plane.stat_names.items()
        slots = {number: STAT_NAMES.index(name) for number, name in names if name in STAT_NAMES}
        self.wanted = Codes(slots)
        self._slots = np.array([slots[number] for number in self.wanted.ids.tolist()], np.int64)
        named = {number: name for number, name in plane.event_names.items() if name}
        self._codes = Codes(named)
        self._names = [named[number] for number in self._codes.ids.tolist()]
        self._plain = np.empty((len(self._names), len(Known._fields)), dtype=np.int64)
        self._is_plain_known = np.zeros(len(self._names), dtype=bool)
        self._is_mark = np.array([*(name.startswith(MARKS) for name in self._names), False])
        self._is_memory = np.array([*(name in MEMORY for name in self._names), False])

    def block(self, events: Events, first: int) -> Block:
        """The events that are understood, as a block; `first` is the id of the first one."""
        code = self._codes.of(events.metadata_id)
        start_ns = self._start_ns + events.offset_ps // 1000
        impossible = (events.duration_ps < 0) | (start_ns < 0) | (start_ns >= MAX_NS)
        left = self._count("no name", code < 0, np.ones(len(code), dtype=bool))
        left = self._count("sum of many events", events.occurrences != 0, left)
        left = self._count("impossible time", impossible, left)
        if events.damaged:
            self.dropped["damaged"] += events.damaged
        is_mark = self._is_mark[code] & left
        self.marks += int(np.count_nonzero(is_mark))
        values = _Values(len(code), self._slots, events.stats)
        rows, known = self._recognised(code, values, np.flatnonzero(left & ~is_mark))
        return self._block(events, values, start_ns, rows, known, first)

    def _count(
        self, reason: str, lost: npt.NDArray[np.bool_], left: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """What is left without the lost ones, which are counted."""
        count = int(np.count_nonzero(lost & left))
        if not count:
            return left
        self.dropped[reason] += count
        return left & ~lost

    def _block(
        self,
        events: Events,
        values: _Values,
        start_ns: Int64,
        rows: npt.NDArray[np.intp],
        known: Int64,
        first: int,
    ) -> Block:
        name, kind, path, device, sign = known.T
        start_ns, offset_ps, duration_ps = (
            column[rows] for column in (start_ns, events.offset_ps, events.duration_ps)
        )
        # Ends are rounded like starts, so that an event stays inside the one around it.
        duration_ns = duration_ps // 1000 + (offset_ps % 1000 + duration_ps % 1000) // 1000
        columns: dict[str, Int64 | int] = {"device": self._place.device}
        if CORRELATION in values.columns:
            columns["correlation"] = np.where(sign == 0, values.number(CORRELATION)[rows], NONE)
        if sign.any():
            size = np.maximum(values.number(SIZE)[rows], 0)
            columns["device"] = device
            columns["bytes"] = np.where(sign == 0, NONE, size * sign)
            columns["total_bytes"] = np.where(sign == 0, NONE, values.number(HELD)[rows])
            duration_ns[sign != 0] = 0
        return from_columns(
            len(rows),
            event_id=np.arange(first, first + len(rows)),
            name=name,
            kind=kind,
            path=path,
            start_ns=start_ns,
            duration_ns=duration_ns,
            process=self._place.process,
            thread=self._place.thread,
            stream=self._place.stream if self._place.device >= 0 else NONE,
            **columns,
        )

    def _recognised(
        self, code: Int64, values: _Values, rows: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.intp], Int64]:
        """The rows that a block holds, and what they are: shape (rows, fields of Known).

        Each name is looked at once, and each name with the same stats.
        """
        forms, code = values.forms[rows], code[rows]
        known = np.empty((len(rows), len(Known._fields)), dtype=np.int64)
        plain, others = np.flatnonzero(forms == 0), np.flatnonzero(forms)
        occurs = np.bincount(code[plain], minlength=len(self._names)) > 0
        for number in np.flatnonzero(occurs & ~self._is_plain_known).tolist():
            self._plain[number] = self._kinds.of(self._names[number], 0, (), [])
        self._is_plain_known |= occurs
        known[plain] = self._plain[code[plain]]
        if len(others):
            told = {name: c for name, c in values.columns.items() if name not in NUMBERS}
            columns = [code[others], forms[others]]
            columns += [column[rows[others]].view(np.int64) for column in told.values()]
            group, first = group_rows(*columns)
            keys = np.stack([column[first] for column in columns], axis=1).tolist()
            found = [
                self._kinds.of(self._names[name], form, zip(told, bits, strict=True), values.texts)
                for name, form, *bits in keys
            ]
            known[others] = np.array(found, dtype=np.int64)[group]
        is_mark = known[:, KIND] == NONE
        if is_mark.any():
            self.marks += int(np.count_nonzero(is_mark))
            return rows[~is_mark], known[~is_mark]
        return rows, known
