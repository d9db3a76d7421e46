"""What does it cost? Energy, what a run used over its time, and memory; or why it isn't known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import sensors, wording
from analysis.comparison import values
from analysis.comparison.record import Figure
from analysis.cost_text import POWER_KINDS
from analysis.finish import Finished
from analysis.report import frames, headings, phase_costs
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import capital
from analysis.report.phase_costs import PhaseCosts
from analysis.report.size import FigureRow, figure_row
from analysis.report.subject import Side, Subject
from analysis.report.tables import Table

ENERGY, NET = "energy_joules_per_1000_samples", "energy_net_joules_per_1000_samples"
MEMORY = ("rss_peak_bytes", "vram_peak_bytes", "allocated_peak_bytes")
USE = (
    "cpu_percent",
    "gpu_percent",
    "gpu_trace_percent",
    "power_watts",
    NET,
    "cpu_energy_joules_per_1000_samples",
)
NOT_SAMPLED = "Resources were not sampled, so nothing is drawn over the time of a run."
FOREIGN = "Traces of other tools hold no samples of CPU, memory and power."
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


@dataclass(frozen=True)
class Cost:
    """`notes` say why figures are missing."""

    heading: str
    notes: list[str]
    energy: list[EnergyRow]
    energy_text: str
    energy_chart: Chart | None
    resources: Chart | None
    memory: Chart | None
    empty: str
    memory_rows: list[FigureRow]
    use_rows: list[FigureRow]
    phases: list[PhaseCosts]
    table: Table
    phase_table: Table


def cost(subject: Subject) -> Cost:
    """The section."""
    energy = _energy(subject)
    resources = _resources(subject)
    return Cost(
        heading=_heading(subject),
        notes=[f"{capital(note)}." for note in subject.record.cost_notes],
        energy=energy,
        energy_text=" ".join(_energy_text(subject, energy)),
        energy_chart=_energy_chart(subject) if energy else None,
        resources=resources,
        memory=_memory(subject),
        empty="" if resources else FOREIGN if subject.foreign else NOT_SAMPLED,
        memory_rows=_rows(subject, MEMORY),
        use_rows=_rows(subject, USE),
        phases=phase_costs.phase_costs(subject),
        table=_table(subject),
        phase_table=phase_costs.table(subject),
    )


def _heading(subject: Subject) -> str:
    if subject.against:
        return headings.cost_heading(
            subject.record.figures, [each.other.label for each in subject.against]
        )
    rows = _rows(subject, (ENERGY, *MEMORY, *USE))
    texts = [f"{row.label} {row.cells[0].value} {row.unit}".strip() for row in rows[:3]]
    return ", ".join(texts) or "No cost was measured"


def _rows(subject: Subject, keys: Sequence[str]) -> list[FigureRow]:
    rows = [row for row in values.COST if row.key in keys]
    chosen = values.measured(subject.record, rows)
    return [figure_row(subject, values.written(subject.record, row)) for row in chosen]


def _energy(subject: Subject) -> list[EnergyRow]:
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


def _energy_text(subject: Subject, energy: Sequence[EnergyRow]) -> Iterator[str]:
    """How the energy was found, in all runs."""
    if not energy:
        yield NO_ENERGY
        return
    yield "Energy of the GPU board per 1,000 samples, over the timed steps; the host is not in it."
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
    scopes = {sensors.of_gpu(run.measured.samples).scope for run in _last_runs(subject)}
    for scope in sorted(scopes - {""}):
        yield f"Power and energy are those {scope}."
    yield from _to_accuracy(subject)


def _last_runs(subject: Subject) -> list[Finished]:
    return [run for side in subject.sides for run in subject.finished(side)[-1:]]


def _resolution(subject: Subject) -> str:
    found = {run.summary.energy_resolution_seconds for run in _last_runs(subject)} - {None}
    seconds = wording.listed(wording.number(each, 1) for each in sorted(filter(None, found)))
    return f", renewed each {seconds} s" if found else ""


def _to_accuracy(subject: Subject) -> Iterator[str]:
    """Joules and accuracy of the timed steps of each side's last run, where it trained."""
    known = [
        f"{side.label} {wording.number(run.summary.energy_joules)} J to a test accuracy of "
        f"{wording.number(run.summary.accuracy)}"
        for side in subject.sides
        for run in subject.finished(side)[-1:]
        if run.summary.mode == "train"
        and run.summary.energy_joules is not None
        and run.summary.accuracy is not None
    ]
    if known:
        yield f"All timed steps of a run took {wording.listed(known)}."


def _energy_chart(subject: Subject) -> Chart:
    return Chart(
        name="energy",
        module="energy",
        given={"sides": frames.sides(subject), "rows": frames.energy(subject, ENERGY, NET)},
        label="Energy per 1,000 samples",
        caption="",
        note=setting(subject),
        shown=False,
    )


def _resources(subject: Subject) -> Chart | None:
    samples, phases = frames.resources(subject)
    if samples.empty:
        return None
    hertz = [
        run.measured.samples.record.sample_hz
        for side in subject.sides
        for run in subject.finished(side)[-1:]
        if run.measured.samples is not None
    ]
    several = len(subject.sides) > 1
    last = f", {_last_run(subject)}" if _last_run(subject) else ""
    often = f"Sampled at {wording.listed(dict.fromkeys(f'{each:g}' for each in hertz))} Hz"
    return Chart(
        name="resources",
        module="resources",
        given={"sides": frames.sides(subject), "samples": samples, "phases": phases},
        label=f"CPU, memory, GPU and power over one run{' of each side' if several else ''}",
        caption=(
            f"{often} from outside the measured process{last}. Gaps are missed samples; the timed "
            f"steps are shaded darkest.{_power_kind(subject)}"
        ),
        note=setting(subject),
    )


def _power_kind(subject: Subject) -> str:
    kinds = {POWER_KINDS.get(run.summary.power_kind or "") for run in _last_runs(subject)}
    known = sorted(kind for kind in kinds if kind)
    return f" Readings of power are {wording.listed(known)}." if known else ""


def _last_run(subject: Subject) -> str:
    """Which run is drawn, where there are several."""
    if all(len(subject.finished(side)) <= 1 for side in subject.sides):
        return ""
    return f"the last run{' of each side' if len(subject.sides) > 1 else ''}"


def _memory(subject: Subject) -> Chart | None:
    rows = frames.memory(subject)
    if rows.empty:
        return None
    return Chart(
        name="memory",
        module="memory",
        given={"sides": frames.sides(subject), "rows": rows},
        label=f"Memory over one run{' of each side' if len(subject.sides) > 1 else ''}",
        caption=" ".join(
            [
                "RSS counts all processes of a run; VRAM all processes on the GPU.",
                *(f"Shown: {last}." for last in [_last_run(subject)] if last),
            ]
        ),
        note=setting(subject),
    )


def _table(subject: Subject) -> Table:
    """The samples that are drawn."""
    samples, _ = frames.resources(subject)
    label = {side.number: side.label for side in subject.sides}
    rows = [
        (label[int(side)], float(seconds), str(measure), None if value != value else float(value))
        for side, seconds, measure, value in samples.itertuples(index=False)
    ]
    return Table(
        "resources",
        {"side": "text", "seconds": "number", "measure": "text", "value": "number"},
        rows,
    )
