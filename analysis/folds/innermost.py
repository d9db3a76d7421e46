"""Which event is the innermost one of its thread at each instant, as stretches of time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE
from analysis.columns import Int64, runs_of_equal
from analysis.windows import EventWindow, inherit

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


def innermost(window: EventWindow, chosen: Places) -> Stretches:
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
    starts_ns, ends_ns = window.inside()
    start_ns, end_ns = starts_ns[rows], ends_ns[rows]
    outer = _around(window, chosen)
    is_hidden = _crossed(outer, starts_ns, ends_ns, rows)
    around = outer[rows]
    ended = np.flatnonzero((around >= 0) & ~is_hidden[rows])
    around = around[ended]
    follower_ns = _follower_ns(tracks, start_ns, end_ns, ended)
    whole = Stretches(
        np.concatenate((rows, around)),
        np.concatenate((tracks, tracks[ended])),
        np.concatenate((start_ns, end_ns[ended])),
        np.concatenate(
            (_first_stop(tracks, start_ns, end_ns), np.minimum(ends_ns[around], follower_ns))
        ),
    )
    return whole.take(whole.start_ns < whole.end_ns)


def _around(window: EventWindow, chosen: Places) -> Int64:
    """For each row of a window the nearest chosen one around it, -1 for none."""
    seed = np.full(len(window), NONE, dtype=np.int64)
    seed[chosen] = chosen
    nearest = inherit(window.parent_row, seed)
    return np.where(window.parent_row >= 0, nearest[window.parent_row], NONE)


def _crossed(outer: Int64, start_ns: Int64, end_ns: Int64, rows: Places) -> npt.NDArray[np.bool_]:
    """Mend what is around events that overlap others in part, in place.

    What is around such an event when it ends is the nearest that is still open.

    Returns:
        Of each row of the window whether an event that began in it is still open when it ends.
    """
    is_hidden = np.zeros(len(outer), dtype=bool)
    inner = rows[outer[rows] >= 0]
    for row in inner[end_ns[outer[inner]] < end_ns[inner]].tolist():
        place = int(outer[row])
        while place >= 0 and end_ns[place] < end_ns[row]:
            is_hidden[place] |= end_ns[place] > start_ns[row]
            place = int(outer[place])
        outer[row] = place
    return is_hidden


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
