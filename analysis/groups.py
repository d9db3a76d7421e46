"""Sums over a trace's events: by what they are and what they belong to, by step and by device."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded, Mask, annotated
from analysis.blocks import NONE, Kind, Strings, Trace, is_kind
from analysis.columns import Int64, group_rows, pick
from analysis.folds.busy import Busy
from analysis.folds.links import on_device
from analysis.folds.outermost import Marks, Works, exact_sums, marks
from analysis.folds.phase_times import PhaseTimes
from analysis.folds.selftime import INSTANTS, sweep
from analysis.folds.steps import Steps
from analysis.keyed_sums import KeyedSums, sum_by
from analysis.sums import VALUES, Gathered, Key, StepSums, Worked, by_key
from analysis.timeorder import TimeOrder

Selection = Callable[[Folded], Mask]
Rows = npt.NDArray[np.intp]


@dataclass(slots=True)
class Groups:
    """Adds up the events of a trace, window by window."""

    strings: Strings
    steps: Steps
    phase_times: PhaseTimes
    works: Works
    sums: KeyedSums = field(default_factory=lambda: KeyedSums(len(Key._fields) + 2, VALUES))
    by_step: dict[int, StepSums] = field(default_factory=dict)
    busy: Busy = field(default_factory=Busy)
    marked: int = 0
    steps_ns: int = 0

    @classmethod
    def empty(cls, strings: Strings, steps: Steps, paths: bool) -> "Groups":
        """No sums yet; `paths` says whether any op of the trace has a path."""
        return cls(strings, steps, PhaseTimes(steps, paths), Works(strings))

    def take(self, folded: Folded, chosen: Mask) -> None:
        """Add the chosen events of a window."""
        worked = self._take_groups(folded, chosen)
        self._take_steps(folded, chosen, worked)
        self.busy.take(folded.window, chosen)
        step = np.where(chosen, folded.step, NONE)
        self.phase_times.take(
            folded.window, step, folded.phase, folded.phase_range, folded.path_phase
        )

    def gathered(self, events: int) -> Gathered:
        """The sums of all that was taken, of a source with so many events."""
        keys, sums = self.sums.sums()
        return Gathered(
            texts=[self.strings[number] for number in range(len(self.strings))],
            groups=list(by_key(keys, sums, *self.works.of(keys)).items()),
            phases=self.phase_times.times(),
            by_step=self.by_step,
            devices=sorted(self.busy.devices.items()),
            streams=sorted(self.busy.streams.items()),
            marked=self.marked,
            steps_ns=self.steps_ns,
            events=events,
        )

    def _take_groups(self, folded: Folded, chosen: Mask) -> Marks:
        block, window = folded.block, folded.window
        outermost = _outermost(folded)
        rows = np.flatnonzero(chosen & ~is_kind(block.kind, INSTANTS))
        is_op, work = block.kind == Kind.OP, on_device(block)
        every = (
            *(block.kind, block.name, block.shapes, block.types, block.args, block.path),
            *(folded.phase, folded.layer, np.where(work, folded.op, NONE)),
            *(block.flops, block.bytes),
        )
        columns = [pick(column, rows) for column in every]
        group, first = group_rows(*columns)
        keys = np.stack([column[first] for column in columns], axis=1).astype(np.int64)
        flops, moved = self.works.of(keys)
        marked = marks(window, rows, flops[group], moved[group])
        new = (rows >= window.carried).astype(np.int64)
        duration_ns = block.duration_ns[rows] * new
        own_ns = np.where(work[rows], duration_ns, folded.self_ns[rows])
        values = (
            new,
            duration_ns,
            own_ns,
            duration_ns * outermost[rows],
            new * folded.linked[rows],
            marked.counted[rows].astype(np.int64),
            own_ns * (marked.covered & (is_op | work))[rows],
        )
        self.sums.add(
            keys, np.stack([sum_by(group, column, len(first)) for column in values], axis=1)
        )
        return marked

    def _take_steps(self, folded: Folded, chosen: Mask, worked: Marks) -> None:
        block, new = folded.block, folded.window.new
        markers = folded.step_rows
        markers = markers[chosen[markers]]
        start_ns, end_ns = folded.window.inside()
        _, lengths = sweep(start_ns[markers].tolist(), end_ns[markers].tolist())
        self.steps_ns += sum(lengths)
        self.marked += int((markers >= folded.window.carried).sum())
        for row in markers[markers >= folded.window.carried].tolist():
            self._step(int(folded.step[row])).length_ns += int(block.duration_ns[row])
        inside = chosen & (folded.step >= 0)
        rows = np.flatnonzero(inside & (block.kind == Kind.OP))
        for step, count, self_ns, work in _by_step(folded, rows, folded.self_ns[rows], worked):
            step_sums = self._step(step)
            step_sums.ops += count
            step_sums.op_self_ns += self_ns
            step_sums.op_work.add(work)
        rows = np.flatnonzero(inside & on_device(block) & new)
        for step, _, device_ns, work in _by_step(folded, rows, block.duration_ns[rows], worked):
            step_sums = self._step(step)
            step_sums.device_ns += device_ns
            step_sums.device_work.add(work)

    def _step(self, number: int) -> StepSums:
        return self.by_step.setdefault(number, StepSums())


def _by_step(
    folded: Folded, rows: Rows, own_ns: Int64, worked: Marks
) -> Iterator[tuple[int, int, int, Worked]]:
    """Of these rows of each step: the step, new ones, nanoseconds of their own, and their work."""
    numbers, group = np.unique(folded.step[rows], return_inverse=True)
    group, steps = group.reshape(-1), len(numbers)
    covered, counted = worked.covered[rows], worked.counted[rows]
    each = (
        np.bincount(group[rows >= folded.window.carried], minlength=steps).tolist(),
        sum_by(group, own_ns, steps).tolist(),
        np.bincount(group[counted], minlength=steps).tolist(),
        sum_by(group[covered], own_ns[covered], steps).tolist(),
        exact_sums(group[counted], worked.flops[rows][counted], steps),
        exact_sums(group[counted], worked.bytes[rows][counted], steps),
    )
    for step, count, total_ns, *work in zip(numbers.tolist(), *each, strict=True):
        yield step, count, total_ns, Worked(*work)


def _outermost(folded: Folded) -> Mask:
    """Which events lie in no op of the same phase and layer."""
    window = folded.window
    place = (folded.phase + 1) << 32 | (folded.layer + 1)
    is_op = folded.block.kind == Kind.OP
    outer = window.inherit("place", np.where(is_op, place, NONE))
    around = np.where(folded.parent_row >= 0, outer[folded.parent_row], NONE)
    outermost: Mask = around != place
    return outermost


def every_event(folded: Folded) -> Mask:
    """Selects all events."""
    return np.ones(len(folded.block), dtype=bool)


def in_steps(folded: Folded) -> Mask:
    """Selects the events inside steps; all of them where the trace marks no steps."""
    return folded.in_steps()


def steps_between(first: int, last: int) -> Selection:
    """Selects the events of the steps with these numbers and those between them."""
    return lambda folded: (folded.step >= first) & (folded.step <= last)


def gather(
    trace: Trace,
    select: Selection = every_event,
    progress: Callable[[], None] | None = None,
    order: TimeOrder | None = None,
) -> Gathered:
    """Read a trace to its end and add up the chosen events; ProfileError if it can't be read."""
    recorded = annotated(trace, order, progress)
    groups = Groups.empty(trace.strings, recorded.steps, recorded.counted.paths)
    for folded in recorded.windows():
        groups.take(folded, select(folded))
    gathered = groups.gathered(recorded.counted.events + trace.left_out)
    return _with_losses(gathered, trace)


def gather_folded(
    folded: Folded, select: Selection = in_steps, trace: Trace | None = None
) -> Gathered:
    """The sums over the chosen events of a trace that was folded as a whole.

    What was lost while reading is known if the trace is given, read to its end.
    """
    paths = bool((folded.block.path >= 0).any())
    groups = Groups.empty(folded.strings, folded.steps, paths)
    groups.take(folded, select(folded))
    gathered = groups.gathered(len(folded.block))
    return gathered if trace is None else _with_losses(gathered, trace)


def _with_losses(gathered: Gathered, trace: Trace) -> Gathered:
    """With what the reader left out, mended or did not get to."""
    gathered.dropped_reasons = dict(trace.dropped_reasons)
    gathered.repaired, gathered.truncated = trace.repaired, trace.truncated
    gathered.notes = list(trace.notes)
    return gathered
