"""Stretches of time that don't overlap."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.columns import Int64, distinct


class Intervals(NamedTuple):
    """Stretches of time that don't overlap, in order: starts and ends of shape (intervals,)."""

    start_ns: Int64
    end_ns: Int64

    @property
    def total_ns(self) -> int:
        """Their length."""
        return int((self.end_ns - self.start_ns).sum())

    def within(self, begin_ns: int, end_ns: int) -> "Intervals":
        """What of them lies in a window of time."""
        start_ns = np.clip(self.start_ns, begin_ns, end_ns)
        stop_ns = np.clip(self.end_ns, begin_ns, end_ns)
        some = start_ns < stop_ns
        return Intervals(start_ns[some], stop_ns[some])

    def cut(self, times_ns: Int64) -> "Intervals":
        """The same time, parted at these times; those outside are passed over."""
        edges_ns = distinct(np.concatenate((*self, times_ns)))
        inside = np.flatnonzero(self._holds(edges_ns))
        return Intervals(edges_ns[inside], edges_ns[inside + 1])

    def without(self, other: "Intervals") -> "Intervals":
        """The time that does not lie in others."""
        edges_ns = distinct(np.concatenate((*self, *other)))
        return runs(edges_ns, (self._holds(edges_ns) & ~other._holds(edges_ns))[:-1])

    def hold(self, times_ns: Int64) -> npt.NDArray[np.bool_]:
        """Which times lie in one of them; the end of one does not."""
        return self.start_ns.searchsorted(times_ns, "right") > self.end_ns.searchsorted(
            times_ns, "right"
        )

    def _holds(self, edges_ns: Int64) -> npt.NDArray[np.bool_]:
        """Whether the time behind each of some edges, of which theirs are a part, is in them."""
        change = np.bincount(edges_ns.searchsorted(self.start_ns), minlength=len(edges_ns))
        change -= np.bincount(edges_ns.searchsorted(self.end_ns), minlength=len(edges_ns))
        found: npt.NDArray[np.bool_] = np.cumsum(change) > 0
        return found


def runs(edges_ns: Int64, chosen: npt.NDArray[np.bool_]) -> Intervals:
    """The chosen of the stretches between sorted edges; those that touch are one."""
    change = np.diff(chosen.astype(np.int8), prepend=0, append=0)
    return Intervals(edges_ns[np.flatnonzero(change > 0)], edges_ns[np.flatnonzero(change < 0)])


def without_overlap(start_ns: Int64, end_ns: Int64) -> Intervals:
    """Stretches, sorted by start, without what an earlier one has covered; some may be empty."""
    covered_to = np.maximum.accumulate(end_ns) if len(end_ns) else end_ns
    begin_ns = np.concatenate((start_ns[:1], np.maximum(start_ns[1:], covered_to[:-1])))
    return Intervals(begin_ns, np.maximum(end_ns, begin_ns))
