"""The parts of one side's profiles as nanoseconds a step, their layers called by common names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.alignment.names import resolved
from analysis.partition.record import Budget, Part, Partition

GREY_KINDS = ("gap", "idle")
NO_LAYER = ""

Atom = tuple[str, str]
"""A layer, empty for work of none, and a phase."""


@dataclass(frozen=True, slots=True)
class Work:
    """A part of one run: nanoseconds, events and work a step, on devices a mean of all of them."""

    part: Part
    run: int
    layers: tuple[str, ...]
    time_ns: float
    active_ns: float
    count: float
    flops: float = 0.0
    bytes: float = 0.0

    @property
    def is_grey(self) -> bool:
        """Whether nothing worked: a gap of the host, or a device that was idle."""
        return self.part.kind in GREY_KINDS


@dataclass(frozen=True)
class SideWork:
    """All parts of one side, of so many runs."""

    works: list[Work]
    runs: int
    phases_known: bool
    layers_known: bool

    def of(self, budget: Budget) -> list[Work]:
        """Those of one budget."""
        return [work for work in self.works if work.part.budget == budget]

    def profiled_ns(self, budget: Budget) -> list[float]:
        """The mean profiled step of each run, as its parts add up."""
        totals = [0.0] * self.runs
        for work in self.of(budget):
            totals[work.run] += work.time_ns
        return totals


def side_work(partitions: Sequence[Partition], names: Mapping[str, str]) -> SideWork:
    """The parts of a side's runs, a step of each."""
    works = [
        _work(part, run, partition, names)
        for run, partition in enumerate(partitions)
        for part in partition.parts
    ]
    return SideWork(
        works,
        len(partitions),
        any(partition.phases_known for partition in partitions),
        any(partition.layers_known for partition in partitions),
    )


def _work(part: Part, run: int, partition: Partition, names: Mapping[str, str]) -> Work:
    steps = max(1, partition.steps)
    if part.budget == "device":
        steps *= max(1, len(partition.devices))
    layers = resolved(part.layers, names)
    return Work(
        part,
        run,
        layers,
        part.time_ns / steps,
        part.active_ns / steps,
        part.count / steps,
        (part.flops or 0) / steps,
        (part.bytes or 0) / steps,
    )
