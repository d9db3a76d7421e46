"""How the figures of a comparison are written: labels with units, ranges, ratios with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.comparison.record import Change, Comparison, Figure, Range
from analysis.comparison.table import Cell

SMALL_RATIO, MOST_DECIMALS = 0.1, 5
LARGEST_RATIO = 1_000_000

Unit = tuple[str, float]
"""What stands behind the label, and what a value is divided by."""


def _time(largest_ms: float) -> Unit:
    unit, unit_ns = wording.time_unit(largest_ms * 1e6)
    return f", {unit}", unit_ns / 1e6


def memory_unit(largest_bytes: float) -> Unit:
    """The unit of memory for values up to the largest."""
    unit, unit_bytes = wording.memory_unit(largest_bytes)
    return f", {unit}", unit_bytes


def _plain(_largest: float) -> Unit:
    return "", 1.0


def _cores(_largest: float) -> Unit:
    return ", cores", 100.0


@dataclass(frozen=True)
class Row:
    """A row of the table: a figure, its label, and the unit that suits its largest value."""

    key: str
    label: str
    unit: Callable[[float], Unit] = _plain


MAIN = (
    Row("step_ms", "step", _time),
    Row("samples_per_second", "samples/s"),
    Row("first_step_ms", "first step", _time),
    Row("accuracy", "test accuracy"),
    Row("inference_latency_ms", "inference of 1", _time),
)
FOREIGN = (Row("profiled_step_ms", "profiled step", _time),)
"""What is known of traces of other tools."""
COST = (
    Row("cpu_percent", "CPU", _cores),
    Row("rss_peak_bytes", "RSS peak", memory_unit),
    Row("gpu_percent", "GPU in use, %"),
    Row("gpu_trace_percent", "by the trace, %"),
    Row("vram_peak_bytes", "VRAM peak", memory_unit),
    Row("allocated_peak_bytes", "allocated", memory_unit),
    Row("power_watts", "power, W"),
    Row("energy_joules_per_1000_samples", "GPU J/1,000 samples"),
    Row("energy_net_joules_per_1000_samples", "above idle, J/1,000"),
    Row("cpu_energy_joules_per_1000_samples", "CPU energy, J/1,000"),
)


@dataclass(frozen=True)
class Written:
    """A row as texts: a cell for each side, and one for each side but the baseline."""

    label: str
    sides: list[Cell]
    changes: list[Cell]


def written(record: Comparison, row: Row) -> Written:
    """A row of the table; dashes where nothing was measured."""
    figure = record.figure(row.key)
    if figure is None:
        dash = Cell(wording.MISSING)
        sides, others = len(record.compared), len(record.others)
        return Written(row.label + row.unit(1)[0], [dash] * sides, [dash] * others)
    largest = max(found.median for found in figure.ranges if found)
    suffix, divisor = row.unit(largest)
    if row.key == "cpu_percent":
        suffix += _usable(record)
    return Written(
        row.label + suffix,
        [
            range_cell(found, divisor, len(side.complete))
            for found, side in zip(figure.ranges, record.compared, strict=True)
        ],
        [
            change_cell(found, figure.kind, wording.decimals_for(largest))
            for found in figure.changes
        ],
    )


def _usable(record: Comparison) -> str:
    """How many processors there were to use, if that was the same for all sides."""
    known = {side.usable_cpus for side in record.compared if side.complete}
    return "".join(f" of {cpus:g}" for cpus in known if len(known) == 1 and cpus)


def measured(record: Comparison, rows: Sequence[Row]) -> list[Row]:
    """The rows of which at least one side has a figure."""
    return [row for row in rows if record.figure(row.key) is not None]


def range_cell(found: Range | None, divisor: float = 1.0, runs: int | None = None) -> Cell:
    """The median of a side's runs; beside it their range, or that there is none.

    Args:
        found: of the runs of which the figure is known.
        divisor: what a value is divided by.
        runs: how many the side has, None if that of all is known.
    """
    if found is None:
        return Cell(wording.MISSING)
    runs = runs or found.runs
    median, low, high = (value / divisor for value in (found.median, found.low, found.high))
    if found.runs == 1:
        return Cell(wording.number(median), f"1 of {runs} runs" if runs > 1 else "")
    span = wording.range_beside(median, low, high)
    of_runs = f"in all {found.runs}" if found.runs == runs else f"{found.runs} of {runs} runs"
    if span == wording.range_beside(median, median, median):
        return Cell(wording.number(median), of_runs)
    return Cell(wording.number(median), span if found.runs == runs else f"{span}, {of_runs}")


def change_cell(found: Change | None, kind: str, decimals: int) -> Cell:
    """The ratio, or the difference with its sign and decimals; beside it the 95 % interval."""
    if found is None:
        return Cell(wording.MISSING)
    if kind == "ratio":
        note = interval(found.low, found.high)
        return Cell(f"{times(found.estimate)} ×", note)
    low, high = (wording.signed(end, decimals) for end in (found.low, found.high))
    note = "" if found.low is None else f"{low} to {high}"
    return Cell(wording.signed(found.estimate, decimals), note)


def times(ratio: float) -> str:
    """A ratio with three significant digits, but no more than two decimals from 0.1 on.

    What is beyond the page, as an end of a wide interval may be, is written as a bound.
    """
    decimals = wording.decimals_for(ratio)
    if decimals == 0:
        too_large = ratio > LARGEST_RATIO
        return f">{wording.count(LARGEST_RATIO)}" if too_large else wording.number(ratio)
    return wording.number(ratio, min(decimals, 2 if ratio >= SMALL_RATIO else MOST_DECIMALS))


def interval(low: float | None, high: float | None) -> str:
    """The ends of a ratio's interval, each written as a ratio; nothing where there is none."""
    return "" if low is None or high is None else f"{times(low)} to {times(high)}"


def ranges(record: Comparison, key: str) -> list[Range | None]:
    """The values of a figure by side; None where there are none."""
    figure: Figure | None = record.figure(key)
    return figure.ranges if figure else [None] * len(record.compared)
