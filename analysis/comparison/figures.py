"""The figures of a comparison: each side's processes, the change within rounds, the profile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from analysis import statistics, trust_text
from analysis.comparison import ratios
from analysis.comparison.record import Change, Figure, Range, SideProfile
from analysis.finish import Finished
from analysis.folds.recorded import thinned
from profilers.summaries import Spread

Rounds = Mapping[int, Finished]
"""The complete runs of one side, by round."""


@dataclass(frozen=True)
class Measure:
    """A figure of one process, and whether sides are compared by their ratio or difference."""

    key: str
    value: Callable[[Finished], float | None]
    kind: Literal["ratio", "difference"] = "ratio"


def _median(spread: Spread | None) -> float | None:
    return None if spread is None else spread.median


def _trained(run: Finished) -> float | None:
    return run.measured.result.trained_steps if run.measured.result else None


MEASURES = (
    Measure("step_ms", lambda run: _median(run.summary.step_ms)),
    Measure("samples_per_second", lambda run: run.summary.samples_per_second),
    Measure("first_step_ms", lambda run: run.summary.first_step_ms),
    Measure("accuracy", lambda run: run.summary.accuracy, "difference"),
    Measure("trained_steps", _trained),
    Measure("inference_latency_ms", lambda run: _median(run.summary.inference_latency_ms)),
    Measure("inference_samples_per_second", lambda run: run.summary.inference_samples_per_second),
    Measure("cpu_percent", lambda run: run.summary.cpu_percent),
    Measure("rss_peak_bytes", lambda run: run.summary.rss_peak_bytes),
    Measure("gpu_percent", lambda run: run.summary.gpu_percent),
    Measure("gpu_trace_percent", lambda run: run.summary.gpu_trace_percent),
    Measure("vram_peak_bytes", lambda run: run.summary.vram_peak_bytes),
    Measure("process_vram_peak_bytes", lambda run: run.summary.process_vram_peak_bytes),
    Measure("allocated_peak_bytes", lambda run: run.summary.allocated_peak_bytes),
    Measure("power_watts", lambda run: run.summary.power_watts),
    Measure(
        "energy_joules_per_1000_samples", lambda run: run.summary.energy_joules_per_1000_samples
    ),
    Measure(
        "energy_net_joules_per_1000_samples",
        lambda run: run.summary.energy_net_joules_per_1000_samples,
    ),
    Measure(
        "cpu_energy_joules_per_1000_samples",
        lambda run: run.summary.cpu_energy_joules_per_1000_samples,
    ),
    Measure("overhead_ratio", lambda run: run.summary.overhead_ratio),
)


def figures(sides: Sequence[Rounds], baseline: int) -> list[Figure]:
    """All figures that at least one side has."""
    others = [rounds for number, rounds in enumerate(sides) if number != baseline]
    found = []
    for measure in MEASURES:
        ranges = [_range(measure, rounds) for rounds in sides]
        changes = [_change(measure, sides[baseline], rounds) for rounds in others]
        if any(ranges):
            found.append(Figure(key=measure.key, kind=measure.kind, ranges=ranges, changes=changes))
    return found


def _range(measure: Measure, rounds: Rounds) -> Range | None:
    values = [value for value in map(measure.value, rounds.values()) if value is not None]
    found = statistics.over_runs(values)
    return None if found is None else Range(found.median, found.low, found.high, found.count)


def _change(measure: Measure, baseline: Rounds, other: Rounds) -> Change | None:
    """Over the rounds in which both sides have a value; for a ratio, one above zero."""
    pairs = [
        (measure.value(baseline[number]), measure.value(other[number]))
        for number in sorted(baseline.keys() & other.keys())
    ]
    if measure.kind == "ratio":
        logs = [ratios.log_ratio(left, right) for left, right in pairs]
        sample = ratios.sample([each for each in logs if each is not None])
        if sample is None:
            return None
        ratio = ratios.ratio(sample)
        return Change(ratio.estimate, ratio.low, ratio.high, ratio.pairs)
    known = [(left, right) for left, right in pairs if left is not None and right is not None]
    sample = ratios.sample([right - left for left, right in known])
    if sample is None:
        return None
    low, high = sample.interval() or (None, None)
    return Change(sample.mean, low, high, sample.pairs)


def profile(runs: Sequence[Finished]) -> SideProfile | None:
    """The mean of the runs' profiles; None where none of them marks a step."""
    profiled = [run for run in runs if run.profile and run.profile.coverage.steps_ns]
    profiles = [run.profile for run in profiled if run.profile]
    if not profiles:
        return None
    coverages = [each.coverage for each in profiles]
    return SideProfile(
        runs=len(profiles),
        phase_ratio=_mean([each.phase_ratio for each in coverages]),
        layer_ratio=_mean([each.layer_ratio for each in coverages]),
        dropped=sum(each.dropped for each in coverages),
        recorded_ops=_middle([_middle(each.ops_per_step) for each in profiles]),
        graph_ops=_middle([trust_text.graph_ops(run) for run in profiled]),
        thinned=any(thinned(each.ops_per_step) for each in profiles),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
