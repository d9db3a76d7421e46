"""Draws what a run recorded beside its profile: phases, steps, marks and resources."""

import math
from collections import Counter as Count
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path

from analysis import marks
from analysis.timeline.counters import Counter, resource_counters
from analysis.timeline.record import Group, Shelf, Slice, Track, Writer, by_start, single
from analysis.timeline.shared_clock import Clock, Moment, shifted, shown
from profilers import rundir
from profilers.records import Mark, Phase, Step

MARKS = {
    "trace": "tracing",
    "compile": "compiling",
    "gc": "garbage collection",
    "disturbed": "disturbances",
}
"""The track of each kind of mark."""


@dataclass(frozen=True, slots=True)
class RunTimes:
    """What a run recorded beside its profile; all of it may be empty."""

    phases: list[Phase]
    steps: list[Step]
    counters: list[Counter]
    marks: list[Mark] = field(default_factory=list)

    @property
    def first_ns(self) -> int | None:
        """When the first of it begins; None if there is nothing."""
        starts = [row.start_ns for rows in (self.phases, self.steps, self.marks) for row in rows]
        starts += [int(counter.time_ns.min()) for counter in self.counters]
        return min(starts, default=None)

    @property
    def profiled_ns(self) -> tuple[int, int] | None:
        """When the first profiled step begins and the last one ends; None if there is none."""
        steps = [row for row in self.steps if row.profiled]
        begins = [row.start_ns for row in steps]
        ends = [row.start_ns + row.duration_ns for row in steps]
        return (min(begins), max(ends)) if steps else None

    def moments(self) -> list[Moment]:
        """When each phase and step begins, by what it is."""
        found: list[Moment] = [(("phase", row.phase), row.start_ns) for row in self.phases]
        starts = (row.start_ns for row in self.steps)
        found += zip(self.step_keys(), starts, strict=True)
        return sorted(found, key=lambda moment: moment[1])

    def step_keys(self) -> list[Hashable]:
        """What each step is in any run: its phase, number and kind, and which series it is of.

        A series ends where numbers begin again: inference has its steps of one sample and then
        those of a batch, numbered alike, and two runs may have done different numbers of them.
        """
        series = Count[Hashable]()
        last: dict[Hashable, int] = {}
        found: list[Hashable] = []
        for row in self.steps:
            kind = row.phase, row.count, row.profiled
            series[kind] += row.index <= last.get(kind, -1)
            last[kind] = row.index
            found.append(("step", *kind, series[kind], row.index))
        return found

    def draw(self, writer: Writer, group: Group, clock: Clock) -> int:
        """Draw phases, steps and marks into a group; how many slices there are."""
        lines = {
            "run phases": [phase_slice(phase) for phase in self.phases],
            "steps": [step_slice(step) for step in self.steps],
        }
        for kind, name in MARKS.items():
            lines[name] = [mark_slice(mark) for mark in self.marks if mark.kind == kind]
        for rank, (name, slices) in enumerate(lines.items()):
            pieces = sorted((shown(piece, clock) for piece in slices), key=by_start)
            writer.slices(Track(group, name, rank), pieces)
        return len(self.phases) + len(self.steps) + len(self.marks)

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
        marks.read(run),
    )


def phase_slice(phase: Phase) -> Slice:
    """A phase of the run."""
    return single(phase.start_ns, phase.duration_ns, phase.phase, {}, "phase")


def mark_slice(mark: Mark) -> Slice:
    """Something that happened beside the steps."""
    return single(mark.start_ns, mark.duration_ns, mark.name, {}, mark.kind)


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
