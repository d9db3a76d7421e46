"""Whose time each instant is: in equal parts that of the events active on all threads."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block
from analysis.columns import Int64, runs_of_equal

Edge = tuple[int, bool, int]


def shares_ns(
    block: Block,
    rank: npt.NDArray[np.int_],
    start_ns: Int64,
    end_ns: Int64,
    windows: tuple[Int64, Int64],
) -> Int64:
    """How much of some windows of time belongs to each row.

    On each thread the innermost of the events with one rank counts. Each instant of a window
    belongs, in equal parts, to those that are active on any thread and have the highest rank of all
    that are active. So the shares of all rows add up to the time in which any was active, exactly:
    nanoseconds that can't be parted go to those that began first.

    Args:
        block: events, of which those on a device have no part in the host's time.
        rank: shape (rows,); -1 for an event that takes no part.
        start_ns: of each row, sorted.
        end_ns: of each row.
        windows: starts, sorted, and ends of the windows, which don't overlap.

    Returns:
        Nanoseconds, of shape (rows,).
    """
    edges: list[Edge] = [
        (int(time), bool(begins), NONE)
        for times, begins in zip(windows, (True, False), strict=True)
        for time in times.tolist()
    ]
    for level in np.unique(rank[rank >= 0]).tolist():
        rows = np.flatnonzero((rank == level) & (block.device < 0))
        edges += _innermost(block.tracks(), rows, start_ns, end_ns)
    edges.sort(key=lambda edge: edge[:2])  # what ends at an instant ends before others begin
    ranks = rank.tolist()
    active: list[dict[int, None]] = [{} for _ in range(max([*ranks, NONE]) + 1)]
    shares = [0] * len(block)
    clock = inside = 0
    for time, begins, row in edges:
        if time > clock and inside:
            _part(time - clock, active, shares)
        clock = time
        if row == NONE:
            inside += 1 if begins else -1
        elif begins:
            active[ranks[row]][row] = None
        else:
            del active[ranks[row]][row]
    return np.array(shares, dtype=np.int64)


def _part(length_ns: int, active: list[dict[int, None]], shares: list[int]) -> None:
    """Add an instant of this length to the rows that it belongs to."""
    rows = next((rows for rows in reversed(active) if rows), None)
    if rows is None:
        return
    each_ns, left_ns = divmod(length_ns, len(rows))
    for position, row in enumerate(rows):
        shares[row] += each_ns + (position < left_ns)


def _innermost(
    tracks: npt.NDArray[np.intp], rows: npt.NDArray[np.intp], start_ns: Int64, end_ns: Int64
) -> list[Edge]:
    """Edges of the stretches in which each of these rows is the one that began last."""
    order = rows[np.argsort(tracks[rows], kind="stable")]
    edges: list[Edge] = []
    for begin, end in runs_of_equal(tracks[order]):
        some = order[begin:end]
        _stretches(some.tolist(), start_ns[some].tolist(), end_ns[some].tolist(), edges)
    return edges


def _stretches(rows: list[int], starts: list[int], ends: list[int], edges: list[Edge]) -> None:
    """Part one thread's time among its events, sorted by start, longer ones first."""
    stack: list[int] = []
    clock = 0

    def advance(to_ns: int) -> None:
        nonlocal clock
        while stack and clock < to_ns:
            stop = min(ends[stack[-1]], to_ns)
            if stop > clock:
                edges.append((clock, True, rows[stack[-1]]))
                edges.append((stop, False, rows[stack[-1]]))
                clock = stop
            if ends[stack[-1]] <= to_ns:
                stack.pop()
        clock = to_ns

    for position, start in enumerate(starts):
        advance(start)
        stack.append(position)
    advance(max(ends, default=0))
