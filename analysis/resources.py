"""What a run cost: CPU, memory, GPU and power from the samples that were taken beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from profilers import rundir
from profilers.rundir import ProfileError

TIME = "time_ns"
CPU = ("process_cpu_time_user_seconds", "process_cpu_time_system_seconds")
RSS = "process_memory_rss_bytes"
THREADS = "process_threads"
LAG = "sampler_lag_ns"
TOO_FEW = "fewer than 2 samples in the timed phase"
NOT_REACHED = "the timed phase was not reached"

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A stretch of Unix time in ns."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True, eq=False)
class Samples:
    """The rows of resources.csv: Unix ns, and a float64 column per figure, NaN for empty cells.

    `gpu` is the number of the GPU that the run used, as its columns are named; None for a run
    that used none, or whose GPU was not sampled; then `no_gpu` says why.
    """

    time_ns: Int64
    columns: dict[str, Float64]
    record: rundir.ResourcesRecord
    gpu: int | None
    no_gpu: str

    def column(self, name: str) -> Float64:
        """One column; one that the sampler did not write is all NaN."""
        return self.columns.get(name, np.full(len(self.time_ns), np.nan))

    def gpu_column(self, name: str) -> Float64:
        """A column of the GPU that the run used; all NaN when there is none."""
        return self.column("" if self.gpu is None else f"gpu{self.gpu}_{name}")

    def power_watts(self) -> Float64:
        """Power of the GPU that the run used."""
        return self.gpu_column("power_watts")

    def energy_joules(self) -> Float64:
        """Energy counter of the GPU that the run used; it counts from the driver's load."""
        return self.gpu_column("energy_joules")

    def why_empty(self, name: str) -> str:
        """Why a column of the GPU that the run used has no value, in the sampler's words."""
        if self.gpu is None:
            return self.no_gpu
        capabilities = self.record.capabilities
        column = f"gpu{self.gpu}_{name}"
        return capabilities.get(column) or capabilities.get(f"gpu{self.gpu}") or "not recorded"

    def cpu_seconds(self) -> Float64:
        """CPU time of the run's processes up to each sample, in seconds; it only grows."""
        user, system = (self.column(name) for name in CPU)
        total: Float64 = user + system
        return total

    def cpu_percent(self) -> Float64:
        """CPU use since the sample before, 100 for one core; NaN for the first sample."""
        used = np.diff(self.cpu_seconds(), prepend=np.nan)
        seconds = np.diff(self.time_ns, prepend=self.time_ns[:1]) / 1e9
        percent = np.full(len(used), np.nan)
        np.divide(100 * used, seconds, out=percent, where=seconds > 0)
        return percent


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a run used in a window; None where it could not be measured, and `reasons` says why.

    `cpu_percent` is 100 for one core; the two peaks are over the whole run, not the window.
    """

    cpu_seconds: float | None
    cpu_percent: float | None
    rss_peak_bytes: int | None
    threads: int | None
    gpu_percent: float | None
    vram_peak_bytes: int | None
    power_watts: float | None
    samples: int
    missed: int
    lag_median_ns: float | None
    lag_largest_ns: float | None
    reasons: dict[str, str]


def read(run: Path) -> Samples | None:
    """The samples of a run, or None if it ended before there were any.

    Raises:
        ProfileError: a file is damaged; the sentence names it.
    """
    path = run / rundir.RESOURCES
    if not path.exists() or not (run / rundir.RESOURCES_RECORD).exists():
        return None
    record = rundir.read_json(run / rundir.RESOURCES_RECORD, rundir.ResourcesRecord)
    time_ns, columns = _read_columns(path)
    gpu, no_gpu = _used_gpu(run, record)
    return Samples(time_ns, columns, record, gpu, no_gpu)


def _read_columns(path: Path) -> tuple[Int64, dict[str, Float64]]:
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text[: text.rfind("\n") + 1].splitlines()
    names = lines[0].split(",") if lines else [TIME]
    rows = [line.split(",") for line in lines[1:]]
    uneven = next((n for n, row in enumerate(rows) if len(row) != len(names)), None)
    if uneven is not None or TIME not in names:
        raise ProfileError(
            f"{path} is damaged in line {1 if uneven is None else uneven + 2}; "
            "run profile.py again."
        )
    cells = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    try:
        time_ns = np.array([int(cell) for cell in cells.get(TIME, ())], dtype=np.int64)
        columns = {
            name: np.array([float(cell) if cell else np.nan for cell in cells.get(name, ())])
            for name in names
            if name != TIME
        }
    except ValueError as error:
        raise ProfileError(f"{path} is damaged ({error}); run profile.py again.") from None
    return time_ns, columns


def _used_gpu(run: Path, record: rundir.ResourcesRecord) -> tuple[int | None, str]:
    """The sampled GPU with the UUID that the measured process named, or why there is none."""
    if not record.gpus:
        return None, record.capabilities.get("gpu", "none was sampled")
    if not (run / rundir.ENVIRONMENT).exists():
        return None, "the measured process did not say which one it used"
    environment = rundir.read_json(run / rundir.ENVIRONMENT, rundir.Environment)
    used = {_bare(device.get("uuid")) for device in environment.devices} - {""}
    if not used:
        return None, "not used by this run"
    for gpu in record.gpus:
        index = gpu.get("index")
        if _bare(gpu.get("uuid")) in used and isinstance(index, int):
            return index, ""
    return None, "the driver does not list the one that the run used"


def _bare(uuid: str | int | None) -> str:
    """A UUID without the prefix that some libraries leave out."""
    return str(uuid or "").lower().removeprefix("gpu-")


def timed_window(phases: Iterable[rundir.Phase]) -> Window | None:
    """From the begin of the first to the end of the last timed phase; None if there is none."""
    rows = [phase for phase in phases if phase.phase == "timed"]
    if not rows:
        return None
    return Window(
        min(row.start_ns for row in rows), max(row.start_ns + row.duration_ns for row in rows)
    )


def growth(time_ns: Int64, counter: Float64, window: Window) -> tuple[float, float] | None:
    """How much a cumulative counter grew in a window, and over how many seconds of it.

    The counter is interpolated linearly at the window's edges; where the samples begin later or
    end earlier, the window is cut to them. None with fewer than 2 samples in the window.
    """
    known = ~np.isnan(counter)
    time_ns, counter = time_ns[known], counter[known]
    if _inside(time_ns, window) < 2:
        return None
    start_ns = max(window.start_ns, int(time_ns[0]))
    end_ns = min(window.end_ns, int(time_ns[-1]))
    if end_ns <= start_ns:
        return None
    edges = np.array([start_ns, end_ns], dtype=np.int64) - start_ns
    begin, end = np.interp(edges / 1e9, (time_ns - start_ns) / 1e9, counter)
    return float(end - begin), (end_ns - start_ns) / 1e9


def held_mean(time_ns: Int64, gauge: Float64, window: Window) -> float | None:
    """The mean of a gauge over a window, each sample standing for the time since the one before.

    Sensors report on a window that is past, so a value is held backwards. What follows an empty
    cell counts from that cell on. None with fewer than 2 samples in the window.
    """
    known = ~np.isnan(gauge)
    if _inside(time_ns[known], window) < 2:
        return None
    ends = np.clip(time_ns, window.start_ns, window.end_ns)
    held_seconds = np.diff(ends, prepend=ends[:1]) / 1e9
    weight = float(held_seconds[known].sum())
    return float((gauge[known] * held_seconds[known]).sum() / weight) if weight > 0 else None


def _inside(time_ns: Int64, window: Window) -> int:
    return int(((time_ns >= window.start_ns) & (time_ns <= window.end_ns)).sum())


def figures(samples: Samples, window: Window | None) -> Figures:
    """What the run used in the window (the timed phase), and its peaks over all samples."""
    cpu = None if window is None else growth(samples.time_ns, samples.cpu_seconds(), window)
    gpu_ratio, no_gpu = _gpu_mean(samples, "utilization_ratio", window)
    power_watts, no_power = _gpu_mean(samples, "power_watts", window)
    vram_peak_bytes = _peak(samples.gpu_column("memory_used_bytes"))
    lag_ns = samples.column(LAG)[~np.isnan(samples.column(LAG))]
    reasons = {
        "cpu_percent": "" if cpu else NOT_REACHED if window is None else TOO_FEW,
        "gpu_percent": no_gpu,
        "vram_peak_bytes": samples.why_empty("memory_used_bytes") if not vram_peak_bytes else "",
        "power_watts": no_power,
    }
    return Figures(
        cpu_seconds=cpu[0] if cpu else None,
        cpu_percent=100 * cpu[0] / cpu[1] if cpu else None,
        rss_peak_bytes=_peak(samples.column(RSS)),
        threads=_peak(samples.column(THREADS)),
        gpu_percent=None if gpu_ratio is None else 100 * gpu_ratio,
        vram_peak_bytes=vram_peak_bytes,
        power_watts=power_watts,
        samples=len(samples.time_ns),
        missed=samples.record.missed,
        lag_median_ns=float(np.median(lag_ns)) if len(lag_ns) else None,
        lag_largest_ns=float(lag_ns.max()) if len(lag_ns) else None,
        reasons={name: reason for name, reason in reasons.items() if reason},
    )


def _gpu_mean(samples: Samples, name: str, window: Window | None) -> tuple[float | None, str]:
    """The mean of a column of the run's GPU over the window, or why there is none."""
    column = samples.gpu_column(name)
    if np.isnan(column).all():
        return None, samples.why_empty(name)
    if window is None:
        return None, NOT_REACHED
    mean = held_mean(samples.time_ns, column, window)
    return mean, "" if mean is not None else TOO_FEW


def _peak(values: Float64) -> int | None:
    return None if np.isnan(values).all() else int(np.nanmax(values))
