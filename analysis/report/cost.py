"""What does it cost? Energy, what a run used over its time, and memory; or why it isn't known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.comparison import values
from analysis.cost_text import POWER_KINDS
from analysis.report import energy, frames, headings, phase_costs, sample_frames
from analysis.report.chart import Chart
from analysis.report.energy import ENERGY, NET, EnergyRow, last_runs
from analysis.report.hero import setting
from analysis.report.names import capital
from analysis.report.phase_costs import PhaseCosts
from analysis.report.size import FigureRow, figure_row
from analysis.report.subject import Subject
from analysis.report.tables import Table

CPU_ENERGY = "cpu_energy_joules_per_1000_samples"
MEMORY = ("rss_peak_bytes", "vram_peak_bytes", "allocated_peak_bytes")
USE = (
    "cpu_percent",
    "gpu_percent",
    "gpu_trace_percent",
    "power_watts",
    NET,
    CPU_ENERGY,
)
NOT_SAMPLED = "Resources were not sampled, so nothing is drawn over the time of a run."
FOREIGN = "Traces of other tools hold no samples of CPU, memory and power."


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
    use_text: str
    phases: list[PhaseCosts]
    table: Table
    phase_table: Table


def cost(subject: Subject) -> Cost:
    """The section."""
    found = energy.rows(subject)
    resources = _resources(subject)
    return Cost(
        heading=_heading(subject),
        notes=[f"{capital(note)}." for note in subject.record.cost_notes],
        energy=found,
        energy_text=" ".join(energy.sentences(subject, found)),
        energy_chart=energy.chart(subject) if found else None,
        resources=resources,
        memory=_memory(subject),
        empty="" if resources else FOREIGN if subject.foreign else NOT_SAMPLED,
        memory_rows=_rows(subject, MEMORY),
        use_rows=_rows(subject, USE),
        use_text=" ".join(_units(subject)),
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


def _units(subject: Subject) -> Iterator[str]:
    """What the short names of the means of energy stand for."""
    if subject.record.figure(NET) or subject.record.figure(CPU_ENERGY):
        yield "J/1,000: joules per 1,000 samples."
    if subject.record.figure(NET):
        yield "Above idle: of the GPU's energy what is above its power before the run."
    if subject.record.figure(CPU_ENERGY):
        yield "CPU energy: of all processor packages by RAPL, with all processes of the machine."


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
            f"steps are shaded darkest.{_power_kind(subject)}"
        ),
        note=setting(subject),
    )


def _power_kind(subject: Subject) -> str:
    kinds = {POWER_KINDS.get(run.summary.power_kind or "") for run in last_runs(subject)}
    known = sorted(kind for kind in kinds if kind)
    return f" Readings of power are {wording.listed(known)}." if known else ""


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
