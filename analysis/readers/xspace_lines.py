"""Turns the events of one line (a thread or a stream) of an XSpace profile into columns."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from analysis.blocks import NONE, Block, Kind, Strings, from_columns
from analysis.readers import xspace_names
from analysis.readers.xspace_names import Named
from analysis.readers.xspace_planes import Plane, Value

MAX_NS = 2**62
MARKS = "ThreadpoolListener::"
MEMORY = ("MemoryAllocation", "MemoryDeallocation")
STAT_NAMES = {
    *("step_num", "_r", "correlation_id", "hlo_op", "hlo_module", "program_id", "tf_op", "name"),
    *("memcpy_details", "memset_details", "allocation_bytes", "bytes_allocated", "allocator_name"),
}
GPU_ALLOCATOR = "GPU_"

Programs = dict[int | str, dict[str, str]]


class Place(NamedTuple):
    """Where a line's events happen; device and stream as in Block."""

    process: int
    thread: int
    device: int
    stream: int


@dataclass(slots=True)
class Columns:
    """The columns of a line's events that a block holds, and what it does not."""

    place: Place
    name: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    start_ns: list[int] = field(default_factory=list)
    duration_ns: list[int] = field(default_factory=list)
    device: list[int] = field(default_factory=list)
    correlation: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    total_bytes: list[int] = field(default_factory=list)
    path: list[int] = field(default_factory=list)
    marks: int = 0
    dropped: dict[str, int] = field(default_factory=Counter)

    def block(self, first: int) -> Block:
        """These events as a block; `first` is the id of the first one."""
        count = len(self.name)
        place = self.place
        return from_columns(
            count,
            event_id=np.arange(first, first + count),
            name=self.name,
            kind=self.kind,
            start_ns=self.start_ns,
            duration_ns=self.duration_ns,
            process=np.full(count, place.process),
            thread=np.full(count, place.thread),
            device=self.device,
            stream=np.full(count, place.stream if place.device >= 0 else NONE),
            correlation=self.correlation,
            bytes=self.bytes,
            total_bytes=self.total_bytes,
            path=self.path,
        )


class LineReader:
    """Reads the events of one line, some at a time.

    Args:
        strings: the trace's texts.
        plane: the plane that the line belongs to.
        place: where its events happen.
        thread: the line's name.
        start_ns: Unix nanoseconds that the events' offsets count from.
        programs: the paths of the instructions of each XLA program, by its number and its name.
    """

    def __init__(
        self,
        strings: Strings,
        plane: Plane,
        place: Place,
        thread: str,
        start_ns: int,
        programs: Programs,
    ) -> None:
        self._strings = strings
        self._plane = plane
        self._place = place
        self._thread = thread
        self._start_ns = start_ns
        self._programs = programs
        self._wanted = {
            number: name for number, name in plane.stat_names.items() if name in STAT_NAMES
        }
        self._named: dict[int, Named] = {}

    def columns(self, events: Any) -> Columns:
        """The columns of these events."""
        columns = Columns(self._place)
        for event in events:
            self._take(event, columns)
        return columns

    def _take(self, event: Any, columns: Columns) -> None:
        metadata = self._plane.event_metadata.get(event.metadata_id)
        offset_ps, duration_ps = event.offset_ps, event.duration_ps
        start_ns = self._start_ns + offset_ps // 1000
        if metadata is None or not metadata.name:
            columns.dropped["no name"] += 1
        elif event.num_occurrences:
            columns.dropped["sum of many events"] += 1
        elif duration_ps < 0 or not 0 <= start_ns < MAX_NS:
            columns.dropped["impossible time"] += 1
        elif metadata.name.startswith(MARKS):
            columns.marks += 1
        else:
            stats = self._plane.values(event.stats, self._wanted) if event.stats else {}
            if metadata.name in MEMORY:
                self._take_memory(metadata.name, stats, start_ns, columns)
                return
            # Ends are rounded like starts, so that an event stays inside the one around it.
            end_ns = self._start_ns + (offset_ps + duration_ps) // 1000
            named = self._name(event.metadata_id, metadata.name, stats)
            self._add(columns, named, start_ns, end_ns - start_ns)
            columns.device.append(self._place.device)
            columns.correlation.append(_number(stats.get("correlation_id")))
            columns.bytes.append(NONE)
            columns.total_bytes.append(NONE)

    def _add(self, columns: Columns, named: Named, start_ns: int, duration_ns: int) -> None:
        columns.name.append(self._strings.number(named.name))
        columns.kind.append(named.kind)
        columns.path.append(self._strings.number(named.path) if named.path else NONE)
        columns.start_ns.append(start_ns)
        columns.duration_ns.append(duration_ns)

    def _name(self, metadata_id: int, name: str, stats: dict[str, Value]) -> Named:
        """What the event is, by its name and, where they tell more, its stats."""
        if self._place.device >= 0:
            copies, sets = "memcpy_details" in stats, "memset_details" in stats
            return xspace_names.device_event(name, copies, sets)._replace(path=self._path(stats))
        if "correlation_id" in stats:
            return Named(Kind.RUNTIME, name, self._path(stats))
        if "hlo_op" in stats:
            return Named(Kind.OP, str(stats["hlo_op"]), self._path(stats))
        step = stats.get("step_num")
        if isinstance(step, int) and stats.get("_r") and xspace_names.STEP_MARKER.match(name):
            return Named(Kind.STEP, f"step:{step}")
        known = self._named.get(metadata_id)
        if known is None:
            known = self._named[metadata_id] = xspace_names.host_event(name, self._thread)
        return known

    def _path(self, stats: dict[str, Value]) -> str:
        """The path of work that was compiled or launched: by its program, its op, or its name."""
        for key in (stats.get("program_id"), stats.get("hlo_module")):
            if isinstance(key, int | str) and key in self._programs:
                return self._programs[key].get(str(stats.get("hlo_op")), "")
        return xspace_names.graph_path(str(stats.get("tf_op", ""))) or str(stats.get("name", ""))

    def _take_memory(
        self, name: str, stats: dict[str, Value], start_ns: int, columns: Columns
    ) -> None:
        allocator, size = str(stats.get("allocator_name", "")), stats.get("allocation_bytes")
        device = allocator.removeprefix(GPU_ALLOCATOR).partition("_")[0]
        if not (allocator.startswith(GPU_ALLOCATOR) and device.isdecimal() and len(device) < 10):
            columns.marks += 1
            return
        change = max(_number(size), 0)
        self._add(columns, Named(Kind.MEMORY, name), start_ns, 0)
        columns.device.append(int(device))
        columns.correlation.append(NONE)
        columns.bytes.append(change if name == MEMORY[0] else -change)
        columns.total_bytes.append(_number(stats.get("bytes_allocated")))


def _number(value: Value | None) -> int:
    return value if isinstance(value, int) and 0 <= value < MAX_NS else NONE
