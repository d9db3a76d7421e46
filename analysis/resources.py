"""What a run cost: CPU, memory, GPU and power from the samples that were taken beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.sample_folds import Float64, Int64
from analysis.samples import CPU, CPU_WAITING, LAG, RSS, THREADS, Samples
from profilers.records import POWER_AVERAGE, Phase

TOO_FEW = "fewer than 2 samples in the timed phase"
NOT_REACHED = "the timed phase was not reached"
ONLY_A_PART = "the samples cover only a part of the phase"
SMALLEST_COVERED_RATIO = 0.95
UPDATES = 10
"""How often a sensor must have been renewed in a window, for its mean there to be a figure."""
GPU_PERIOD_SECONDS = 0.1
"""How often NVML renews power and energy, on the slower of its cards."""
USE_PERIOD_SECONDS = 1 / 6
"""Over which time NVML's utilisation looks back at least; on some GPUs it is a second."""
AVERAGING_SECONDS = 1.0
"""How far a reading of power looks back that is a mean."""


@dataclass(frozen=True)
class Window:
    """A stretch of Unix time in ns."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end_ns - self.start_ns) / 1e9

    def holds(self, time_ns: Int64) -> npt.NDArray[np.bool_]:
        """Which of some Unix times lie in it, its edges included."""
        return (time_ns >= self.start_ns) & (time_ns <= self.end_ns)


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


def growth(time_ns: Int64, counter: Float64, window: Window) -> tuple[float, float] | None:
    """How much a cumulative counter grew in a window, and over how many seconds of it.

    The counter is interpolated linearly at the window's edges; where the samples begin later or
    end earlier, the window is cut to them. None with fewer than 2 samples in the window.
    """
    known = ~np.isnan(counter)
    time_ns, counter = time_ns[known], counter[known]
    if window.holds(time_ns).sum() < 2:
        return None
    start_ns = max(window.start_ns, int(time_ns[0]))
    end_ns = min(window.end_ns, int(time_ns[-1]))
    if end_ns <= start_ns:
        return None
    edges = np.array([start_ns, end_ns], dtype=np.int64) - start_ns
    begin, end = np.interp(edges / 1e9, (time_ns - start_ns) / 1e9, counter)
    return float(end - begin), (end_ns - start_ns) / 1e9


def waiting_ratio(samples: Samples, window: Window) -> float | None:
    """The part of a window in which some process of the machine waited for a CPU.

    None with fewer than 2 samples in the window, or where the kernel does not report it.
    """
    waited = growth(samples.time_ns, samples.column(CPU_WAITING), window)
    return waited[0] / waited[1] if waited else None


def covers(seconds: float, window: Window) -> bool:
    """Whether so many seconds of a window are enough for a figure of all of it."""
    return seconds >= SMALLEST_COVERED_RATIO * window.seconds


def median_gap_seconds(time_ns: Int64) -> float:
    """The usual time between readings, to 10 ms; 0 with fewer than 2 of them."""
    return round(float(np.median(np.diff(time_ns))) / 1e9, 2) if len(time_ns) > 1 else 0.0


def not_resolved(window: Window, period_seconds: float, readings: int) -> str:
    """Why a window is too short for a sensor that has so many readings in it; "" if it isn't."""
    if window.seconds < UPDATES * period_seconds:
        return (
            f"not resolvable: {window.seconds:.2f} s are under ten of the sensor's "
            f"{period_seconds * 1000:.0f} ms"
        )
    return "" if readings > 1 else "fewer than 2 samples in the phase"


def held_mean(time_ns: Int64, gauge: Float64, window: Window) -> float | None:
    """The mean of a gauge over a window, each sample standing for the time since the one before.

    Sensors report on a window that is past, so a value is held backwards. What follows an empty
    cell counts from that cell on. None with fewer than 2 samples in the window.
    """
    known = ~np.isnan(gauge)
    if window.holds(time_ns[known]).sum() < 2:
        return None
    ends = np.clip(time_ns, window.start_ns, window.end_ns)
    held_seconds = np.diff(ends, prepend=ends[:1]) / 1e9
    weight = float(held_seconds[known].sum())
    return float((gauge[known] * held_seconds[known]).sum() / weight) if weight > 0 else None


def figures(samples: Samples, window: Window | None, end_ns: int | None = None) -> Figures:
    """What the run used in the window (the timed phase), and its peaks over all samples.

    Args:
        samples: those of the run.
        window: the timed phase, None if it was not reached.
        end_ns: Unix time from which on the run did no work of its model any more.
    """
    own = samples.time_ns < (np.iinfo(np.int64).max if end_ns is None else end_ns)
    user, system = (_grown(samples, name, window) for name in CPU)
    cpu = None if window is None else growth(samples.time_ns, samples.cpu_seconds(), window)
    cores = cpu[0] / cpu[1] if cpu else None
    gpu_ratio, no_gpu = gpu_mean(samples, "utilization_ratio", window, USE_PERIOD_SECONDS)
    power_watts, no_power = power_mean(samples, window)
    vram_peak_bytes = peak(samples.highest(samples.gpu_name("memory_used_bytes"))[own])
    lag_ns = samples.column(LAG)[~np.isnan(samples.column(LAG))]
    largest_lag_ns = peak(samples.highest(LAG))
    reasons = {
        "cpu_percent": "" if cpu else NOT_REACHED if window is None else TOO_FEW,
        "gpu_percent": no_gpu,
        "vram_peak_bytes": samples.why_empty("memory_used_bytes") if not vram_peak_bytes else "",
        "power_watts": no_power,
    }
    return Figures(
        cpu_seconds=cpu[0] if cpu else None,
        cpu_user_seconds=user,
        cpu_system_seconds=system,
        cpu_percent=None if cores is None else 100 * cores,
        cpu_share_ratio=share_of_usable(samples, cores),
        rss_mean_bytes=None
        if window is None
        else held_mean(samples.time_ns, samples.column(RSS), window),
        rss_peak_bytes=rss_peak_bytes(samples, own, end_ns),
        threads=peak(samples.highest(THREADS)[own]),
        gpu_percent=None if gpu_ratio is None else 100 * gpu_ratio,
        vram_peak_bytes=vram_peak_bytes,
        process_vram_peak_bytes=peak(
            samples.highest(samples.gpu_name("process_memory_bytes"))[own]
        ),
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


def _grown(samples: Samples, name: str, window: Window | None) -> float | None:
    found = None if window is None else growth(samples.time_ns, samples.column(name), window)
    return found[0] if found else None


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
        return None, NOT_REACHED
    times = samples.time_ns[~np.isnan(column)]
    covered_ns = min(int(times[-1]), window.end_ns) - max(int(times[0]), window.start_ns)
    times = times[window.holds(times)]
    period_seconds = max(period_seconds, median_gap_seconds(times))
    if reason := not_resolved(window, period_seconds, len(times)):
        return None, reason
    if not covers(covered_ns / 1e9, window):
        return None, ONLY_A_PART
    mean = held_mean(samples.time_ns, column, window)
    return mean, "" if mean is not None else TOO_FEW


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
