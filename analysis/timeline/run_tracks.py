"""Draws what a run recorded beside its profile: phases, steps, marks and resources."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from analysis.timeline.counters import Counter, resource_counters
from analysis.timeline.record import (
    TRUE_DURATION,
    Group,
    Shelf,
    Slice,
    Track,
    Writer,
    by_start,
    single,
    with_number,
)
from analysis.timeline.shared_clock import Clock, Moment
from profilers import rundir
from profilers.records import Phase, Step

PHASES_RANK, STEPS_RANK, MARKS_RANK = 0, 1, 2


@dataclass(frozen=True, slots=True)
class RunTimes:
    """What a run recorded beside its profile; all of it may be empty."""

    phases: list[Phase]
    steps: list[Step]
    counters: list[Counter]

    @property
    def first_ns(self) -> int | None:
        """When the first of it begins; None if there is nothing."""
        starts = [row.start_ns for row in self.phases] + [row.start_ns for row in self.steps]
        starts += [int(counter.time_ns.min()) for counter in self.counters]
        return min(starts, default=None)

    def moments(self) -> list[Moment]:
        """When each phase and step begins, by what it is."""
        found: list[Moment] = [(("phase", row.phase), row.start_ns) for row in self.phases]
        found += [
            (("step", row.phase, row.index, row.count, row.profiled), row.start_ns)
            for row in self.steps
        ]
        return sorted(found, key=lambda moment: moment[1])

    def draw(self, writer: Writer, group: Group, clock: Clock) -> int:
        """Draw phases and steps into a group; how many slices there are."""
        rows = (
            ("run phases", PHASES_RANK, map(phase_slice, self.phases)),
            ("steps", STEPS_RANK, map(step_slice, self.steps)),
        )
        for name, rank, slices in rows:
            writer.slices(Track(group, name, rank), shown(slices, clock))
        return len(self.phases) + len(self.steps)

    def draw_counters(self, writer: Writer, shelf: Shelf, clock: Clock) -> None:
        """Draw resources."""
        for counter in self.counters:
            shelf.put(writer, shifted(counter, clock))


def read(run: Path) -> RunTimes:
    """Read a run directory; ProfileError if a file of it is damaged."""
    return RunTimes(
        rundir.read_rows(run / rundir.PHASES, Phase),
        rundir.read_rows(run / rundir.STEPS, Step),
        resource_counters(run),
    )


def shifted(counter: Counter, clock: Clock) -> Counter:
    """A counter at the times at which it is shown."""
    return Counter(counter.name, counter.unit, clock.begins(counter.time_ns), counter.values)


def shown(slices: Iterable[Slice], clock: Clock) -> list[Slice]:
    """Slices in order, at the times at which they are shown."""
    found = []
    for piece in slices:
        start_ns, duration_ns = clock.span(piece.start_ns, piece.duration_ns)
        if duration_ns != piece.duration_ns:
            piece = with_number(piece, TRUE_DURATION, piece.duration_ns)
        found.append(piece._replace(start_ns=start_ns, duration_ns=duration_ns))
    return sorted(found, key=by_start)


def phase_slice(phase: Phase) -> Slice:
    """A phase of the run."""
    return single(phase.start_ns, phase.duration_ns, phase.phase, {}, "phase")


def step_slice(step: Step) -> Slice:
    """A step, or a window of them, with what is known of it."""
    if step.kind == "window":
        name = f"{step.phase}, window of {step.count}"
    elif step.phase == "profiled" and not step.profiled:
        name = f"unprofiled step {step.index} of the profiled build"
    else:
        name = f"{step.phase} step {step.index}"
    args: dict[str, object] = {"phase": step.phase, "index": step.index, "epoch": step.epoch}
    args["samples"] = step.samples
    if step.count > 1:
        args["ms per step"] = step.duration_ns / step.count / 1e6
    if step.loss is not None and math.isfinite(step.loss):
        args["loss"] = step.loss
    return single(step.start_ns, step.duration_ns, name, args, "step")
