"""What does it cost? Energy, what a run used over its time, and memory; or why it isn't known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.comparison import values
from analysis.report import frames, headings, sample_frames
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import capital
from analysis.report.size import FigureRow, figure_row
from analysis.report.subject import Side, Subject
from analysis.report.tables import Table

ENERGY = "energy_joules_per_1000_samples"
MEMORY = ("rss_peak_bytes", "vram_peak_bytes", "allocated_peak_bytes")
USE = ("cpu_percent", "gpu_percent", "power_watts")
NOT_SAMPLED = "Resources were not sampled, so nothing is drawn over the time of a run."
FOREIGN = "Traces of other tools hold no samples of CPU, memory and power."
NO_ENERGY = "No energy is shown."


@dataclass(frozen=True)
class EnergyRow:
    """A bar, and the range over the runs on it, in percent of the longest."""

    side: Side
    width: float
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
    table: Table


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
        table=_table(subject),
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
    return [
        EnergyRow(
            side=side,
            width=round(100 * found.median / longest, 2),
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
        yield f"It is from {wording.listed(told.get(each, each) for each in sorted(methods))}."


def _energy_chart(subject: Subject) -> Chart:
    return Chart(
        name="energy",
        module="energy",
        given={"sides": frames.sides(subject), "rows": frames.energy(subject, ENERGY)},
        label="Energy per 1,000 samples",
        caption="",
        note=setting(subject),
        shown=False,
    )


def _resources(subject: Subject) -> Chart | None:
    samples, phases = sample_frames.resources(subject)
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
            "steps are shaded darkest."
        ),
        note=setting(subject),
    )


def _last_run(subject: Subject) -> str:
    """Which run is drawn, where there are several."""
    if all(len(subject.finished(side)) <= 1 for side in subject.sides):
        return ""
    return f"the last run{' of each side' if len(subject.sides) > 1 else ''}"


def _memory(subject: Subject) -> Chart | None:
    rows = sample_frames.memory(subject)
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
    """The samples that are drawn; where one stands for several, low and high differ from it."""
    samples, _ = sample_frames.resources(subject)
    label = {side.number: side.label for side in subject.sides}
    rows = [
        (
            label[int(side)],
            float(seconds),
            str(measure),
            *(None if value != value else float(value) for value in values),
        )
        for side, measure, seconds, *values in samples.itertuples(index=False)
    ]
    return Table(
        "resources",
        {
            "side": "text",
            "seconds": "number",
            "measure": "text",
            "value": "number",
            "low": "number",
            "high": "number",
        },
        rows,
    )
