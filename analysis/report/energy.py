"""The energy of each side: bars, how it was found, and what it took to reach an accuracy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.comparison.record import Figure
from analysis.finish import Finished
from analysis.report import frames
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.subject import Side, Subject
from analysis.resources import sensors

ENERGY, NET = "energy_joules_per_1000_samples", "energy_net_joules_per_1000_samples"
NO_ENERGY = "No energy is shown."


@dataclass(frozen=True)
class EnergyRow:
    """A bar, and the range over the runs on it, in percent of the longest.

    `net` is the part of the bar that is above the idle power; all of it where that is not known.
    """

    side: Side
    width: float
    net: float
    low: float
    high: float
    text: str
    span: str


def rows(subject: Subject) -> list[EnergyRow]:
    """A bar for each side whose energy is known."""
    figure = subject.record.figure(ENERGY)
    known = [(side, figure.ranges[side.number]) for side in subject.sides] if figure else []
    longest = max((found.high for _, found in known if found), default=0.0)
    net = subject.record.figure(NET)
    return [
        EnergyRow(
            side=side,
            width=round(100 * found.median / longest, 2),
            net=round(100 * _net_of(net, side, found.median) / longest, 2),
            low=round(100 * found.low / longest, 2),
            high=round(100 * found.high / longest, 2),
            text=f"{wording.number(found.median)} J",
            span=wording.range_beside(found.median, found.low, found.high)
            if found.runs > 1
            else "",
        )
        for side, found in known
        if found is not None and longest > 0
    ]


def _net_of(figure: Figure | None, side: Side, gross: float) -> float:
    found = figure.ranges[side.number] if figure else None
    return min(found.median, gross) if found else gross


def sentences(subject: Subject, energy: Sequence[EnergyRow]) -> Iterator[str]:
    """How the energy was found, in all runs."""
    if not energy:
        yield NO_ENERGY
        return
    scopes = {sensors.of_gpu(run.measured.samples).scope for run in last_runs(subject)} - {""}
    host = "" if scopes else "; the host is not in it"
    yield f"Energy of the GPU per 1,000 samples, over the timed steps{host}."
    methods = {
        run.summary.energy_method
        for side in subject.sides
        for run in subject.finished(side)
        if run.summary.energy_method
    }
    told = {
        "counter": "the GPU's energy counter",
        "trapezoid": "the trapezoid of its sampled power",
    }
    if methods:
        yield (
            f"It is from {wording.listed(told.get(each, each) for each in sorted(methods))}"
            f"{_resolution(subject)}."
        )
    if subject.record.figure(NET):
        yield "The fainter part of a bar is what the GPU took before the run, in the same time."
    for scope in sorted(scopes):
        yield f"Power and energy are those {scope}."
    yield from _to_accuracy(subject)


def last_runs(subject: Subject) -> list[Finished]:
    """The last complete run of each side."""
    return [run for side in subject.sides for run in subject.finished(side)[-1:]]


def _resolution(subject: Subject) -> str:
    found = {run.summary.energy_resolution_seconds for run in last_runs(subject)}
    known = [wording.number(each, 1) for each in sorted(filter(None, found))]
    return f", renewed each {wording.listed(known)} s" if known else ""


def _to_accuracy(subject: Subject) -> Iterator[str]:
    """Joules and accuracy of the timed steps of each side's last run, where it trained."""
    known = [
        f"{side.label} {wording.number(run.summary.energy_joules_to_accuracy)} J to a test "
        f"accuracy of {wording.number(run.summary.accuracy)}"
        for side in subject.sides
        for run in subject.finished(side)[-1:]
        if run.summary.energy_joules_to_accuracy is not None
    ]
    if known:
        yield f"All timed steps of a run took {wording.listed(known)}."


def chart(subject: Subject) -> Chart:
    """The bars as a picture."""
    return Chart(
        name="energy",
        module="energy",
        given={"sides": frames.sides(subject), "rows": frames.energy(subject, ENERGY, NET)},
        label="Energy per 1,000 samples",
        caption="",
        note=setting(subject),
        shown=False,
    )
