"""Where a window's events stand in an XSpace file: on which line, and at which picosecond.

XProf tells what lies inside an event by the order of beginnings and ends, and loses events whose
order it can't tell or that overlap in part. A trace has nanoseconds, in which much happens at once.
So picoseconds say the order: of what ends at one nanosecond the inner ends first, and what begins
then begins when the last of these has ended. Whole nanoseconds stay as they are.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, is_kind
from analysis.columns import Int64
from analysis.exporters.lanes import MOST_LANES, TOO_MANY, Lanes
from analysis.folds.links import on_device
from analysis.folds.selftime import INSTANTS
from analysis.windows import EventWindow, inherit

HOST, WORK, RANGE = range(3)
"""Where an event belongs: a thread, a stream, or the ranges of a stream."""

LAST_PS = 999
"""What happens outermost happens at this picosecond, what lies in it one earlier at each depth."""

ANY_DEPTH = 1 << 62

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Track = tuple[int, int, int, int, int]


class Places(NamedTuple):
    """Of each row of a window: columns (events,).

    `side` is HOST, WORK or RANGE, `track` a number for side, rank, process, thread and stream,
    `lane` the line among those of its track, `parent` the row around it on its line, -1 for none.
    `begin_ps` and `end_ps` are the picoseconds within the nanoseconds of start and end.
    """

    side: npt.NDArray[np.int8]
    track: Int64
    lane: Int64
    parent: Int64
    begin_ps: Int64
    end_ps: Int64


class Placer:
    """Places the events of windows, in their order.

    `crowded` counts those that overlap so many others of their track in part that they share a
    lane with what they overlap.
    """

    def __init__(self) -> None:
        self.crowded = 0
        self._lanes: dict[Track, Lanes] = {}

    def places(self, folded: Folded) -> Places:
        """Where the rows of the next window stand; what is carried stands where it stood."""
        window, block = folded.window, folded.block
        side = sides(folded)
        track = window.tracks.astype(np.int64) * 3 + side
        timed = ~is_kind(block.kind, INSTANTS)
        parent = _parents(window, side)
        lane = np.zeros(len(block), dtype=np.int64)
        lane = window.keep("xspace lane", lane)
        depth = window.keep("xspace depth", np.full(len(block), NONE, dtype=np.int64))
        crossing = np.flatnonzero(timed & (parent >= 0) & (block.end_ns > block.end_ns[parent]))
        crossing = crossing[crossing >= window.carried]
        for number in self._tracks_with_lanes(window, track, crossing):
            rows = np.flatnonzero((track == number) & timed)
            self._place(window, rows, int(side[rows[0]]), parent, lane, depth)
        _count_depth(parent, depth)
        begin_ps = window.keep("xspace begin", _begins(window, parent, depth, timed))
        end_ps = np.maximum(LAST_PS - depth, 0)
        end_ps = np.where(block.duration_ns > 0, end_ps, begin_ps)
        return Places(side, track, lane, parent, begin_ps, end_ps)

    def _tracks_with_lanes(self, window: EventWindow, track: Int64, crossing: Rows) -> list[int]:
        """Tracks on which events overlap in part, or did so and have not ended."""
        found = set(track[crossing].tolist())
        if self._lanes:
            _, first = np.unique(track, return_index=True)
            for row in first.tolist():
                if _key(window, row, int(track[row]) % 3) in self._lanes:
                    found.add(int(track[row]))
        return sorted(found)

    def _place(
        self, window: EventWindow, rows: Rows, side: int, parent: Int64, lane: Int64, depth: Int64
    ) -> None:
        """Put the rows of one track into lanes, and note the parents and depths that they have."""
        block, key = window.block, _key(window, int(rows[0]), side)
        lanes = self._lanes.get(key)
        known = lanes is not None
        lanes = self._lanes.setdefault(key, Lanes(ANY_DEPTH))
        stacks: dict[int, list[tuple[int, int]]] = {}
        found: list[tuple[int, int, int]] = []
        columns = (rows, block.start_ns[rows], block.end_ns[rows], lane[rows], depth[rows])
        for row, start_ns, end_ns, own, around in zip(*(c.tolist() for c in columns), strict=True):
            is_new = row >= window.carried
            if is_new or not known:
                placed = lanes.place(start_ns, end_ns)
            if is_new and placed == TOO_MANY:
                self.crowded += 1
                found.append((MOST_LANES, 0, NONE))
                continue
            if is_new:
                own, around = placed, lanes.depth
            stack = stacks.setdefault(own, [])
            while stack and stack[-1][0] <= start_ns:
                stack.pop()
            found.append((own, around, stack[-1][1] if stack else NONE))
            stack.append((end_ns, row))
        lane[rows], depth[rows], parent[rows] = np.array(found, dtype=np.int64).T
        is_open = rows[block.end_ns[rows] > window.end_ns]
        if not lane[is_open].any():
            del self._lanes[key]


def sides(folded: Folded) -> npt.NDArray[np.int8]:
    """HOST, WORK or RANGE of each row."""
    block = folded.block
    ranges = (block.device >= 0) & ~is_kind(block.kind, INSTANTS)
    return np.where(on_device(block), WORK, np.where(ranges, RANGE, HOST)).astype(np.int8)


def _key(window: EventWindow, row: int, side: int) -> Track:
    block = window.block
    columns = (block.rank, block.process, block.thread, block.stream)
    rank, process, thread, stream = (int(column[row]) for column in columns)
    return rank, process, thread, stream, side


def _parents(window: EventWindow, side: npt.NDArray[np.int8]) -> Int64:
    """The row around each row among those of its side; instants lie in what is open then."""
    parent = window.parent_row
    if side.any():
        for each in (WORK, RANGE):
            rows = np.arange(len(parent))
            nearest = inherit(parent, np.where(side == each, rows, NONE))
            own = np.where(parent >= 0, nearest[parent], NONE)
            parent = np.where(side == each, own, parent)
    else:
        parent = parent.copy()
    instants = np.flatnonzero(is_kind(window.block.kind, INSTANTS))
    if len(instants):
        parent[instants] = _around(window, parent, instants)
    return parent


def _around(window: EventWindow, parent: Int64, instants: Rows) -> Int64:
    """The row around each instant on its track: the one begun last of those that are open."""
    block, track = window.block, window.tracks
    order = np.argsort(track, kind="stable")
    order = order[~is_kind(block.kind[order], INSTANTS)]
    # The row before an instant on its track; where that has ended, the one around that.
    place = np.zeros(len(block), dtype=np.int64)
    place[order] = np.arange(1, len(order) + 1)
    every = np.argsort(track, kind="stable")
    before = np.maximum.accumulate(place[every])
    last = np.empty(len(block), dtype=np.int64)
    last[every] = before
    found = last[instants]
    around = np.where(found > 0, order[found - 1] if len(order) else NONE, NONE)
    around = np.where((around >= 0) & (track[around] == track[instants]), around, NONE)
    left = np.flatnonzero(around >= 0)
    while len(left):
        ended = block.end_ns[around[left]] <= block.start_ns[instants[left]]
        left = left[ended]
        around[left] = parent[around[left]]
        left = left[around[left] >= 0]
    return around


def _count_depth(parent: Int64, depth: Int64) -> None:
    """Fill in how many rows lie around each row, where that is not known (-1)."""
    distance = np.where(depth >= 0, depth, (parent >= 0).astype(np.int64))
    above = np.where(depth >= 0, NONE, parent)
    while True:
        rows = np.flatnonzero(above >= 0)
        if not len(rows):
            break
        distance[rows] += distance[above[rows]]
        above[rows] = above[above[rows]]
    depth[:] = distance


def _begins(window: EventWindow, parent: Int64, depth: Int64, timed: Mask) -> Int64:
    """The picosecond at which each row begins: with its parent where both begin at once."""
    start_ns = window.block.start_ns
    begin = np.maximum(LAST_PS - depth, 0)
    with_parent = (parent >= 0) & (start_ns == start_ns[parent])
    begin = inherit(parent, np.where(with_parent, NONE, begin))
    begin[~timed] = LAST_PS
    return begin
