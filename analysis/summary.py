"""One run in figures: the row that profile.py prints, from the files of the run directory."""

from collections.abc import Sequence

import msgspec

from analysis import flags, statistics, wording
from analysis.cost_text import ALLOCATED_PEAK
from analysis.measured import Measured
from analysis.resources import disturbances, run_cost, sensors
from analysis.resources.energy import Energy
from profilers import rundir
from profilers.records import Result, Step
from profilers.summaries import RunSummary, Spread, empty_summary

DISTURBED_RATIO = 1.2
INDICATIVE = "times of operations are indicative"
SAMPLED = (
    "cpu_percent",
    "rss_peak_bytes",
    "gpu_percent",
    "vram_peak_bytes",
    "process_vram_peak_bytes",
    "power_watts",
)
WHOLE_RATIO = 0.995
"""A part of the timed phase that counts as all of it in what is said of it."""


def write(
    measured: Measured, warnings: Sequence[str] = (), busy_ratio: float | None = None
) -> RunSummary:
    """Write derived/summary.json of what was read, and return it.

    What was not measured, and all of a run that did not get that far, is None.

    Args:
        measured: what was read of the run.
        warnings: what else it is to warn of.
        busy_ratio: the part of the profiled steps in which the GPU had work by the trace.
    """
    summary = of_measured(measured, busy_ratio)
    summary = msgspec.structs.replace(summary, warnings=[*summary.warnings, *warnings])
    rundir.write_json(measured.run / rundir.SUMMARY, summary)
    return summary


def of_measured(measured: Measured, busy_ratio: float | None = None) -> RunSummary:
    """The figures of a run, from what was read of it, and of its trace."""
    record, settings, steps = measured.record, measured.record.settings, measured.steps
    result = measured.result
    step_ms = statistics.timed_step(steps)
    profiled_ms = statistics.profiled_step(steps)
    first_ms = statistics.step_times_ms(statistics.rows_of(steps, "first_step"))
    return msgspec.structs.replace(
        _with_resources(empty_summary(str(measured.run), record), measured),
        gpu_trace_percent=None if busy_ratio is None else 100 * busy_ratio,
        step_ms=step_ms,
        samples_per_second=_rate(settings.batch_size, step_ms),
        flops_per_step=result.flops_per_step if result else None,
        flops_per_second=_flops_per_second(result, step_ms),
        first_step_ms=float(first_ms[0]) if len(first_ms) else None,
        accuracy=result.accuracy if result else None,
        allocated_peak_bytes=result.framework_memory.get(ALLOCATED_PEAK) if result else None,
        overhead_ratio=_ratio(profiled_ms, step_ms),
        inference_latency_ms=_inference(steps, 1),
        inference_samples_per_second=_rate(
            settings.batch_size, _inference(steps, settings.batch_size)
        ),
        flags=flags.flags(measured),
        warnings=warnings_of(measured),
    )


def _with_resources(summary: RunSummary, measured: Measured) -> RunSummary:
    """The summary with CPU, memory, GPU, power and energy, and with what of them is missing."""
    figures = measured.figures
    if figures is None:
        return msgspec.structs.replace(summary, missing=_missing(measured))
    share = figures.cpu_share_ratio
    gross, packages = measured.energy, measured.package_energy
    shares = measured.shares
    return msgspec.structs.replace(
        summary,
        cpu_percent=figures.cpu_percent,
        cpu_share_percent=None if share is None else 100 * share,
        cpu_user_seconds=figures.cpu_user_seconds,
        cpu_system_seconds=figures.cpu_system_seconds,
        rss_mean_bytes=figures.rss_mean_bytes,
        rss_peak_bytes=figures.rss_peak_bytes,
        gpu_percent=figures.gpu_percent,
        vram_peak_bytes=figures.vram_peak_bytes,
        process_vram_peak_bytes=figures.process_vram_peak_bytes,
        power_watts=figures.power_watts,
        power_kind=figures.power_kind,
        idle_watts=measured.idle.watts,
        energy_joules=gross.joules,
        energy_method=gross.method,
        energy_resolution_seconds=gross.resolution_seconds,
        energy_joules_to_accuracy=None if measured.trained_to is None else gross.joules,
        energy_joules_per_step=shares.per_step(gross.joules),
        energy_joules_per_1000_samples=shares.per_1000_samples(gross.joules),
        energy_net_joules=gross.net_joules,
        energy_net_joules_per_1000_samples=shares.per_1000_samples(gross.net_joules),
        cpu_energy_joules=packages.joules,
        cpu_energy_joules_per_1000_samples=shares.per_1000_samples(packages.joules),
        cpu_energy_net_joules=packages.net_joules,
        missing=_missing(measured),
    )


