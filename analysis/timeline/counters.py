"""The counters of a timeline: what the samples say about the machine, and allocated memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.blocks import Block, Kind
from analysis.columns import Int64, group_rows
from analysis.resources import samples
from analysis.wording import MIB

MOST_DEVICES = 100
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
        found = samples.GPU_COLUMN.fullmatch(name)
        if found and found[2] in GPU_COUNTERS:
            title, unit, factor, over_past = GPU_COUNTERS[found[2]]
            yield _counter(f"GPU {found[1]} {title}", unit, time_ns, values * factor, over_past)


def _counter(
    name: str, unit: str, time_ns: Int64, values: Float64, over_past: bool = False
) -> Counter:
    """A counter without the empty cells; a figure on the past holds from the sample before.

    Its values are in order of time, even if the clock was set back on the way.
    """
    if over_past and len(values) > 1:
        time_ns, values = time_ns[:-1], values[1:]
    order = np.argsort(time_ns, kind="stable")
    known = order[np.isfinite(values[order])]
    return Counter(name, unit, time_ns[known], values[known])


@dataclass(slots=True)
class Allocated:
    """What the framework's allocators hold after each allocation and release, per device.

    Devices beyond the first MOST_DEVICES share one counter.

    Args:
        ranks: whether there are several, each with devices of its own.
    """

    ranks: bool = False
    _names: dict[tuple[int, int], str] = field(default_factory=dict)

    def of(self, block: Block) -> list[Counter]:
        """The counters of some events, which begin after those of earlier calls."""
        memory = block.take((block.kind == Kind.MEMORY) & (block.total_bytes >= 0))
        memory = memory.take(np.lexsort((memory.event_id, memory.start_ns)))
        group, first = group_rows(memory.rank, memory.device)
        places = zip(memory.rank[first].tolist(), memory.device[first].tolist(), strict=True)
        met = dict(sorted(zip(first.tolist(), places, strict=True)))  # as they first appear
        names = {row: self._name(*place) for row, place in met.items()}
        known = list(dict.fromkeys(names.values()))
        number = np.array([known.index(names[row]) for row in first.tolist()], dtype=np.intp)
        number = number[group]
        order = np.argsort(number, kind="stable")
        return [
            Counter(known[number[rows[0]]], "MiB", memory.start_ns[rows], _mib(memory, rows))
            for rows in np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
            if len(rows)
        ]

    def _name(self, rank: int, device: int) -> str:
        name = self._names.get((rank, device))
        if name is None:
            if len(self._names) >= MOST_DEVICES:
                return "Allocated, further devices"
            of_rank = f"rank {rank}, " if self.ranks else ""
            place = f"GPU {device}" if device >= 0 else "host"
            name = self._names[rank, device] = f"Allocated, {of_rank}{place}"
        return name


def _mib(memory: Block, rows: npt.NDArray[np.intp]) -> Float64:
    return memory.total_bytes[rows] / MIB
