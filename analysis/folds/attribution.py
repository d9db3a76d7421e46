"""Whose time each instant is: in equal parts that of the events active on all threads."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block
from analysis.columns import Int64, runs_of_equal

Places = npt.NDArray[np.intp]


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
    stretches = _innermost(block, rank, start_ns, end_ns)
    if not len(stretches.row):
        return np.zeros(len(block), dtype=np.int64)
    times_ns = np.concatenate((*windows, stretches.start_ns, stretches.end_ns))
    begins = np.repeat(
        [True, False, True, False],
        [len(windows[0]), len(windows[1]), len(stretches.row), len(stretches.row)],
    )
    order = np.lexsort((begins, times_ns))  # what ends at an instant ends before others begin
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    edges = place[len(windows[0]) + len(windows[1]) :].reshape(2, -1)
    is_open = np.cumsum(np.where(order < len(windows[0]), 1, 0)[:-1])
    is_open -= np.cumsum(_between(order, len(windows[0]), len(windows[1]))[:-1])
    length_ns = np.where(is_open > 0, np.diff(times_ns[order]), 0)
    level = rank[stretches.row]
    shares = np.zeros(len(block), dtype=np.int64)
    for top in np.unique(level)[::-1].tolist():
        chosen = level == top
        begin, end = edges[0][chosen], edges[1][chosen]
        parts = _parts(begin, end, stretches.track[chosen], length_ns)
        np.add.at(shares, stretches.row[chosen], parts)
        length_ns = np.where(_active(begin, end, len(length_ns)) > 0, 0, length_ns)
    return shares


def _between(order: Places, first: int, count: int) -> Int64:
    return ((order >= first) & (order < first + count)).astype(np.int64)


def _active(begin: Places, end: Places, count: int) -> Int64:
    """How many of some stretches each of `count` intervals lies in."""
    change = np.bincount(begin, minlength=count + 1) - np.bincount(end, minlength=count + 1)
    return np.cumsum(change)[:count]


def _parts(begin: Places, end: Places, track: Places, length_ns: Int64) -> Int64:
    """What each stretch gets of the intervals from `begin` to `end`, in equal parts with others."""
    active = np.maximum(_active(begin, end, len(length_ns)), 1)
    each_ns, left_ns = np.divmod(length_ns, active)
    until_ns = np.concatenate(([0], np.cumsum(each_ns)))
    parts = until_ns[end] - until_ns[begin]
    shared = np.flatnonzero(left_ns)
    if not len(shared):
        return parts
    # A track has one stretch at a time: a row for each, with the place where its stretch began.
    own = [np.flatnonzero(track == number) for number in np.unique(track)]
    at = np.stack([members[begin[members].searchsorted(shared, "right") - 1] for members in own])
    is_in = (begin[at] <= shared) & (shared < end[at])
    since = np.where(is_in, begin[at], np.iinfo(np.intp).max)
    earlier = np.zeros(since.shape, dtype=np.intp)
    for one in since:
        earlier += one < since
    np.add.at(parts, at[is_in & (earlier < left_ns[shared])], 1)
    return parts


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Stretches of time in which one row is the innermost of its track and rank; columns."""

    row: Places
    track: Places
    start_ns: Int64
    end_ns: Int64


def _innermost(
    block: Block, rank: npt.NDArray[np.int_], start_ns: Int64, end_ns: Int64
) -> _Stretches:
    """Stretches by rank, by track, in order of time."""
    tracks = block.tracks()
    rows: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    alone: list[Places] = [np.zeros(0, dtype=np.intp)]
    for level in np.unique(rank[rank >= 0]).tolist():
        members = np.flatnonzero((rank == level) & (block.device < 0))
        order = members[np.argsort(tracks[members], kind="stable")]
        for begin, end in runs_of_equal(tracks[order]):
            some = order[begin:end]
            is_alone = _alone(start_ns[some], end_ns[some])
            alone.append(some[is_alone])
            some = some[~is_alone]
            columns = (some.tolist(), start_ns[some].tolist(), end_ns[some].tolist())
            _stretches(*columns, rows, starts, ends)
    single = np.concatenate(alone)
    row = np.concatenate((single, np.array(rows, dtype=np.intp)))
    first_ns = np.concatenate((start_ns[single], np.array(starts, dtype=np.int64)))
    last_ns = np.concatenate((end_ns[single], np.array(ends, dtype=np.int64)))
    order = np.lexsort((first_ns, tracks[row], rank[row]))
    return _Stretches(row[order], tracks[row[order]], first_ns[order], last_ns[order])


def _alone(start_ns: Int64, end_ns: Int64) -> npt.NDArray[np.bool_]:
    """Which of one thread's events share no instant with another; in order of time."""
    last_ns = np.maximum.accumulate(end_ns)
    apart = start_ns[1:] >= last_ns[:-1]
    alone = end_ns > start_ns
    alone[1:] &= apart
    alone[:-1] &= apart
    return alone


def _stretches(
    rows: list[int],
    starts: list[int],
    ends: list[int],
    found: list[int],
    found_starts: list[int],
    found_ends: list[int],
) -> None:
    """Part one thread's time among its events, sorted by start, longer ones first."""
    stack: list[tuple[int, int]] = []
    clock = 0
    for row, start, end in zip(
        (*rows, NONE), (*starts, max(ends, default=0)), (*ends, 0), strict=True
    ):
        while stack and clock < start:
            until, inner = stack[-1]
            stop = min(until, start)
            if stop > clock:
                found.append(inner)
                found_starts.append(clock)
                found_ends.append(stop)
                clock = stop
            if until <= start:
                stack.pop()
        clock = start
        stack.append((end, row))
