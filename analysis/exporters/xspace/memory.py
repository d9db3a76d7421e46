"""Allocations in an XSpace file, as XProf's memory profile reads them."""

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, TextTable
from analysis.columns import Int64
from analysis.exporters.xspace import names as xspace_names
from analysis.exporters.xspace.fields import TEXT, Fields
from analysis.exporters.xspace.places import Places
from analysis.exporters.xspace.plane import Plane

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Allocator = tuple[int, int]


class Allocations:
    """Writes what an allocator held at each of its events, and the most that it held until then.

    Args:
        plane: what the events belong to.
        sizes: bytes of each accelerator, by rank and device.
    """

    def __init__(self, plane: Plane, sizes: dict[Allocator, int]) -> None:
        self._plane = plane
        self._sizes = sizes
        self._peaks: dict[Allocator, int] = {}
        self._ops: TextTable | None = None

    def names(self, changed_bytes: Int64) -> Int64:
        """The numbers of the events' names, by what each changed."""
        gained = self._plane.event(xspace_names.ALLOCATION)
        released = self._plane.event(xspace_names.RELEASE)
        return np.where(changed_bytes > 0, gained, released)

    def add(self, fields: Fields, folded: Folded, places: Places, rows: Rows, memory: Mask) -> None:
        """Add the stats of those of the events that are allocations."""
        if not memory.any():
            return
        block = folded.block
        device, rank = block.device[rows].astype(np.int64), block.rank[rows]
        held, size = block.total_bytes[rows], np.abs(block.bytes[rows])
        address = block.flow[rows]
        allocator, free, peak = (np.full(len(rows), NONE, dtype=np.int64) for _ in range(3))
        order = np.argsort(rows, kind="stable")  # peaks are those in order of time
        for key in {*zip(rank[memory].tolist(), device[memory].tolist(), strict=True)}:
            chosen = order[(memory & (rank == key[0]) & (device == key[1]))[order]]
            allocator[chosen] = self._plane.text(_name(key))
            peak[chosen] = self._peak(key, held[chosen])
            if key in self._sizes:
                free[chosen] = np.maximum(self._sizes[key] - held[chosen], 0)
        fields.stat("allocator_name", allocator, memory, TEXT)
        fields.stat("bytes_allocated", held, memory & (held >= 0))
        fields.stat("peak_bytes_in_use", peak, memory & (peak >= 0))
        fields.stat("bytes_available", free, memory & (free >= 0) & (held >= 0))
        fields.stat("requested_bytes", size, memory)
        fields.stat("allocation_bytes", size, memory)
        fields.stat("addr", address, memory & (address >= 0))
        self._around(fields, folded, places, rows, memory)

    def _peak(self, key: Allocator, held: Int64) -> Int64:
        """The most that was held up to each event, -1 where it is not known."""
        peak = np.maximum.accumulate(np.append(self._peaks.get(key, NONE), held))[1:]
        self._peaks[key] = int(peak[-1])
        return peak

    def _around(
        self, fields: Fields, folded: Folded, places: Places, rows: Rows, memory: Mask
    ) -> None:
        """Name the op that allocated: as the region, as XProf would count it where it is an op."""
        if self._ops is None:
            self._ops = TextTable(folded.strings, self._plane.text)
        parent = places.parent[rows]
        op = np.where(memory & (parent >= 0), folded.op[parent], NONE)
        fields.stat("region_type", self._ops.of(op), form=TEXT)


def _name(key: Allocator) -> str:
    rank, device = key
    name = "CPU" if device < 0 else f"GPU_{device}"
    return name if not rank else f"{name} of rank {rank}"
