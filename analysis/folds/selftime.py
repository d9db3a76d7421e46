"""Which event encloses each event on its track, and how much of its time is its own."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Kind, is_kind
from analysis.columns import Int64, runs_of_equal
from analysis.windows import OPEN_END_NS, EventWindow, inherit

INSTANTS = (Kind.MEMORY, Kind.COUNTER)
AROUND = (Kind.ANNOTATION, Kind.STEP)
AROUND_LEVEL, RUNTIME_LEVEL, OP_LEVEL = range(3)


def nest(window: EventWindow) -> tuple[Int64, Int64]:
    """(parent_row, self_ns) of each row, on its track (rank, process, thread, stream).

    The parent is the event that began last among those still open when a row begins; it ends
    before the row where both overlap in part. Each instant belongs to the open event that began
    last, so self times are never negative and add up to the union of a track's events.

    Self times are taken on three levels, so that one does not depend on what is recorded around
    it: ops, calls that launch work and device work among themselves; Python frames and calls of the
    runtime that launch nothing among those; step and annotation ranges among all. Memory instants
    take no part (-1 and 0).

    Returns:
        Two columns of shape (rows,): row numbers, -1 for none; nanoseconds within the window.
    """
    block = window.block
    start_ns, end_ns = window.inside()
    instant = is_kind(block.kind, INSTANTS)
    tracks = window.tracks
    order = np.argsort(tracks, kind="stable")
    order = order[~instant[order]]
    parent_row = np.full(len(block), NONE, dtype=np.int64)
    for begin, end in runs_of_equal(tracks[order]):
        if end - begin == 1:  # a trace may have a million tracks
            continue
        some = order[begin:end]
        position = _parents(start_ns[some], end_ns[some])
        parent_row[some] = np.where(position >= 0, some[position], NONE)
    end_ns = np.where(instant, start_ns, end_ns)
    return parent_row, _own(parent_row, start_ns, end_ns, levels(block))


def levels(block: Block) -> npt.NDArray[np.int8]:
    """AROUND_LEVEL, RUNTIME_LEVEL or OP_LEVEL of each row."""
    found = np.full(len(block), OP_LEVEL, dtype=np.int8)
    found[block.kind == Kind.PYTHON] = RUNTIME_LEVEL
    found[(block.kind == Kind.RUNTIME) & (block.correlation < 0)] = RUNTIME_LEVEL
    found[is_kind(block.kind, AROUND)] = AROUND_LEVEL
    return found


def _parents(start_ns: Int64, end_ns: Int64) -> Int64:
    """Parents of the events of one track, sorted by start, longer ones first; -1 for none.

    The search for a row's parent begins at the row before it. Where that has ended, what it points
    to is next: its parent, or a row further back if its own search is still going on. Everything
    between the two has ended when the first of them begins, so nothing is skipped that is open.
    """
    parents = np.arange(-1, len(start_ns) - 1)
    alone = np.ones(len(start_ns), dtype=bool)
    alone[1:] = np.maximum.accumulate(end_ns)[:-1] <= start_ns[1:]
    parents[alone] = NONE
    rows = np.flatnonzero(~alone)
    while len(rows):
        before = parents[rows]
        ended = end_ns[before] <= start_ns[rows]
        rows, before = rows[ended], before[ended]
        parents[rows] = parents[before]
    return parents


def _own(parent_row: Int64, start_ns: Int64, end_ns: Int64, levels: npt.NDArray[np.int8]) -> Int64:
    """Length less what lies directly inside, among the events of a row's level and above.

    What is open when a row begins are rows that its parents lead to. If the row ends inside the
    nearest of them, that one alone loses the row's time; else those that end later lose the rest.
    """
    length_ns = end_ns - start_ns
    self_ns = length_ns.copy()
    numbers = np.arange(len(self_ns))
    for level in (AROUND_LEVEL, RUNTIME_LEVEL, OP_LEVEL):
        if not (levels == level).any():
            continue
        around = parent_row
        if level > AROUND_LEVEL and (levels < level).any():
            nearest = inherit(parent_row, np.where(levels >= level, numbers, NONE))
            around = np.where(parent_row >= 0, nearest[parent_row], NONE)
        inner = np.flatnonzero((around >= 0) & (levels >= level) & (length_ns > 0))
        outer = around[inner]
        nested = end_ns[inner] <= end_ns[outer]
        counted = nested & (levels[outer] == level)
        np.subtract.at(self_ns, outer[counted], length_ns[inner[counted]])
        if nested.all():
            continue
        last_ns = _last_ends(around, end_ns)
        for row in inner[~nested].tolist():
            clock, end, place = int(start_ns[row]), int(end_ns[row]), int(around[row])
            while place >= 0 and clock < end and clock < last_ns[place]:
                until = min(int(end_ns[place]), end)
                if until > clock:
                    self_ns[place] -= (until - clock) * int(levels[place] == level)
                    clock = until
                place = int(around[place])
    return self_ns


def _last_ends(around: Int64, end_ns: Int64) -> Int64:
    """For each row when the last of it and the rows that it leads to ends."""
    last_ns, ancestor = end_ns.copy(), around.copy()
    rows = np.flatnonzero(ancestor >= 0)
    while len(rows):
        above = ancestor[rows]
        last_ns[rows] = np.maximum(last_ns[rows], last_ns[above])
        ancestor[rows] = ancestor[above]
        rows = rows[ancestor[rows] >= 0]
    return last_ns


def sweep(start_ns: list[int], end_ns: list[int]) -> tuple[list[int], list[int]]:
    """Parents and self times of the events of one track, sorted by start, longer ones first.

    Returns:
        For each event the position of its parent (-1 for none), and its own nanoseconds.
    """
    parents = [NONE] * len(start_ns)
    own = [0] * len(start_ns)
    stack: list[int] = []
    clock = 0
    for row, now in enumerate(start_ns):
        while stack:
            top = stack[-1]
            end = end_ns[top]
            if end > now:
                if now > clock:
                    own[top] += now - clock
                parents[row] = top
                break
            if end > clock:
                own[top] += end - clock
                clock = end
            stack.pop()
        clock = now
        stack.append(row)
    while stack:
        top = stack.pop()
        if end_ns[top] > clock:
            own[top] += end_ns[top] - clock
            clock = end_ns[top]
    return parents, own


def latest_open(start_ns: Int64, end_ns: Int64, times_ns: Int64) -> Int64:
    """For each time the interval begun last of those that are open then, -1 for none.

    Args:
        start_ns: shape (intervals,), sorted, longer ones first; an interval holds its start.
        end_ns: shape (intervals,); an interval does not hold its end.
        times_ns: shape (times,).
    """
    none = np.full(len(times_ns), NONE, dtype=np.int64)
    if not len(start_ns) or not len(times_ns):
        return none
    near = np.flatnonzero((start_ns <= times_ns.max()) & (end_ns > times_ns.min()))
    if not len(near):
        return none
    edges, tops = _changes(start_ns[near].tolist(), end_ns[near].tolist())
    place = np.searchsorted(np.array(edges, dtype=np.int64), times_ns, side="right") - 1
    top = np.where(place >= 0, np.array(tops, dtype=np.int64)[place], NONE)
    return np.where(top >= 0, near[top], NONE)


def _changes(start_ns: list[int], end_ns: list[int]) -> tuple[list[int], list[int]]:
    """When the latest begun of the open events changes, and to which; sorted by start.

    Returns:
        Times, and for each the position of the event from then on, -1 for none.
    """
    edges: list[int] = []
    tops: list[int] = []
    stack: list[int] = []

    def close_until(now: int) -> None:
        while stack and end_ns[stack[-1]] <= now:
            end = end_ns[stack.pop()]
            while stack and end_ns[stack[-1]] <= end:
                stack.pop()
            edges.append(end)
            tops.append(stack[-1] if stack else NONE)

    for row, now in enumerate(start_ns):
        close_until(now)
        stack.append(row)
        edges.append(now)
        tops.append(row)
    close_until(OPEN_END_NS)
    return edges, tops
