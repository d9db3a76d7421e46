"""Which event is the innermost one of its thread at each instant, as stretches of time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE
from analysis.columns import Int64, runs_of_equal
from analysis.windows import Window, inherit

Places = npt.NDArray[np.intp]
FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of time in which one row is the innermost of its rank on its track; columns."""

    row: Places
    track: Places
    start_ns: Int64
    end_ns: Int64

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: npt.NDArray[np.bool_] | Places) -> "Stretches":
        """The chosen ones."""
        return Stretches(
            self.row[chosen], self.track[chosen], self.start_ns[chosen], self.end_ns[chosen]
        )


def innermost(window: Window, chosen: Places) -> Stretches:
    """Part the time of each track among some of its events: to the one that began last.

    Args:
        window: events whose parents are known.
        chosen: rows in order of time; the others take no part.

    Returns:
        Stretches inside the window, none of them empty; by track, but not in order of time.
    """
    tracks = window.tracks[chosen]
    order = np.argsort(tracks, kind="stable")
    rows, tracks = chosen[order], tracks[order]
    inside_start_ns, inside_end_ns = window.inside()
    start_ns, end_ns = inside_start_ns[rows], inside_end_ns[rows]
    around = _around(window, chosen)[rows]
    has_outer = around >= 0
    crosses = has_outer & (inside_end_ns[around] < end_ns)
    parts = [Stretches(rows, tracks, start_ns, _first_stop(tracks, start_ns, end_ns))]
    inner = np.flatnonzero(has_outer)
    follower_ns = _follower_ns(tracks, start_ns, end_ns, inner)
    parts.append(
        Stretches(
            around[inner],
            tracks[inner],
            end_ns[inner],
            np.minimum(inside_end_ns[around[inner]], follower_ns),
        )
    )
    crossed = np.unique(tracks[crosses])
    if len(crossed):
        parts = [part.take(~np.isin(part.track, crossed)) for part in parts]
        for track in crossed.tolist():
            some = np.flatnonzero(tracks == track)
            parts.append(_swept(rows[some], track, start_ns[some], end_ns[some]))
    whole = Stretches(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.track for part in parts]),
        np.concatenate([part.start_ns for part in parts]),
        np.concatenate([part.end_ns for part in parts]),
    )
    return whole.take(whole.start_ns < whole.end_ns)


def _around(window: Window, chosen: Places) -> Int64:
    """For each row of a window the nearest chosen one around it, -1 for none."""
    seed = np.full(len(window), NONE, dtype=np.int64)
    seed[chosen] = chosen
    nearest = inherit(window.parent_row, seed)
    return np.where(window.parent_row >= 0, nearest[window.parent_row], NONE)


def _first_stop(tracks: Places, start_ns: Int64, end_ns: Int64) -> Int64:
    """When each event ends or the next one of its track begins."""
    stop_ns = end_ns.copy()
    same = tracks[1:] == tracks[:-1]
    stop_ns[:-1] = np.where(same, np.minimum(stop_ns[:-1], start_ns[1:]), stop_ns[:-1])
    return stop_ns


def _follower_ns(tracks: Places, start_ns: Int64, end_ns: Int64, inner: Places) -> Int64:
    """When the first event of the same track begins at or after the end of each of some."""
    follower_ns = np.full(len(inner), FOREVER, dtype=np.int64)
    for begin, end in runs_of_equal(tracks):
        first, last = inner.searchsorted((begin, end))
        some = inner[first:last]
        place = start_ns[begin:end].searchsorted(end_ns[some]) + begin
        place = np.maximum(place, some + 1)  # those of no length begin where they end
        found = np.append(start_ns[begin:end], FOREVER)
        follower_ns[first:last] = found[place - begin]
    return follower_ns


def _swept(rows: Places, track: int, start_ns: Int64, end_ns: Int64) -> Stretches:
    """The stretches of one track's events where some overlap in part; sorted by start."""
    found: list[tuple[int, int, int]] = []
    stack: list[tuple[int, int]] = []
    clock = 0
    columns = (
        (*rows.tolist(), NONE),
        (*start_ns.tolist(), int(end_ns.max())),
        (*end_ns.tolist(), 0),
    )
    for row, start, end in zip(*columns, strict=True):
        while stack and clock < start:
            until, inner = stack[-1]
            stop = min(until, start)
            if stop > clock:
                found.append((inner, clock, stop))
                clock = stop
            if until <= start:
                stack.pop()
        clock = start
        stack.append((end, row))
    columns_found = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Stretches(
        columns_found[:, 0].astype(np.intp),
        np.full(len(found), track, dtype=np.intp),
        columns_found[:, 1],
        columns_found[:, 2],
    )
