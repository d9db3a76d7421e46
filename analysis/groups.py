"""Sums over a trace's events: by what they are and what they belong to, by step and by device."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import msgspec
import numpy as np

from analysis.annotate import Folded, Mask, annotated
from analysis.blocks import NONE, Kind, Strings, Trace, is_kind
from analysis.columns import group_rows, pick
from analysis.folds.busy import Busy, DeviceTime
from analysis.folds.links import on_device
from analysis.folds.phase_times import PhaseTime, PhaseTimes
from analysis.folds.selftime import INSTANTS, sweep
from analysis.folds.steps import Steps
from analysis.keyed_sums import KeyedSums, sum_by
from analysis.timeorder import TimeOrder

Selection = Callable[[Folded], Mask]


class Key(NamedTuple):
    """What the events of a group share; string numbers but for the kind, -1 for none."""

    kind: int
    name: int
    shapes: int
    args: int
    path: int
    phase: int
    layer: int
    op: int


@dataclass(slots=True)
class Sums:
    """How many events, and nanoseconds.

    `total_ns` includes what runs inside, `self_ns` does not; `outermost_ns` is the total of the
    events that lie in no op of the same phase and layer. `linked` is how many have their launch in
    the trace.
    """

    count: int = 0
    total_ns: int = 0
    self_ns: int = 0
    outermost_ns: int = 0
    linked: int = 0


@dataclass(slots=True)
class StepSums:
    """One step: its length, and the ops and device work in it."""

    length_ns: int = 0
    ops: int = 0
    op_self_ns: int = 0
    device_ns: int = 0


class Gathered(msgspec.Struct, kw_only=True):
    """Everything that the tables of a trace are made of; bounded by its variety, not its size.

    The numbers in the keys and phases are places in `texts`. `marked` is how many steps counted,
    `steps_ns` how long they were together. The rest is what the reader says of the source, as in
    `analysis.blocks.Trace`. `devices` are by rank and device, `streams` by these and the stream.
    """

    texts: list[str]
    groups: list[tuple[Key, Sums]]
    phases: list[PhaseTime]
    by_step: dict[int, StepSums]
    devices: list[tuple[tuple[int, int], DeviceTime]]
    streams: list[tuple[tuple[int, int, int], DeviceTime]]
    marked: int
    steps_ns: int
    events: int
    dropped_reasons: dict[str, int] = {}
    repaired: int = 0
    truncated: str | None = None
    notes: list[str] = []

    def text(self, number: int) -> str:
        """The text with a number, empty for -1."""
        return self.texts[number] if number >= 0 else ""


@dataclass(slots=True)
class Groups:
    """Adds up the events of a trace, window by window."""

    strings: Strings
    steps: Steps
    phase_times: PhaseTimes
    sums: KeyedSums = field(default_factory=lambda: KeyedSums(len(Key._fields), len(fields(Sums))))
    by_step: dict[int, StepSums] = field(default_factory=dict)
    busy: Busy = field(default_factory=Busy)
    marked: int = 0
    steps_ns: int = 0

    @classmethod
    def empty(cls, strings: Strings, steps: Steps, paths: bool) -> "Groups":
        """No sums yet; `paths` says whether any op of the trace has a path."""
        return cls(strings, steps, PhaseTimes(steps, paths))

    def take(self, folded: Folded, chosen: Mask) -> None:
        """Add the chosen events of a window."""
        self._take_groups(folded, chosen)
        self._take_steps(folded, chosen)
        self.busy.take(folded.window, chosen)
        step = np.where(chosen, folded.step, NONE)
        self.phase_times.take(
            folded.window, step, folded.phase, folded.phase_range, folded.path_phase
        )

    def gathered(self, events: int) -> Gathered:
        """The sums of all that was taken, of a source with so many events."""
        keys, sums = (table.tolist() for table in self.sums.sums())
        return Gathered(
            texts=[self.strings[number] for number in range(len(self.strings))],
            groups=[(Key(*key), Sums(*each)) for key, each in zip(keys, sums, strict=True)],
            phases=self.phase_times.times(),
            by_step=self.by_step,
            devices=sorted(self.busy.devices.items()),
            streams=sorted(self.busy.streams.items()),
            marked=self.marked,
            steps_ns=self.steps_ns,
            events=events,
        )

    def _take_groups(self, folded: Folded, chosen: Mask) -> None:
        block, window = folded.block, folded.window
        group_place = (folded.phase + 1) << 32 | (folded.layer + 1)
        is_op = block.kind == Kind.OP
        outer = window.inherit("place", np.where(is_op, group_place, NONE))
        around = np.where(folded.parent_row >= 0, outer[folded.parent_row], NONE)
        outermost = around != group_place
        rows = np.flatnonzero(chosen & ~is_kind(block.kind, INSTANTS))
        if not len(rows):
            return
        every = (
            *(block.kind, block.name, block.shapes, block.args, block.path),
            *(folded.phase, folded.layer, np.where(on_device(block), folded.op, NONE)),
        )
        columns = [pick(column, rows) for column in every]
        group, first = group_rows(*columns)
        new = (rows >= window.carried).astype(np.int64)
        duration_ns = block.duration_ns[rows] * new
        values = (
            new,
            duration_ns,
            np.where(on_device(block)[rows], duration_ns, folded.self_ns[rows]),
            duration_ns * outermost[rows],
            new * folded.linked[rows],
        )
        self.sums.add(
            np.stack([column[first] for column in columns], axis=1).astype(np.int64),
            np.stack([sum_by(group, column, len(first)) for column in values], axis=1),
        )

    def _take_steps(self, folded: Folded, chosen: Mask) -> None:
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
        is_op = block.kind == Kind.OP
        work = on_device(block) & new
        for name, rows, values in (
            ("ops", inside & is_op & new, np.ones(len(block), dtype=np.int64)),
            ("op_self_ns", inside & is_op, folded.self_ns),
            ("device_ns", inside & work, block.duration_ns),
        ):
            if rows.any():
                numbers, group = np.unique(folded.step[rows], return_inverse=True)
                sums = sum_by(group.reshape(-1), values[rows], len(numbers))
                for number, value in zip(numbers.tolist(), sums.tolist(), strict=True):
                    step = self._step(number)
                    setattr(step, name, getattr(step, name) + value)

    def _step(self, number: int) -> StepSums:
        return self.by_step.setdefault(number, StepSums())


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
