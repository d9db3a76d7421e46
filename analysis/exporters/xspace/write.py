"""Writes a torch trace as an .xplane.pb file (XSpace), which TensorBoard's Profile tab opens."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis import wording
from analysis.annotate import Folded, Recorded
from analysis.blocks import Trace
from analysis.columns import group_rows
from analysis.exporters.protobuf import bytes_field
from analysis.exporters.xspace.device import DevicePlane
from analysis.exporters.xspace.host import HostPlane
from analysis.exporters.xspace.lines import LineKey
from analysis.exporters.xspace.names import OpNames
from analysis.exporters.xspace.places import HOST, Placer
from analysis.exporters.xspace.plane import Plane, Sink, Store, utf8
from analysis.lacks import lacks
from analysis.output_file import writing
from analysis.readers.xspace_names import KINETO, RECORDER
from profilers.rundir import ProfileError

HOST_PLANE, DEVICE_PLANE, TASK_PLANE = "/host:CPU", "/device:GPU:", "Task Environment"
HOST_NAME = "pytorch"
FARTHEST_NS = 2**62 // 1000
"""Times are picoseconds in 64 bits: what begins later than that after the first can't be said."""

MEMORY_BYTES = 8 << 20
Device = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written: `events` of `events_in` that the trace has, `too_far` in time the others.

    `crowded` are those written that overlap too many others for XProf to count them. `lines` are
    the threads and streams, with those that were added for events that cross. `lacks` says what is
    missing of the trace.
    """

    events_in: int
    events: int
    too_far: int
    crowded: int
    lines: int
    lacks: tuple[str, ...] = ()

    def check(self, path: Path) -> None:
        """Raise ProfileError if an event was lost."""
        if self.events + self.too_far != self.events_in:
            raise ProfileError(
                f"{path} would show {self.events:,} of {self.events_in:,} events, so it was not "
                "written; please report this with the trace."
            )


def write(recorded: Recorded, path: Path) -> Counts:
    """Write a trace of torch that was read to its end, which goes through its windows.

    Allocations and the launch configurations of kernels are there if the trace was opened for
    them (`memory`, `details`). What the reader says of the trace stands among XProf's warnings.

    Raises:
        ProfileError: the file can't be written.
    """
    counted = recorded.counted
    last_ns = counted.last_ns if counted.first_ns <= counted.last_ns else None
    return _write(recorded.windows(), recorded.trace, path, counted.events, last_ns)


def write_folded(folded: Folded, trace: Trace, path: Path) -> Counts:
    """The same for a trace that was folded as a whole."""
    block = folded.block
    last_ns = int(block.end_ns.max()) if len(block) else None
    return _write([folded], trace, path, len(block), last_ns)


def _write(
    windows: Iterable[Folded], trace: Trace, path: Path, events: int, last_ns: int | None
) -> Counts:
    with writing(path) as place, tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES) as file:
        space = Space(trace, Store(file), last_ns)
        for folded in windows:
            space.take(folded)
        numbers = (space.events, space.too_far, space.crowded, space.lines)
        counts = Counts(events, *numbers, tuple(lacks(trace)))
        counts.check(path)
        with place.open("wb") as sink:
            space.write(sink, _warnings(trace, counts))
    return counts


class Space:
    """A file in the making: the planes of the host and of each accelerator.

    Args:
        trace: what the events belong to.
        store: where they wait until the sizes of planes are known.
        last_ns: when the last event ends, None if there is none.
    """

    def __init__(self, trace: Trace, store: Store, last_ns: int | None) -> None:
        self.events = 0
        self.too_far = 0
        self._trace = trace
        self._store = store
        self._last_ns = last_ns
        self._start_ns: int | None = None
        self._end_ns = 0
        self._op_names = OpNames()
        self._placer = Placer()
        self._planes = [Plane(HOST_PLANE, 1, store)]
        sizes = {
            (trace.rank, device): size
            for device, known in enumerate_devices(trace.devices).items()
            if isinstance(size := known.get("totalGlobalMem"), int)
        }
        self._host = HostPlane(
            trace.strings, self._planes[0], self._op_names, self._thread_name, sizes
        )
        self._devices: dict[Device, DevicePlane] = {}

    @property
    def crowded(self) -> int:
        """Events that overlap too many others."""
        return self._placer.crowded

    @property
    def lines(self) -> int:
        """How many lines there are in all."""
        return sum(len(plane.lines) for plane in self._planes)

    def take(self, folded: Folded) -> None:
        """Write the events that begin in a window."""
        block, window = folded.block, folded.window
        places = self._placer.places(folded)
        rows = np.arange(window.carried, len(block))
        if not len(rows):
            return
        if self._start_ns is None:
            first_ns = int(block.start_ns[rows[0]])
            last_ns = first_ns if self._last_ns is None else self._last_ns
            self._start_ns = max(first_ns, last_ns - FARTHEST_NS)
        since_ns = block.start_ns[rows] - self._start_ns
        reach = (since_ns >= 0) & (block.end_ns[rows] - self._start_ns <= FARTHEST_NS)
        self.too_far += int(np.count_nonzero(~reach))
        rows = rows[reach]
        self._end_ns = max(self._end_ns, int(block.end_ns[rows].max(initial=0)))
        self.events += len(rows)
        host = rows[places.side[rows] == HOST]
        if len(host):
            self._host.take(folded, places, host, self._start_ns)
        others = rows[places.side[rows] != HOST]
        if len(others):
            for device, some in _by_device(folded, others):
                self._device(device).take(folded, places, some, self._start_ns)

    def write(self, sink: Sink, warnings: Sequence[str]) -> None:
        """Hand on the whole file."""
        self._host.finish()
        for device in self._devices.values():
            device.finish()
        start_ns = max(self._start_ns or 0, 1)
        task = Plane(TASK_PLANE, len(self._planes) + 1, self._store)
        task.stats["profile_start_time"] = start_ns
        task.stats["profile_stop_time"] = max(self._end_ns, start_ns)
        for plane in self._planes:
            plane.stats[RECORDER] = KINETO
        for plane in (*self._planes, task):
            plane.write(sink)
        for warning in warnings:
            sink.write(bytes_field(3, utf8(warning)))
        sink.write(bytes_field(4, utf8(HOST_NAME)))

    def _device(self, key: Device) -> DevicePlane:
        """The plane of an accelerator, which has its number unless another rank's took that."""
        if key not in self._devices:
            taken = {plane.name for plane in self._planes}
            number = max(key[1], 0)
            while f"{DEVICE_PLANE}{number}" in taken:
                number += 1
            plane = Plane(f"{DEVICE_PLANE}{number}", len(self._planes) + 1, self._store)
            self._planes.append(plane)
            known = enumerate_devices(self._trace.devices)
            properties = known.get(key[1]) or _common(list(known.values()))
            self._devices[key] = DevicePlane(self._trace.strings, plane, self._op_names, properties)
        return self._devices[key]

    def _thread_name(self, key: LineKey) -> str:
        trace = self._trace
        name = trace.thread_names.get((key.process, key.thread)) or f"thread {key.thread}"
        if len({process for process, _ in trace.thread_names}) > 1:
            name = f"{trace.process_names.get(key.process) or key.process}, {name}"
        return f"{name} ({key.lane + 1})" if key.lane else name


