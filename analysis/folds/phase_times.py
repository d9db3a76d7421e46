"""How long each phase took within the profiled steps: a partition of the steps, gaps included."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Kind
from analysis.columns import Int64, group_rows
from analysis.folds.attribution import shares
from analysis.folds.intervals import without_overlap
from analysis.folds.selftime import latest_open, sweep
from analysis.folds.steps import Steps
from analysis.windows import EventWindow

Rows = npt.NDArray[np.intp]


class PhaseTime(NamedTuple):
    """A phase's string number (-1 for the gaps), how often it was there, and for how long."""

    number: int
    times: int
    total_ns: int


@dataclass(slots=True)
class PhaseTimes:
    """Adds up the phases of the steps that count, window by window.

    Where ops carry their phase in their path, each instant belongs in equal parts to the phases of
    the innermost ops active on any thread; where none is, to the phase of ranges and of the runtime
    that have one; else it is a gap. Otherwise a phase lasts as long as its ranges. Both ways the
    phases and the gaps add up to the steps exactly.
    """

    steps: Steps
    paths: bool
    """Whether any op of the trace has a path."""
    _ranges: dict[int, list[int]] = field(default_factory=dict)
    _ops: dict[int, list[int]] = field(default_factory=dict)
    _by_path: bool = False
    _seen: set[tuple[int, int]] = field(default_factory=set)

    def take(
        self, window: EventWindow, step: Int64, phase: Int64, range_names: Int64, by_path: Int64
    ) -> None:
        """Add the events of a window.

        Args:
            window: the events.
            step: shape (rows,), as by `analysis.folds.steps`; -1 for steps that don't count.
            phase: shape (rows,), as by `analysis.folds.phases`.
            range_names: shape (rows,): the phase that a row is a range of, or -1.
            by_path: shape (rows,): the phase that a row's path names, or -1.
        """
        markers = self.steps.markers(window.block)
        markers = markers[step[markers] >= 0]
        ops = window.block.kind == Kind.OP
        self._by_path |= bool((by_path[ops & (step >= 0)] >= 0).any())
        if len(markers):
            ranges = np.flatnonzero((range_names >= 0) & (step >= 0))
            self._add_ranges(window, range_names, markers, ranges)
        if self.paths and len(markers):
            self._add_ops(window, step, phase, markers)

    def times(self) -> list[PhaseTime]:
        """The phases in order of time, then the gaps."""
        found = self._ops if self._by_path else self._ranges
        order = sorted(found, key=lambda number: number == NONE)
        return [PhaseTime(number, *found[number]) for number in order]

    def _add_ranges(self, window: EventWindow, names: Int64, markers: Rows, ranges: Rows) -> None:
        """Ranges are cut at the edges of their step; of two open ones the latest begun counts."""
        block = window.block
        marker = latest_open(block.start_ns[markers], block.end_ns[markers], block.start_ns[ranges])
        ranges, marker = ranges[marker >= 0], marker[marker >= 0]
        start_ns, end_ns = window.inside()
        bound_ns = end_ns[markers[marker]]
        members = np.concatenate((markers, ranges)).astype(np.intp)
        begin_ns, stop_ns = start_ns[members], end_ns[members].copy()
        stop_ns[len(markers) :] = np.minimum(stop_ns[len(markers) :], bound_ns)
        whole_ns = np.where(np.arange(len(members)) < len(markers), block.end_ns[members], stop_ns)
        numbers = np.where(np.arange(len(members)) < len(markers), NONE, names[members])
        order = np.lexsort((np.arange(len(members)), -whole_ns, block.start_ns[members]))
        _, own_ns = sweep(begin_ns[order].tolist(), stop_ns[order].tolist())
        new = members[order] >= window.carried
        for number, ns, counts in zip(numbers[order].tolist(), own_ns, new.tolist(), strict=True):
            _add(self._ranges, number, counts, ns)

    def _add_ops(self, window: EventWindow, step: Int64, phase: Int64, markers: Rows) -> None:
        block = window.block
        start_ns, end_ns = window.inside()
        steps = without_overlap(start_ns[markers], end_ns[markers])
        host = (block.device < 0) & (end_ns > start_ns) & (block.kind != Kind.STEP)
        op = host & (block.kind == Kind.OP)
        rank = np.where(op, 1, np.where(host & (phase >= 0), 0, NONE))
        share_ns = shares(window, rank, steps).time_ns
        rows = np.flatnonzero(share_ns)
        group, first = group_rows(phase[rows], step[rows])
        sums = np.zeros(len(first), dtype=np.int64)
        np.add.at(sums, group, share_ns[rows])
        for place in np.argsort(first).tolist():
            row = rows[first[place]]
            phase_step = int(phase[row]), int(step[row])
            counts = phase_step[0] >= 0 and phase_step not in self._seen
            self._seen.add(phase_step)
            _add(self._ops, phase_step[0], counts, int(sums[place]))
        gaps_ns = steps.total_ns - int(share_ns.sum())
        _add(self._ops, NONE, int((markers >= window.carried).sum()), gaps_ns)


def _add(sums: dict[int, list[int]], number: int, count: int, length_ns: int) -> None:
    entry = sums.setdefault(number, [0, 0])
    entry[0] += count
    entry[1] += length_ns
