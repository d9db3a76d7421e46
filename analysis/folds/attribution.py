"""Whose time each instant is: in equal parts that of the events active on all threads."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE
from analysis.columns import Int64, distinct
from analysis.folds.innermost import Places, Stretches, innermost
from analysis.folds.intervals import Intervals, runs
from analysis.windows import EventWindow

CELLS = 1 << 20
"""Instants by tracks that are looked at together."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Level:
    """Stretches of one rank as places of edges, and what of each instant belongs to the rank."""

    row: Places
    track: Places
    begin: Places
    end: Places
    length_ns: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """How some windows of time are parted among events.

    `time_ns` is each row's share, of shape (rows,); `active_ns` what it would be if others that are
    active at the same time took nothing of it. Between `edges_ns` nothing changes: `is_inside` says
    which of these instants lie in a window, `is_active` when an event was active; both are of shape
    (edges - 1,).
    """

    time_ns: Int64
    active_ns: Int64
    edges_ns: Int64
    is_inside: Mask
    is_active: Mask
    _levels: list[_Level]

    def free(self) -> Intervals:
        """What of the windows belongs to no event."""
        return runs(self.edges_ns, self.is_inside & ~self.is_active)

    def owners(self, value: Int64, begin_ns: int, end_ns: int) -> tuple[Intervals, Int64]:
        """When something was active within a window of time, and the value of what it was.

        Of several at once it is the first track that has a value of 0 or more.
        """
        first, last = self.edges_ns.searchsorted((begin_ns, end_ns)).tolist()
        places = np.arange(first, min(last, len(self.is_inside)))
        found = np.full(len(places), NONE, dtype=np.int64)
        for level in self._levels:
            has_length = level.length_ns[places] > 0
            for number in np.unique(level.track).tolist():
                own = np.flatnonzero(level.track == number)
                own = own[np.argsort(level.begin[own])]
                at = level.begin[own].searchsorted(places, "right") - 1
                is_in = (at >= 0) & (places < level.end[own[at]]) & has_length
                found = np.where(is_in & (found < 0), value[level.row[own[at]]], found)
        some = self.is_active[places] & self.is_inside[places]
        places, found = places[some], found[some]
        return Intervals(self.edges_ns[places], self.edges_ns[places + 1]), found


def shares(
    window: EventWindow, rank: npt.NDArray[np.int_], windows: Intervals, waits: Mask | None = None
) -> Shares:
    """How much of some windows of time belongs to each row.

    On each track the innermost of the events with one rank counts. Each instant of a window
    belongs, in equal parts, to those that are active on any track and have the highest rank of all
    that are active. So the shares of all rows add up to the time in which any was active, exactly:
    nanoseconds that can't be parted go to one track after the other, by the clock, so that a cut
    in time changes no sum.

    Args:
        window: events whose parents are known.
        rank: shape (rows,); -1 for an event that takes no part.
        windows: the windows.
        waits: shape (rows,): events that only wait; where they are the innermost, their track
            counts only where no other does.
    """
    ranks = np.unique(rank[rank >= 0])[::-1].tolist()
    found = [innermost(window, np.flatnonzero(rank == each)) for each in ranks]
    if waits is not None and waits.any():
        waiting = [each.take(waits[each.row]) for each in found]
        found = [each.take(~waits[each.row]) for each in found] + waiting
    edges_ns = distinct(
        np.concatenate((*windows, *(s.start_ns for s in found), *(s.end_ns for s in found)))
    )
    count = max(len(edges_ns) - 1, 0)
    first, last = (edges_ns.searchsorted(each) for each in windows)
    is_inside = _active(first, last, count) > 0
    length_ns = np.where(is_inside, np.diff(edges_ns), 0)
    time_ns = np.zeros(len(window), dtype=np.int64)
    active_ns = np.zeros(len(window), dtype=np.int64)
    is_active = np.zeros(count, dtype=bool)
    levels = []
    for stretches in found:
        level = _level(stretches, edges_ns, length_ns)
        active = _active(level.begin, level.end, count)
        own_ns = _sums(length_ns, level)
        np.add.at(active_ns, level.row, own_ns)
        np.add.at(time_ns, level.row, own_ns if active.max(initial=0) < 2 else _each(level, active))
        _add_rest(time_ns, level, active, edges_ns)
        is_active |= active > 0
        length_ns = np.where(active > 0, 0, length_ns)
        levels.append(level)
    return Shares(time_ns, active_ns, edges_ns, is_inside, is_active, levels)


def _level(stretches: Stretches, edges_ns: Int64, length_ns: Int64) -> _Level:
    begin = edges_ns.searchsorted(stretches.start_ns)
    end = edges_ns.searchsorted(stretches.end_ns)
    return _Level(stretches.row, stretches.track, begin, end, length_ns)


def _active(begin: Places, end: Places, count: int) -> Int64:
    """How many of some stretches each of `count` instants lies in."""
    change = np.bincount(begin, minlength=count + 1) - np.bincount(end, minlength=count + 1)
    return np.cumsum(change)[:count]


def _sums(length_ns: Int64, level: _Level) -> Int64:
    """The length of each stretch where instants have these lengths."""
    until_ns = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(length_ns)))
    sums: Int64 = until_ns[level.end] - until_ns[level.begin]
    return sums


def _each(level: _Level, active: Int64) -> Int64:
    """What each stretch gets without the rest that can't be parted."""
    return _sums(level.length_ns // np.maximum(active, 1), level)


def _add_rest(time_ns: Int64, level: _Level, active: Int64, edges_ns: Int64) -> None:
    """Hand out the nanoseconds that can't be parted: that at a time t to track t mod active."""
    rest_ns = level.length_ns % np.maximum(active, 1)
    shared = np.flatnonzero(rest_ns)
    if not len(shared):
        return
    order = np.lexsort((level.begin, level.track))
    tracks = level.track[order]
    own = [order[tracks == number] for number in np.unique(tracks)]
    at_once = max(1, CELLS // len(own))
    for first in range(0, len(shared), at_once):
        some = shared[first : first + at_once]
        at = np.stack(
            [members[level.begin[members].searchsorted(some, "right") - 1] for members in own]
        )
        is_in = (level.begin[at] <= some) & (some < level.end[at])
        turn = np.cumsum(is_in, axis=0) - 1 - edges_ns[some]
        gets = is_in & (turn % active[some] < rest_ns[some])
        np.add.at(time_ns, level.row[at[gets]], 1)
