"""What each phase of a run took: a table for each side's last run, folded away on the page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from analysis import wording
from analysis.comparison.values import memory_unit
from analysis.cost_text import METHODS
from analysis.report.subject import Side, Subject
from analysis.report.tables import Kind, Table
from analysis.resources import phase_figures
from analysis.resources.phase_figures import PEAKS, PhaseFigures

NAMES = {"run": "whole run", "first_step": "first step"}
KINDS: dict[type, Kind] = {int: "whole", float: "number", str: "text"}


@dataclass(frozen=True)
class Column:
    """A heading with its unit, and what stands in it."""

    title: str
    unit: str
    text: Callable[[PhaseFigures], str]


@dataclass(frozen=True)
class PhaseCosts:
    """The table of one side; each row is the phase's name and a text for each column."""

    side: Side
    columns: list[Column]
    rows: list[tuple[str, list[str]]]
    caption: str


def phase_costs(subject: Subject) -> list[PhaseCosts]:
    """A table for each side of which a run was sampled."""
    return [
        _table(side, rows) for side in subject.sides for rows in [_of_side(subject, side)] if rows
    ]


def _of_side(subject: Subject, side: Side) -> list[PhaseFigures]:
    """Those of its last run."""
    for run in subject.finished(side)[-1:]:
        busy_ratio = run.profile.busy_ratio if run.profile else None
        read = run.measured
        return phase_figures.of_run(read.samples, read.phases, read.steps, busy_ratio)
    return []


def _table(side: Side, rows: Sequence[PhaseFigures]) -> PhaseCosts:
    own = [row for row in rows if row.phase != PEAKS]
    columns = [
        each for each in _columns(own) if any(each.text(row) != wording.MISSING for row in own)
    ]
    shown = [
        (NAMES.get(row.phase, row.phase), [column.text(row) for column in columns]) for row in own
    ]
    return PhaseCosts(side, columns, shown, " ".join(_caption(own)))


def _columns(rows: Sequence[PhaseFigures]) -> Iterator[Column]:
    yield Column("Time", "s", lambda row: wording.number(row.duration_ns / 1e9))
    yield Column("CPU", "s", lambda row: wording.number(_cpu_seconds(row)))
    yield Column("of usable CPUs", "%", lambda row: _percent(row.cpu_share_ratio))
    yield _memory("RSS, mean", "rss_mean_bytes", rows)
    yield _memory("RSS, peak", "rss_peak_bytes", rows)
    yield _memory("PSS at the end", "pss_end_bytes", rows)
    yield Column("GPU, NVML", "%", lambda row: _percent(row.gpu_utilization_ratio))
    yield Column("GPU, trace", "%", lambda row: _percent(row.gpu_trace_busy_ratio))
    yield _memory("VRAM, peak", "vram_peak_bytes", rows)
    yield _memory("allocated, peak", "allocated_peak_bytes", rows)
    yield Column("GPU power", "W", lambda row: wording.number(row.gpu_power_watts))
    yield Column("GPU energy", "J", lambda row: wording.number(row.gpu_energy_joules))
    yield Column("above idle", "J", lambda row: wording.number(row.gpu_energy_net_joules))
    yield Column("CPU energy", "J", lambda row: wording.number(row.package_energy_joules))


def _memory(title: str, name: str, rows: Sequence[PhaseFigures]) -> Column:
    """All of a column in one unit."""
    largest = max((getattr(row, name) or 0 for row in rows), default=0)
    suffix, divisor = memory_unit(largest)

    def text(row: PhaseFigures) -> str:
        size = getattr(row, name)
        return wording.number(None if size is None else size / divisor)

    return Column(title, suffix.removeprefix(", "), text)


def _cpu_seconds(row: PhaseFigures) -> float | None:
    user, system = row.cpu_user_seconds, row.cpu_system_seconds
    return None if user is None or system is None else user + system


def _percent(ratio: float | None) -> str:
    return wording.number(None if ratio is None else 100 * ratio)


def _caption(rows: Sequence[PhaseFigures]) -> Iterator[str]:
    above = any(row.gpu_energy_net_joules is not None for row in rows)
    yield "A dash is what was not measured, or of a phase too short for the sensor."
    if above:
        yield "Above idle, a dash is also a phase that took less than before the run."
    if any(row.gpu_trace_busy_ratio is not None for row in rows):
        yield (
            "GPU, NVML: the time in which a kernel ran, by the driver; GPU, trace: the union of "
            "kernels and copies in the profiled steps."
        )
    known = next((row for row in rows if row.gpu_energy_joules is not None), None)
    if known is not None:
        seconds = wording.number(known.gpu_energy_resolution_seconds, 1)
        method = METHODS[known.gpu_energy_method or "counter"]
        yield f"GPU energy is by {method}, renewed each {seconds} s."
    if any(row.package_energy_joules is not None for row in rows):
        yield "CPU energy is that of all processor packages, with all processes of the machine."


def table(subject: Subject) -> Table:
    """All figures of all sides' tables, and why some are missing."""
    fields = msgspec.structs.fields(PhaseFigures)
    columns: dict[str, Kind] = {"side": "text"}
    for field in fields:
        declared = getattr(field.type, "__args__", (field.type,))
        columns[field.name] = next(kind for each, kind in KINDS.items() if each in declared)
    rows = [
        (side.label, *(getattr(row, field.name) for field in fields))
        for side in subject.sides
        for row in _of_side(subject, side)
    ]
    return Table("phase-resources", columns, rows)
