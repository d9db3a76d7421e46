"""The frames that charts are drawn from, made of what the sections of the page hold."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import statistics
from analysis.alignment.record import LevelRow
from analysis.anatomy.anatomy import PHASES
from analysis.comparison import ratios
from analysis.comparison.record import Range
from analysis.comparison.values import Unit, memory_unit, ranges
from analysis.finish import Finished
from analysis.measured import model_end_ns
from analysis.partition.record import Partition
from analysis.report.names import row_name, short
from analysis.report.parts import Row
from analysis.report.roofs import Point, Roof
from analysis.report.subject import Side, Subject
from analysis.samples import RSS, Samples

NS_PER_MS = 1e6
MOST_WINDOWS = 400
"""Of a run with more rows, so many evenly chosen ones are drawn."""

MOST_SAMPLES = 600
GIB = 2**30


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


def _thinned(values: np.ndarray, most: int = MOST_WINDOWS) -> np.ndarray:
    if len(values) <= most:
        return values
    chosen: np.ndarray = values[np.linspace(0, len(values) - 1, most).round().astype(int)]
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


def resources(subject: Subject) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Samples (side, seconds, measure, value) and phases of the last run of each side."""
    samples: list[tuple[int, float, str, float]] = []
    phases: list[tuple[int, str, float, float]] = []
    for side in subject.sides:
        for run in subject.finished(side)[-1:]:
            found = _own_samples(run)
            if found is None or not len(found.time_ns):
                continue
            start_ns = int(found.time_ns[0])
            end_ns = model_end_ns(run.measured.phases) or math.inf
            seconds = (found.time_ns - start_ns) / 1e9
            for measure, values in _measures(subject, found).items():
                if not np.isnan(values).all():
                    kept = _thinned(np.arange(len(values)), MOST_SAMPLES)
                    samples += [
                        (side.number, float(seconds[at]), measure, float(values[at])) for at in kept
                    ]
            phases += [
                (side.number, each.phase, (each.start_ns - start_ns) / 1e9, each.duration_ns / 1e9)
                for each in run.measured.phases
                if each.start_ns < end_ns
            ]
    return (
        _frame(samples, "side", "seconds", "measure", "value"),
        _frame(phases, "side", "phase", "start_s", "duration_s"),
    )


def _own_samples(run: Finished) -> Samples | None:
    """Those of the run's model: without what it took to measure the machine's peaks."""
    found = run.measured.samples
    end_ns = model_end_ns(run.measured.phases)
    if found is None or end_ns is None:
        return found
    own = found.time_ns < end_ns
    columns = {name: values[own] for name, values in found.columns.items()}
    return replace(found, time_ns=found.time_ns[own], columns=columns)


def _measures(subject: Subject, found: Samples) -> dict[str, np.ndarray]:
    """By name and unit; memory has the units of the tables."""
    rss, rss_bytes = _memory_unit(subject, "rss_peak_bytes")
    vram, vram_bytes = _memory_unit(subject, "vram_peak_bytes")
    return {
        "CPU, cores": found.cpu_percent() / 100,
        f"RSS{rss}": found.column(RSS) / rss_bytes,
        "GPU, %": 100 * found.gpu_column("utilization_ratio"),
        f"VRAM{vram}": found.gpu_column("memory_used_bytes") / vram_bytes,
        "Power, W": found.power_watts(),
    }


def _memory_unit(subject: Subject, key: str) -> Unit:
    known = [found.median for found in ranges(subject.record, key) if found]
    return memory_unit(max(known, default=GIB))


def memory(subject: Subject) -> pd.DataFrame:
    """side, series, seconds, bytes: memory of the last run of each side."""
    found: list[tuple[int, str, float, float]] = []
    for side in subject.sides:
        for run in subject.finished(side)[-1:]:
            found += [(side.number, *row) for row in _memory(run)]
    return _frame(found, "side", "series", "seconds", "bytes")


def _memory(run: Finished) -> Iterator[tuple[str, float, float]]:
    samples = _own_samples(run)
    if samples is None or not len(samples.time_ns):
        return
    seconds = (samples.time_ns - int(samples.time_ns[0])) / 1e9
    series = {"RSS": samples.column(RSS), "VRAM": samples.gpu_column("memory_used_bytes")}
    for name, values in series.items():
        if not np.isnan(values).all():
            for at in _thinned(np.arange(len(values)), MOST_SAMPLES):
                yield name, float(seconds[at]), float(values[at])


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
