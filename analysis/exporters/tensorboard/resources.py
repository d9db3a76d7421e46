"""The samples of a run as curves: each column of resources.csv, and the run's own GPU by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analysis.exporters.tensorboard.series import Float64, Series
from analysis.resources import samples
from analysis.resources.sample_folds import MINIMUM
from analysis.resources.samples import GPU_COLUMN, Samples
from analysis.wording import MIB
from profilers.records import MAXIMUM, READINGS


@dataclass(frozen=True)
class Shown:
    """How a column is shown: the curve's name and title, and what a value is multiplied by.

    A column that only `grows` is shown by its growth a second, one `from_start` by what it has
    grown since its first value. What a point shows that stands for several, `Series` says.
    """

    name: str
    title: str
    factor: float = 1.0
    grows: bool = False
    from_start: bool = False
    peaks: bool = False
    flags: bool = False


HOST = {
    samples.RSS: Shown("rss_mib", "Memory of the run (RSS), MiB", 1 / MIB, peaks=True),
    samples.RSS_PEAK: Shown(
        "rss_peak_mib", "Peak memory of the run's processes (RSS), MiB", 1 / MIB, peaks=True
    ),
    "process_open_files": Shown("open_files", "Open files of the run", peaks=True),
    samples.THREADS: Shown("threads", "Threads of the run"),
    "process_count": Shown("processes", "Processes of the run"),
    "process_context_switches": Shown(
        "context_switches_per_second", "Context switches per second", grows=True
    ),
    "process_io_read_bytes": Shown("read_mib_per_second", "Read, MiB/s", 1 / MIB, grows=True),
    "process_io_write_bytes": Shown("write_mib_per_second", "Written, MiB/s", 1 / MIB, grows=True),
    samples.SYSTEM_CPU: Shown(
        "system_cpu_percent", "CPU of the machine, % of one core", 100, grows=True
    ),
    "system_memory_used_bytes": Shown(
        "system_memory_mib", "Memory of the machine, MiB", 1 / MIB, peaks=True
    ),
    samples.CPU_WAITING: Shown(
        "cpu_waiting_percent", "Time in which a process waited for a CPU, %", 100, grows=True
    ),
    "psi_memory_some_seconds": Shown(
        "memory_waiting_percent", "Time in which a process waited for memory, %", 100, grows=True
    ),
    "psi_memory_full_seconds": Shown(
        "memory_stall_percent", "Time in which all processes waited for memory, %", 100, grows=True
    ),
    "psi_io_some_seconds": Shown(
        "io_waiting_percent", "Time in which a process waited for a disk, %", 100, grows=True
    ),
    "psi_io_full_seconds": Shown(
        "io_stall_percent", "Time in which all processes waited for a disk, %", 100, grows=True
    ),
    samples.QUOTA: Shown(
        "cpu_throttled_percent", "CPU time that the quota kept back, % of one core", 100, grows=True
    ),
    "cgroup_cpu_throttled_periods": Shown(
        "throttled_periods_per_second", "Periods with the quota used up, per second", grows=True
    ),
    "cgroup_memory_used_bytes": Shown(
        "container_memory_mib", "Memory of the container, MiB", 1 / MIB, peaks=True
    ),
    "system_swap_used_bytes": Shown("swap_mib", "Swap of the machine, MiB", 1 / MIB, peaks=True),
    "system_disk_read_bytes": Shown(
        "system_read_mib_per_second", "Read by the machine, MiB/s", 1 / MIB, grows=True
    ),
    "system_disk_write_bytes": Shown(
        "system_write_mib_per_second", "Written by the machine, MiB/s", 1 / MIB, grows=True
    ),
    "system_network_received_bytes": Shown(
        "received_mib_per_second", "Received by the machine, MiB/s", 1 / MIB, grows=True
    ),
    "system_network_sent_bytes": Shown(
        "sent_mib_per_second", "Sent by the machine, MiB/s", 1 / MIB, grows=True
    ),
    samples.LAG: Shown("sampler_lag_ms", "How late a sample was taken, ms", 1e-6, peaks=True),
    "sampler_cost_ns": Shown("sampler_cost_ms", "How long a sample took, ms", 1e-6, peaks=True),
}
GPU = {
    "utilization_ratio": Shown("utilization_percent", "in use, %", 100),
    "memory_used_bytes": Shown("memory_mib", "memory, MiB", 1 / MIB, peaks=True),
    "process_memory_bytes": Shown("run_memory_mib", "memory of the run, MiB", 1 / MIB, peaks=True),
    "power_watts": Shown("power_watts", "power, W"),
    "power_average_watts": Shown("power_average_watts", "power, mean over 1 s, W"),
    "memory_reserved_bytes": Shown(
        "memory_reserved_mib", "memory of the driver, MiB", 1 / MIB, peaks=True
    ),
    "memory_clock_hz": Shown("memory_clock_mhz", "clock of the memory, MHz", 1e-6),
    "pcie_received_bytes_per_second": Shown(
        "pcie_received_mib_per_second", "received by PCIe, MiB/s", 1 / MIB
    ),
    "pcie_sent_bytes_per_second": Shown("pcie_sent_mib_per_second", "sent by PCIe, MiB/s", 1 / MIB),
    "energy_joules": Shown("energy_joules", "energy since the start, J", from_start=True),
    "other_processes": Shown("other_processes", "other processes"),
    "throttle_bits": Shown(
        "throttle_bits", "reasons for a lower clock, as NVML's bits", flags=True
    ),
    "sm_clock_hz": Shown("sm_clock_mhz", "clock, MHz", 1e-6),
    "temperature_celsius": Shown("temperature_celsius", "temperature, °C"),
}
FOLDER = "resources"
CPU = Shown("cpu_percent", "CPU of the run, % of one core")
OWN_GPU = {
    "utilization_ratio": Shown("gpu_percent", "GPU of the run in use, %", 100),
    "memory_used_bytes": Shown("vram_mib", "Memory of the run's GPU, MiB", 1 / MIB, peaks=True),
    "power_watts": Shown("power_watts", "Power of the run's GPU, W"),
}
"""The GPU that a run used has the same tags in all runs, whatever its number is."""

NOT_SHOWN = {"monotonic_ns", READINGS, *samples.CPU}
"""A clock, how many readings a row stands for, and the parts of `CPU`."""


def curves(found: Samples | None, start_ns: int) -> Iterator[Series]:
    """The curves that have a point; their steps are ms since `start_ns`, a Unix time."""
    if found is None:
        return
    step = (found.time_ns - start_ns) // 1_000_000
    wall = found.time_ns / 1e9
    for tag, shown, values in _columns(found):
        known = np.isfinite(values)
        if known.any():
            yield Series(tag, step[known], wall[known], values[known], shown.peaks, shown.flags)


def titles(found: Samples) -> dict[str, str]:
    """What the curves that have a point are called, by tag, in the order to read them in."""
    return {tag: shown.title for tag, shown, values in _columns(found) if np.isfinite(values).any()}


def _columns(found: Samples) -> Iterator[tuple[str, Shown, Float64]]:
    """The tag of each curve, how it is shown, and its values, NaN where there is none."""
    yield f"{FOLDER}/{CPU.name}", CPU, found.cpu_percent()
    for name, shown in OWN_GPU.items():
        yield f"{FOLDER}/{shown.name}", shown, _values(found, found.gpu_name(name), shown)
    known = [name for name in HOST if name in found.columns]
    for name in dict.fromkeys([*known, *found.columns]):
        if name not in NOT_SHOWN and not name.endswith((MAXIMUM, MINIMUM)):
            folder, shown = _described(name)
            yield f"{folder}/{shown.name}", shown, _values(found, name, shown)


def _values(found: Samples, name: str, shown: Shown) -> Float64:
    column = found.highest(name) if shown.peaks or shown.flags else found.column(name)
    if shown.grows:
        return found.percent(column) / 100 * shown.factor
    if shown.from_start:
        known = column[np.isfinite(column)]
        column = column - known[0] if len(known) else column
    return column * shown.factor


def _described(column: str) -> tuple[str, Shown]:
    """The folder of a column's curve, and how it is shown; one that nobody knows as it is."""
    gpu = GPU_COLUMN.fullmatch(column)
    if gpu is None:
        return FOLDER, HOST.get(column, Shown(column, column))
    shown = GPU.get(gpu[2], Shown(gpu[2], gpu[2]))
    return f"gpu{gpu[1]}", replace(shown, title=f"GPU {gpu[1]}: {shown.title}")