def enumerate_devices(devices: Iterable[Mapping[str, object]]) -> dict[int, Mapping[str, object]]:
    """What is known of accelerators, by their number."""
    return {number: each for each in devices if isinstance(number := each.get("id"), int)}


def _common(properties: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What several accelerators have in common, such as the one that is meant."""
    first, *others = properties or [{}]
    return {key: value for key, value in first.items() if all(o.get(key) == value for o in others)}


def _by_device(
    folded: Folded, rows: npt.NDArray[np.intp]
) -> Iterable[tuple[Device, npt.NDArray[np.intp]]]:
    block = folded.block
    rank, device = block.rank[rows], block.device[rows]
    group, first = group_rows(rank, device)
    for number, place in enumerate(first.tolist()):
        yield (int(rank[place]), int(device[place])), rows[group == number]


def _warnings(trace: Trace, counts: Counts) -> list[str]:
    """What the file lacks of the trace, and what its reader says of it."""
    found = [f"{lack[0].upper()}{lack[1:]}." for lack in counts.lacks]
    if counts.too_far:
        days = FARTHEST_NS // (24 * 3600 * 10**9)
        events = wording.counted(counts.too_far, "event")
        found.append(f"{events} left out: more than {days} days from the others.")
    if counts.crowded:
        events = wording.counted(counts.crowded, "event")
        found.append(f"{events} overlap too many others in part; XProf's tables lack them.")
    return [wording.well_formed(text) for text in (*found, *trace.notes)]
