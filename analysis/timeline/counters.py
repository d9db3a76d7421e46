"""The counters of a timeline: what the samples say about the machine, and allocated memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis import samples
from analysis.blocks import Block, Kind
from analysis.columns import Int64

MIB = 1 << 20
GPU_COLUMN = re.compile(r"gpu(\d+)_(utilization_ratio|memory_used_bytes|power_watts)$")
GPU_COUNTERS = {
    "utilization_ratio": ("utilisation", "%", 100.0, True),
    "memory_used_bytes": ("VRAM", "MiB", 1 / MIB, False),
    "power_watts": ("power", "W", 1.0, True),
}

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """A figure over time: from each Unix time in ns on it has the value beside it, all finite."""

    name: str
    unit: str
    time_ns: Int64
    values: Float64


def resource_counters(run: Path) -> list[Counter]:
    """The counters of resources.csv; none if there are no samples, ProfileError if damaged."""
    sampled = samples.read(run)
    if sampled is None:
        return []
    return [counter for counter in _of_samples(sampled) if len(counter.values)]


def _of_samples(sampled: samples.Samples) -> Iterator[Counter]:
    time_ns = sampled.time_ns
    busy = sampled.percent(sampled.column(samples.SYSTEM_CPU))
    yield _counter("CPU", "%", time_ns, sampled.cpu_percent(), over_past=True)
    yield _counter("RSS", "MiB", time_ns, sampled.column(samples.RSS) / MIB)
    yield _counter("Threads", "count", time_ns, sampled.column(samples.THREADS))
    yield _counter("System CPU", "%", time_ns, busy, over_past=True)
    for name, values in sampled.columns.items():
        if found := GPU_COLUMN.match(name):
            title, unit, factor, over_past = GPU_COUNTERS[found[2]]
            yield _counter(f"GPU {found[1]} {title}", unit, time_ns, values * factor, over_past)


def _counter(
    name: str, unit: str, time_ns: Int64, values: Float64, over_past: bool = False
) -> Counter:
    """A counter without the empty cells; a figure on the past holds from the sample before."""
    if over_past and len(values) > 1:
        time_ns, values = time_ns[:-1], values[1:]
    known = np.isfinite(values)
    return Counter(name, unit, time_ns[known], values[known])


def allocated(block: Block) -> list[Counter]:
    """What the framework's allocators hold after each allocation and release, per device."""
    memory = block.take((block.kind == Kind.MEMORY) & (block.total_bytes >= 0))
    memory = memory.take(np.lexsort((memory.event_id, memory.start_ns)))
    counters = []
    for device in np.unique(memory.device).tolist():
        rows = memory.device == device
        place = f"GPU {device}" if device >= 0 else "host"
        values = memory.total_bytes[rows] / MIB
        counters.append(Counter(f"Allocated, {place}", "MiB", memory.start_ns[rows], values))
    return counters
