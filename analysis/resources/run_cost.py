"""What a run cost: CPU, memory, GPU and power from the samples that were taken beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.resources import coverage
from analysis.resources.coverage import Window
from analysis.resources.sample_folds import Float64
from analysis.resources.samples import CPU, CPU_WAITING, LAG, RSS, THREADS, Samples
from profilers.records import POWER_AVERAGE, Phase

NO_SAMPLE = "no sample of the run's processes"
GPU_PERIOD_SECONDS = 0.1
"""How often NVML renews power and energy, on the slower of its cards."""
USE_PERIOD_SECONDS = 1 / 6
"""Over which time NVML's utilisation looks back at least; on some GPUs it is a second."""
AVERAGING_SECONDS = 1.0
"""How far a reading of power looks back that is a mean."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a run used in a window; None where it could not be measured, and `reasons` says why.

    `cpu_percent` is 100 for one core, `cpu_share_ratio` the part of the CPUs that the run may use.
    Peaks are over the whole run, not the window, up to where the device's own peaks are measured.
    `gpu_percent` is NVML's: the time in which a kernel ran. `vram_peak_bytes` counts all processes
    of the GPU, `process_vram_peak_bytes` the run's own.
    """

    cpu_seconds: float | None
    cpu_user_seconds: float | None
    cpu_system_seconds: float | None
    cpu_percent: float | None
    cpu_share_ratio: float | None
    rss_mean_bytes: float | None
    rss_peak_bytes: int | None
    threads: int | None
    gpu_percent: float | None
    vram_peak_bytes: int | None
    process_vram_peak_bytes: int | None
    power_watts: float | None
    power_kind: str | None
    samples: int
    missed: int
    lag_median_ns: float | None
    lag_largest_ns: float | None
    reasons: dict[str, str]


def window_of(phases: Iterable[Phase], name: str) -> Window | None:
    """From the begin of the first to the end of the last phase of a name; None without one."""
    rows = [phase for phase in phases if phase.phase == name]
    if not rows:
        return None
    return Window(
        min(row.start_ns for row in rows), max(row.start_ns + row.duration_ns for row in rows)
    )


def before(samples: Samples, phases: Sequence[Phase]) -> Window | None:
    """From the first sample to the last one without the run's process; None where that is nothing.

    The process takes time to start before its first phase begins, which is the end if it was seen
    by the first sample or never.
    """
    if not len(samples.time_ns) or not phases:
        return None
    end_ns = min(phase.start_ns for phase in phases)
    seen = np.flatnonzero(~np.isnan(samples.column(RSS)))
    if len(seen) and seen[0]:
        end_ns = min(end_ns, int(samples.time_ns[seen[0] - 1]))
    window = Window(int(samples.time_ns[0]), end_ns)
    return window if window.seconds > 0 else None


def waiting_ratio(samples: Samples, window: Window) -> float | None:
    """The part of a window in which some process of the machine waited for a CPU.

    None with fewer than 2 samples in the window, or where the kernel does not report it.
    """
    waited = coverage.growth(samples.time_ns, samples.column(CPU_WAITING), window)
    return waited[0] / waited[1] if waited else None


