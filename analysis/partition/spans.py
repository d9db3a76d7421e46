"""Which time of a trace is parted: its steps, or all of it where none are marked."""

from dataclasses import dataclass

import numpy as np

from analysis.annotate import Counted
from analysis.columns import Int64
from analysis.folds.intervals import Intervals, without_overlap
from analysis.folds.steps import Steps
from analysis.windows import OPEN_END_NS


@dataclass(frozen=True, slots=True)
class Spans:
    """The steps as stretches of time, and which of them is the median one, by length.

    `next_ns` is when the step after the median one begins: until then a device works for it.
    """

    steps: Intervals
    marked: bool
    median: int
    next_ns: int

    @property
    def median_ns(self) -> tuple[int, int]:
        """Start and end of the median step."""
        return int(self.steps.start_ns[self.median]), int(self.steps.end_ns[self.median])

    @property
    def begin_ns(self) -> int:
        """When the first step begins; work of a device counts from then on."""
        return int(self.steps.start_ns[0])


def spans_of(steps: Steps, counted: Counted) -> Spans | None:
    """The steps of a trace that was read; None if nothing of it takes time.

    Steps of one number that overlap are those of several ranks, and count as one. Of other steps
    that overlap the later one loses what both cover.
    """
    if len(steps):
        found = _without_empty(without_overlap(*_of_ranks(steps)))
    else:
        bounds = (counted.first_ns, max(counted.last_ns, counted.first_ns))
        found = _without_empty(Intervals(*(np.array([each], dtype=np.int64) for each in bounds)))
    if not len(found.start_ns):
        return None
    order = np.argsort(found.end_ns - found.start_ns, kind="stable")
    median = int(order[(len(order) - 1) // 2])
    following = found.start_ns[median + 1 : median + 2].tolist()
    return Spans(found, bool(len(steps)), median, following[0] if following else OPEN_END_NS)


def _of_ranks(steps: Steps) -> tuple[Int64, Int64]:
    """Starts and ends of the steps; those of one number that overlap are one."""
    starts: list[int] = []
    ends: list[int] = []
    open_steps: dict[int, int] = {}
    columns = (steps.number.tolist(), steps.start_ns.tolist(), steps.end_ns.tolist())
    for number, start, end in zip(*columns, strict=True):
        place = open_steps.get(number)
        if place is not None and start < ends[place]:
            ends[place] = max(ends[place], end)
        else:
            open_steps[number] = len(starts)
            starts.append(start)
            ends.append(end)
    return np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)


def _without_empty(found: Intervals) -> Intervals:
    some = found.start_ns < found.end_ns
    return Intervals(found.start_ns[some], found.end_ns[some])
