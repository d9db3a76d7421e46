"""The samples that were taken beside a run: the columns of resources.csv, and the run's own GPU."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.resources import sample_clock, sample_rows
from analysis.resources.sample_folds import MINIMUM, Float64, Int64
from profilers import rundir
from profilers.records import MAXIMUM, READINGS, Environment, Phase, ResourcesRecord

CPU = ("process_cpu_time_user_seconds", "process_cpu_time_system_seconds")
SYSTEM_CPU = "system_cpu_time_busy_seconds"
RSS = "process_memory_rss_bytes"
RSS_PEAK = "process_memory_rss_peak_bytes"
THREADS = "process_threads"
LAG = "sampler_lag_ns"
CPU_WAITING = "psi_cpu_some_seconds"
QUOTA = "cgroup_cpu_throttled_seconds"
AVAILABLE = "available"
GPU_COLUMN = re.compile(r"gpu(\d+)_(\w+)")
"""The number of a GPU, and what of it a column has."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The rows of resources.csv: Unix ns, and a float64 column per figure, NaN for empty cells.

    Of a long run a row stands for several readings (`sample_rows.Rows` says how); a row describes
    the time since the one before.

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

    def highest(self, name: str) -> Float64:
        """The largest value of a column among the readings that each row stands for."""
        highest: Float64 = np.fmax(self.column(name), self.column(f"{name}{MAXIMUM}"))
        return highest

    def lowest(self, name: str) -> Float64:
        """The smallest one, as far as it is known: the means of a long run's sampler hide some."""
        lowest: Float64 = np.fmin(self.column(name), self.column(f"{name}{MINIMUM}"))
        return lowest

    def rss_peak(self) -> Float64:
        """What is known by each row of the largest RSS, in bytes, of the run's processes."""
        peak: Float64 = np.fmax(self.highest(RSS), self.column(RSS_PEAK))
        return peak

    def readings(self) -> Float64:
        """How many readings each row stands for."""
        one = np.ones(len(self.time_ns))
        return np.fmax(self.columns.get(READINGS, one), one)

    def gpu_name(self, name: str) -> str:
        """What a column of the GPU that the run used is called; "" when there is none."""
        return "" if self.gpu is None else f"gpu{self.gpu}_{name}"

    def gpu_column(self, name: str) -> Float64:
        """A column of the GPU that the run used; all NaN when there is none."""
        return self.column(self.gpu_name(name))

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

    def lost(self) -> str:
        """Why the GPU that the run used told nothing from some time on; "" if it did not stop."""
        return "" if self.gpu is None else self.record.capabilities.get(f"gpu{self.gpu}", "")

    def clock_set(self) -> str:
        """How the system clock was set during the run, in the sampler's words; "" if it was not."""
        told = self.record.capabilities.get("clock", AVAILABLE)
        return "" if told == AVAILABLE else told

    def cpu_seconds(self) -> Float64:
        """CPU time of the run's processes up to each sample, in seconds; it only grows."""
        user, system = (self.column(name) for name in CPU)
        total: Float64 = user + system
        return total

    def cpu_percent(self) -> Float64:
        """CPU use of the run's processes since the sample before, in percent as `percent` says."""
        return self.percent(self.cpu_seconds())

    def percent(self, seconds: Float64) -> Float64:
        """Growth of a counter of seconds, 100 where it grows as time does, as CPU time of one core.

        It is that since the sample before that has a value; the first one has none.
        """
        known = np.flatnonzero(np.isfinite(seconds))
        used, passed = np.diff(seconds[known]), np.diff(self.time_ns[known]) / 1e9
        grown = np.full(len(used), np.nan)
        np.divide(100 * used, passed, out=grown, where=passed > 0)
        percent = np.full(len(seconds), np.nan)
        percent[known[1:]] = grown
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
    phases = rundir.read_rows(run / rundir.PHASES, Phase)
    edges_ns = [ns for row in phases for ns in (row.start_ns, row.start_ns + row.duration_ns)]
    rows = sample_clock.steady(sample_rows.read(path, edges_ns), run)
    gpu, no_gpu = _used_gpu(run, record)
    return Samples(rows.time_ns, rows.columns, record, gpu, no_gpu)


def _used_gpu(run: Path, record: ResourcesRecord) -> tuple[int | None, str]:
    """The sampled GPU that the measured process named, or why there is none.

    It names its UUID, or else its number in CUDA's count. Of a GPU in MIG mode some versions of
    CUDA give the instance's UUID, and some the whole one's.
    """
    if not record.gpus:
        return None, record.capabilities.get("gpu", "none was sampled")
    if not (run / rundir.ENVIRONMENT).exists():
        return None, "the measured process did not say which one it used"
    environment = rundir.read_json(run / rundir.ENVIRONMENT, Environment)
    used = {_bare(device.get("uuid")) for device in environment.devices} - {""}
    if not used:
        return _numbered_gpu(environment, record)
    for gpu in record.gpus:
        index = gpu.get("index")
        known = {_bare(gpu.get(name)) for name in ("uuid", "mig_uuid")}
        if known & used and isinstance(index, int):
            return index, ""
    return None, "the driver does not list the GPU that the run used"


def _numbered_gpu(environment: Environment, record: ResourcesRecord) -> tuple[int | None, str]:
    """The GPU of a framework that knows no UUIDs: "cuda:1" is the second one that CUDA shows."""
    devices = [str(device.get("device")) for device in environment.devices]
    numbers = {name.removeprefix("cuda:") for name in devices if name.startswith("cuda:")}
    if not numbers:
        return None, "not used by this run"
    for gpu in record.gpus:
        index = gpu.get("index")
        if str(gpu.get("cuda_ordinal")) in numbers and isinstance(index, int):
            return index, ""
    return None, "the driver does not list the GPU that the run used"


def _bare(uuid: str | int | None) -> str:
    """A UUID without the prefix that some libraries leave out."""
    return str(uuid or "").lower().removeprefix("gpu-").removeprefix("mig-")
