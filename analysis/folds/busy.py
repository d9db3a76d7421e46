"""How long a device was busy: the union of its intervals, which no overlap can count twice."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.blocks import Block
from analysis.columns import Int64, group_rows
from analysis.folds.links import on_device
from analysis.windows import EventWindow


def union_ns(start_ns: Int64, end_ns: Int64) -> int:
    """Length of the union of intervals; both of shape (intervals,), in any order."""
    if not len(start_ns):
        return 0
    order = np.argsort(start_ns, kind="stable")
    start_ns, end_ns = start_ns[order], end_ns[order]
    covered_to = np.maximum.accumulate(end_ns)
    begin = np.concatenate((start_ns[:1], np.maximum(start_ns[1:], covered_to[:-1])))
    return int(np.maximum(covered_to - begin, 0).sum())


def busy_ns(block: Block) -> dict[int, int]:
    """Nanoseconds in which each device of one rank ran a kernel, a copy or a memset."""
    busy = Busy()
    busy.take(EventWindow(block), np.ones(len(block), dtype=bool))
    return {device: times.busy_ns for (_, device), times in busy.devices.items()}


@dataclass(slots=True)
class DeviceTime:
    """When a device, or one of its streams, had work; nanoseconds.

    `span_ns` is from the first start to the last end; what of it is not busy is idle.
    """

    busy_ns: int = 0
    first_ns: int = np.iinfo(np.int64).max
    last_ns: int = np.iinfo(np.int64).min

    @property
    def span_ns(self) -> int:
        """Nanoseconds between the first start and the last end."""
        return max(self.last_ns - self.first_ns, 0)

    @property
    def idle_ns(self) -> int:
        """Nanoseconds of the span in which there was no work."""
        return self.span_ns - self.busy_ns


@dataclass(slots=True)
class Busy:
    """Adds up the work of devices and of their streams, window by window."""

    devices: dict[tuple[int, int], DeviceTime] = field(default_factory=dict)
    """By rank and device."""
    streams: dict[tuple[int, int, int], DeviceTime] = field(default_factory=dict)
    """By rank, device and stream."""

    def take(self, window: EventWindow, rows: npt.NDArray[np.bool_]) -> None:
        """Add the chosen events of a window."""
        work = np.flatnonzero(on_device(window.block) & rows)
        if not len(work):
            return
        start_ns, end_ns = window.inside()
        block = window.block
        rank, device, stream = block.rank[work], block.device[work], block.stream[work]
        group, first = group_rows(rank, device)
        for number, row in enumerate(first.tolist()):
            some, key = work[group == number], (int(rank[row]), int(device[row]))
            _add(self.devices.setdefault(key, DeviceTime()), start_ns[some], end_ns[some])
        group, first = group_rows(rank, device, stream)
        for number, row in enumerate(first.tolist()):
            some = work[group == number]
            place = (int(rank[row]), int(device[row]), int(stream[row]))
            _add(self.streams.setdefault(place, DeviceTime()), start_ns[some], end_ns[some])


def _add(time: DeviceTime, start_ns: Int64, end_ns: Int64) -> None:
    time.busy_ns += union_ns(start_ns, end_ns)
    time.first_ns = min(time.first_ns, int(start_ns.min()))
    time.last_ns = max(time.last_ns, int(end_ns.max()))
