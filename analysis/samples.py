"""The samples that were taken beside a run: the columns of resources.csv, and the run's own GPU."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from profilers import rundir
from profilers.records import Environment, ResourcesRecord
from profilers.rundir import ProfileError

TIME = "time_ns"
CPU = ("process_cpu_time_user_seconds", "process_cpu_time_system_seconds")
SYSTEM_CPU = "system_cpu_time_busy_seconds"
RSS = "process_memory_rss_bytes"
THREADS = "process_threads"
LAG = "sampler_lag_ns"
CPU_WAITING = "psi_cpu_some_seconds"
QUOTA = "cgroup_cpu_throttled_seconds"

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Samples:
    """The rows of resources.csv: Unix ns, and a float64 column per figure, NaN for empty cells.

    `gpu` is the number of the GPU that the run used, as its columns are named; None for a run
    that used none, or whose GPU was not sampled; then `no_gpu` says why.
    """

    time_ns: Int64
    columns: dict[str, Float64]
    record: ResourcesRecord
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
        """CPU use of the run's processes since the sample before, in percent as `percent` says."""
        return self.percent(self.cpu_seconds())

    def percent(self, seconds: Float64) -> Float64:
        """Growth of CPU seconds since the sample before, 100 for one core; NaN for the first."""
        used = np.diff(seconds, prepend=np.nan)
        passed = np.diff(self.time_ns, prepend=self.time_ns[:1]) / 1e9
        percent = np.full(len(used), np.nan)
        np.divide(100 * used, passed, out=percent, where=passed > 0)
        return percent


def read(run: Path) -> Samples | None:
    """The samples of a run, or None if it ended before there were any.

    Raises:
        ProfileError: a file is damaged; the sentence names it.
    """
    path = run / rundir.RESOURCES
    if not path.exists() or not (run / rundir.RESOURCES_RECORD).exists():
        return None
    record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
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


def _used_gpu(run: Path, record: ResourcesRecord) -> tuple[int | None, str]:
    """The sampled GPU with the UUID that the measured process named, or why there is none."""
    if not record.gpus:
        return None, record.capabilities.get("gpu", "none was sampled")
    if not (run / rundir.ENVIRONMENT).exists():
        return None, "the measured process did not say which one it used"
    environment = rundir.read_json(run / rundir.ENVIRONMENT, Environment)
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