def _missing(measured: Measured) -> dict[str, str]:
    """Why figures of resources are None, by their names in the summary."""
    figures, gross, packages = measured.figures, measured.energy, measured.package_energy
    found = {} if figures is None else dict(figures.reasons)
    if figures is None:
        found = dict.fromkeys(SAMPLED, sensors.NOT_RECORDED)
    found |= {
        "idle_watts": measured.idle.reason,
        "energy_joules": gross.reason,
        "energy_net_joules": gross.net_reason,
        "cpu_energy_joules": packages.reason,
        "cpu_energy_net_joules": packages.net_reason,
    }
    return {name: reason for name, reason in found.items() if reason}


def warnings_of(measured: Measured) -> list[str]:
    """What the run warned of, and what its figures tell against themselves; each once."""
    found = [*measured.record.warnings, *(measured.result.warnings if measured.result else [])]
    found += filter(None, (_busy(measured), _disturbed(measured.steps)))
    if measured.energy.doubtful:
        counted, integrated = measured.energy.joules, measured.energy.check_joules
        found.append(
            f"the energy counter says {wording.number(counted)} J and the power readings "
            f"{wording.number(integrated)} J: over 10 % apart"
        )
    if measured.samples is not None and (clock := measured.samples.clock_set()):
        found.append(f"{clock}; times before and after that are not on one clock")
    found += filter(None, (_partly(measured.energy), _partly(measured.package_energy)))
    return list(dict.fromkeys(found))


def _partly(energy: Energy) -> str:
    """Energy of all of the timed phase that was taken from a part of it."""
    if energy.joules is None or energy.covered_ratio >= WHOLE_RATIO:
        return ""
    return (
        f"the samples cover {wording.percent(energy.covered_ratio)} of the timed phase; its energy "
        "counts the rest like that part"
    )


def _busy(measured: Measured) -> str:
    """A machine that had more work than CPUs while steps were profiled.

    Of the timed phase `flags` tells it.
    """
    window = run_cost.window_of(measured.phases, "profiled")
    if measured.samples is None or window is None:
        return ""
    ratio = run_cost.waiting_ratio(measured.samples, window) or 0
    if ratio <= disturbances.WAITING_RATIO:
        return ""
    share = wording.percent(ratio)
    return f"a process waited for a CPU in {share} of the profiled phase; {INDICATIVE}"


def _disturbed(steps: list[Step]) -> str:
    """Single profiled steps that took much longer: the tables of operations are means of all."""
    rows = statistics.rows_of(steps, "profiled", profiled=True)
    longer, mean_ratio = statistics.outliers(statistics.step_times_ms(rows))
    if not longer or mean_ratio <= DISTURBED_RATIO:
        return ""
    verb = "was" if longer == 1 else "were"
    return (
        f"{longer} of {wording.counted(len(rows), 'profiled step')} {verb} disturbed; {INDICATIVE}"
    )


def _inference(steps: list[Step], samples: int) -> Spread | None:
    rows = [row for row in statistics.rows_of(steps, "inference") if row.samples == samples]
    return statistics.spread(statistics.step_times_ms(rows))


def _rate(batch_size: int, step_ms: Spread | None) -> float | None:
    """Samples per second at the median step."""
    return 1e3 * batch_size / step_ms.median if step_ms and step_ms.median > 0 else None


def _flops_per_second(result: Result | None, step_ms: Spread | None) -> float | None:
    """Of the matrix products, at the median step; None where none are known."""
    if result is None or not result.flops_per_step or step_ms is None or step_ms.median <= 0:
        return None
    return 1e3 * result.flops_per_step / step_ms.median


def _ratio(profiled_ms: Spread | None, step_ms: Spread | None) -> float | None:
    if profiled_ms is None or step_ms is None or step_ms.median <= 0:
        return None
    return profiled_ms.median / step_ms.median