def figures(samples: Samples, window: Window | None, end_ns: int | None = None) -> Figures:
    """What the run used in the window (the timed phase), and its peaks over all samples.

    Args:
        samples: those of the run.
        window: the timed phase, None if it was not reached.
        end_ns: Unix time from which on the run did no work of its model any more.
    """
    own = samples.time_ns < (np.iinfo(np.int64).max if end_ns is None else end_ns)
    user, system, cpu = (
        coverage.growth_of_all(samples.time_ns, counter, window)
        for counter in (*map(samples.column, CPU), samples.cpu_seconds())
    )
    cores = None if cpu[0] is None or window is None else cpu[0] / window.seconds
    gpu_ratio, no_gpu = gpu_mean(samples, "utilization_ratio", window, USE_PERIOD_SECONDS)
    power_watts, no_power = power_mean(samples, window)
    rss_peak = rss_peak_bytes(samples, own, end_ns)
    vram_peak, process_vram_peak = (
        peak(samples.highest(samples.gpu_name(name))[own])
        for name in ("memory_used_bytes", "process_memory_bytes")
    )
    lag_ns = samples.column(LAG)[~np.isnan(samples.column(LAG))]
    largest_lag_ns = peak(samples.highest(LAG))
    reasons = {
        "cpu_percent": cpu[1],
        "rss_peak_bytes": "" if rss_peak else NO_SAMPLE,
        "gpu_percent": no_gpu,
        "vram_peak_bytes": samples.why_empty("memory_used_bytes") if vram_peak is None else "",
        "process_vram_peak_bytes": samples.why_empty("process_memory_bytes")
        if process_vram_peak is None
        else "",
        "power_watts": no_power,
    }
    return Figures(
        cpu_seconds=cpu[0],
        cpu_user_seconds=user[0],
        cpu_system_seconds=system[0],
        cpu_percent=None if cores is None else 100 * cores,
        cpu_share_ratio=share_of_usable(samples, cores),
        rss_mean_bytes=None
        if window is None
        else coverage.held_mean(samples.time_ns, samples.column(RSS), window),
        rss_peak_bytes=rss_peak,
        threads=peak(samples.highest(THREADS)[own]),
        gpu_percent=None if gpu_ratio is None else 100 * gpu_ratio,
        vram_peak_bytes=vram_peak,
        process_vram_peak_bytes=process_vram_peak,
        power_watts=power_watts,
        power_kind=power_kind(samples) if power_watts is not None else None,
        samples=int(samples.readings().sum()),
        missed=samples.record.missed,
        lag_median_ns=float(np.median(lag_ns)) if len(lag_ns) else None,
        lag_largest_ns=None if largest_lag_ns is None else float(largest_lag_ns),
        reasons={name: reason for name, reason in reasons.items() if reason},
    )


def share_of_usable(samples: Samples, cores: float | None) -> float | None:
    """So many busy CPUs as a part of those that the run may use: affinity, quota, their number."""
    usable = samples.record.limits.get("cpu_count")
    return cores / usable if cores is not None and usable else None


def rss_peak_bytes(samples: Samples, own: npt.NDArray[np.bool_], end_ns: int | None) -> int | None:
    """The run's peak: by some samples, and by what was read as phases ended before a Unix time.

    A peak can lie between two samples.
    """
    found = [
        end.rss_peak_bytes
        for end in samples.record.phase_ends
        if end.rss_peak_bytes and (end_ns is None or end.time_ns < end_ns)
    ]
    return max([*found, *filter(None, [peak(samples.rss_peak()[own])])], default=None)


def gpu_mean(
    samples: Samples, name: str, window: Window | None, period_seconds: float
) -> tuple[float | None, str]:
    """The mean of a column of the run's GPU over the window, or why there is none.

    Args:
        samples: those of the run.
        name: of the column, without the GPU's number.
        window: the stretch of time; None if the run did not get there.
        period_seconds: how often the sensor is renewed, at best.
    """
    column = samples.gpu_column(name)
    if np.isnan(column).all():
        return None, samples.why_empty(name)
    if window is None:
        return None, coverage.NOT_REACHED
    times = samples.time_ns[~np.isnan(column)]
    if times[-1] < window.end_ns and (lost := samples.lost()):
        return None, lost
    covered = coverage.covered_seconds(times, window)
    times = times[window.holds(times)]
    period_seconds = max(period_seconds, coverage.median_gap_seconds(times))
    if reason := coverage.not_resolved(window, period_seconds, len(times)):
        return None, reason
    if not coverage.covers(covered, window):
        return None, coverage.ONLY_A_PART
    mean = coverage.held_mean(samples.time_ns, column, window)
    return mean, "" if mean is not None else coverage.TOO_FEW


def power_mean(samples: Samples, window: Window | None) -> tuple[float | None, str]:
    """The mean power of the run's GPU over the window, or why there is none.

    Readings that look back a second tell of a window only if that is long beside it.
    """
    looks_back = power_kind(samples) == POWER_AVERAGE
    period_seconds = AVERAGING_SECONDS if looks_back else GPU_PERIOD_SECONDS
    return gpu_mean(samples, "power_watts", window, period_seconds)


def power_kind(samples: Samples) -> str | None:
    """What readings of the run's GPU are: "instant" or "average-1s"; None if it isn't told."""
    kind = gpu_of(samples).get("power_kind")
    return str(kind) if kind else None


def gpu_of(samples: Samples) -> Mapping[str, str | int | None]:
    """What is recorded of the GPU that the run used; nothing without one."""
    return next((each for each in samples.record.gpus if each.get("index") == samples.gpu), {})


def peak(values: Float64) -> int | None:
    """The largest value, as a whole number; None where none is known."""
    return None if np.isnan(values).all() else int(np.nanmax(values))
