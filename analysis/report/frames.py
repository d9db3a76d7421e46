"""The frames that charts are drawn from, made of what the sections of the page hold."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis import statistics
from analysis.alignment.record import LevelRow
from analysis.anatomy.anatomy import PHASES
from analysis.comparison import ratios
from analysis.comparison.record import Range
from analysis.comparison.values import ranges
from analysis.partition.record import Partition
from analysis.report.names import row_name, short
from analysis.report.parts import Row
from analysis.report.roofs import Point, Roof
from analysis.report.subject import Side, Subject

NS_PER_MS = 1e6
MOST_WINDOWS = 400
"""Of a run with more rows, so many evenly chosen ones are drawn."""


def sides(subject: Subject, chosen: Sequence[Side] | None = None) -> pd.DataFrame:
    """side, label, framework, mark: the baseline first."""
    rows = [
        (side.number, side.label, side.framework, side.mark) for side in chosen or subject.sides
    ]
    return _frame(rows, "side", "label", "framework", "mark")


def step_times(subject: Subject) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Timed rows of all runs, each side's median with its interval, and the steps of a row."""
    times: list[tuple[int, int, bool, float]] = []
    spans: list[tuple[int, float, float, float]] = []
    window = 1
    for side in subject.sides:
        medians = []
        runs = [run for run in subject.runs if run.side == side]
        for number, run in enumerate(runs, start=1):
            if run.finished is None:
                continue
            rows = statistics.rows_of(run.finished.measured.steps, "timed")
            window = max([window, *(row.count for row in rows)])
            values = statistics.step_times_ms(rows)
            if len(values):
                medians.append(float(np.median(values)))
            flagged = bool(run.process.flags)
            times += [(side.number, number, flagged, float(ms)) for ms in _thinned(values)]
        if medians:
            spans.append((side.number, float(np.median(medians)), *interval(medians)))
    return (
        _frame(times, "side", "run", "flagged", "step_ms"),
        _frame(spans, "side", "median_ms", "low_ms", "high_ms"),
        window,
    )


def interval(medians: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval over runs, Student's t on logarithms; NaN below three of them."""
    logs = [math.log(each) for each in medians if each > 0]
    sample = ratios.sample(logs) if len(logs) >= ratios.FEWEST_PAIRS else None
    ends = sample.interval() if sample else None
    return (math.nan, math.nan) if ends is None else (math.exp(ends[0]), math.exp(ends[1]))


def _thinned(values: np.ndarray) -> np.ndarray:
    if len(values) <= MOST_WINDOWS:
        return values
    chosen: np.ndarray = values[np.linspace(0, len(values) - 1, MOST_WINDOWS).round().astype(int)]
    return chosen


def waterfall(rows: Sequence[LevelRow]) -> pd.DataFrame:
    """key, kind, difference_ms, in the order of the page."""
    found = [(row_name(row), row.kind, row.difference_ns / NS_PER_MS) for row in rows]
    return _frame(found, "key", "kind", "difference_ms")


def median_step(subject: Subject) -> pd.DataFrame:
    """side, lane, start_ms, duration_ms, phase: one profile of each side that knows phases."""
    rows = [
        (
            side.number,
            short(stretch.lane, 40),
            stretch.start_ns / NS_PER_MS,
            stretch.duration_ns / NS_PER_MS,
            stretch.phase if stretch.phase in PHASES else "",
        )
        for side in subject.sides
        for partition in _typical(subject.partitions(side))
        if partition.phases_known
        for stretch in partition.stretches
    ]
    return _frame(rows, "side", "lane", "start_ms", "duration_ms", "phase")


def _typical(partitions: Sequence[Partition]) -> Sequence[Partition]:
    """The one whose median step is nearest to the mean step of all, which the tables have."""
    known = [each for each in partitions if each.phases_known and each.steps and each.stretches]
    if not known:
        return partitions[-1:]
    mean_ns = sum(each.steps_ns for each in partitions) / sum(each.steps for each in partitions)
    return [min(known, key=lambda each: abs(each.median_step_ns - mean_ns))]


def categories(subject: Subject, rows: Sequence[Row]) -> pd.DataFrame:
    """side, category ("" unmapped, "gap", "idle"), time_ms."""
    found = [
        (side.number, row.kind if row.kind in ("gap", "idle") else row.category or "", ms)
        for row in rows
        for side in subject.sides
        if (ms := row.times_ns.get(side.number, 0.0) / NS_PER_MS)
    ]
    return _frame(found, "side", "category", "time_ms")


def layers(both: Sequence[Side], grouped: Mapping[str, Sequence[Row]]) -> pd.DataFrame:
    """layer, phase, side, time_ms."""
    found = [
        (short(layer, 60), row.phase, side.number, row.times_ns[side.number] / NS_PER_MS)
        for layer, rows in grouped.items()
        for row in rows
        for side in both
        if side.number in row.times_ns
    ]
    return _frame(found, "layer", "phase", "side", "time_ms")


def operations(both: Sequence[Side], rows: Sequence[Row]) -> pd.DataFrame:
    """op, side, time_ms: one row for an operation and a side, over all phases."""
    sums: dict[tuple[str, int], float] = {}
    for row in rows:
        for side in both:
            if side.number in row.times_ns:
                place = (short(row.key, 80), side.number)
                sums[place] = sums.get(place, 0.0) + row.times_ns[side.number] / NS_PER_MS
    return _frame([(*place, ms) for place, ms in sums.items()], "op", "side", "time_ms")


def energy(subject: Subject, key: str, net_key: str) -> pd.DataFrame:
    """side, joules_per_1000, low, high, net_joules_per_1000."""
    known, net = ranges(subject.record, key), ranges(subject.record, net_key)
    rows = [
        (side.number, found.median, found.low, found.high, _median(net[side.number]))
        for side in subject.sides
        if side.number < len(known) and (found := known[side.number]) is not None
    ]
    return _frame(rows, "side", "joules_per_1000", "low", "high", "net_joules_per_1000")


def _median(found: Range | None) -> float:
    return found.median if found else math.nan


def points(found: Sequence[Point]) -> pd.DataFrame:
    """side, name, flops_per_byte, flops_per_second."""
    rows = [(each.side, each.name, each.flops_per_byte, each.flops_per_second) for each in found]
    return _frame(rows, "side", "name", "flops_per_byte", "flops_per_second")


def roofs(found: Mapping[int, Roof]) -> pd.DataFrame:
    """side, peak_flops_per_second, peak_bytes_per_second."""
    rows = [
        (number, roof.flops_per_second, roof.bytes_per_second) for number, roof in found.items()
    ]
    return _frame(rows, "side", "peak_flops_per_second", "peak_bytes_per_second")


def _frame(rows: Sequence[tuple[object, ...]], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))
