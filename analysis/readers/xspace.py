"""Reads the .xplane.pb files of TensorFlow, JAX and XProf (XSpace) as event blocks, streaming."""

import mmap
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from analysis.blocks import NONE, Block, Strings
from analysis.readers.wire import WireError
from analysis.readers.xspace_hlo import instruction_paths
from analysis.readers.xspace_lines import MAX_NS, LineReader, Place
from analysis.readers.xspace_planes import PART_BYTES, Plane, line_parts, planes
from profilers.rundir import ProfileError

ABSOLUTE_NS = 10**18
HOST = "/host:"
METADATA = "/host:metadata"
DEVICE = re.compile(r"/device:(?:GPU|TPU):(\d{1,9})")
STREAM = re.compile(r"Stream #(\d{1,9})")
SUMMARY_LINES = re.compile(
    r"Steps|XLA Modules|XLA TraceMe|Framework (?:Ops|Name Scope)|Source( code)?|Launch Stats"
)
THREAD_ID = re.compile(r"/-?\d+$")


class XSpaceTrace:
    """A profile of TensorFlow or JAX; meets analysis.blocks.Trace.

    Times are `profile_start_time + line.timestamp_ns + offset_ps // 1000`; a line that counts from
    1970 is taken as it is. Ops are named by their type, with their `path` beside it; step markers
    are named `step:<step_num>`. A process is a plane, by its place in the file. `marks` counts
    the thread pools' marks, sums of other events that some files hold beside them, and allocations
    of a CPU allocator, which sees part of the memory; `dropped_reasons` counts events that could
    not be understood. Read it once.
    """

    def __init__(
        self, path: Path, part_bytes: int = PART_BYTES, strings: Strings | None = None
    ) -> None:
        self.path = path
        self.strings = Strings() if strings is None else strings
        self.process_names: dict[int, str] = {}
        self.thread_names: dict[tuple[int, int], str] = {}
        self.devices: list[dict[str, object]] = []
        self.base_ns = 0
        self.rank = 0
        self.left_out = 0
        self.notes: list[str] = []
        self.repaired = 0
        self.truncated: str | None = None
        self.marks = 0
        self.dropped_reasons: dict[str, int] = Counter()
        self._part_bytes = part_bytes
        self._rows = 0
        self._read_bytes = self._size_bytes = 0
        self._programs: dict[int | str, dict[str, str]] = {}

    @property
    def dropped(self) -> int:
        """Events that no block holds because they could not be understood."""
        return sum(self.dropped_reasons.values())

    def progress(self) -> tuple[int, int]:
        """Bytes of the file that were read, and bytes in all."""
        return self._read_bytes, self._size_bytes

    def blocks(self) -> Iterator[Block]:
        """Yield the events line by line; ProfileError if it is no whole profile."""
        try:
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise ProfileError(f"{self.path} is empty; record the profile again.")
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    yield from self._blocks(data)  # type: ignore[arg-type]
        except OSError as error:
            raise ProfileError(f"{self.path} can't be read ({error.strerror}).") from None
        except (WireError, DecodeError) as error:
            raise ProfileError(
                f"{self.path} is damaged or no profile of TensorFlow or JAX ({error}); record it "
                "again."
            ) from None

    def _blocks(self, data: bytes) -> Iterator[Block]:
        self._size_bytes = len(data)
        found = list(planes(data))
        starts = [start for plane in found for start in [plane.stats.get("profile_start_time")]]
        self.base_ns = next((ns for ns in starts if isinstance(ns, int) and 0 < ns < MAX_NS), 0)
        for plane in found:
            if plane.name == METADATA:
                self._take_programs(plane)
        for plane in found:
            device = DEVICE.match(plane.name)
            if device or (plane.name.startswith(HOST) and plane.name != METADATA):
                yield from self._plane_blocks(data, plane, int(device[1]) if device else NONE)
            else:
                self._skip(data, plane)
        self._number_threads()

    def _take_programs(self, plane: Plane) -> None:
        for number, metadata in plane.event_metadata.items():
            program = plane.values(metadata.stats).get("Hlo Proto")
            if isinstance(program, bytes):
                name, paths = instruction_paths(program)
                self._programs[number] = self._programs[name] = paths

    def _plane_blocks(self, data: bytes, plane: Plane, device: int) -> Iterator[Block]:
        self.process_names[plane.number] = plane.name
        if device >= 0:
            self.devices.append({"id": device, **plane.stats})
        for number, (begin, end) in enumerate(plane.lines):
            parts = line_parts(data, begin, end, self._part_bytes)
            header = next(parts)
            name = header.display_name or header.name
            if device >= 0 and SUMMARY_LINES.fullmatch(name):
                self.marks += sum(len(part.events) for part in parts)
                continue
            self.thread_names[plane.number, header.id] = name
            stream = STREAM.match(name)
            place = Place(plane.number, header.id, device, int(stream[1]) if stream else number)
            reader = LineReader(
                self.strings, plane, place, name, self._start_ns(header), self._programs
            )
            for part in parts:
                yield self._block(reader, part.events)
            self._read_bytes = end

    def _start_ns(self, line: Any) -> int:
        """Unix nanoseconds that the line's offsets count from."""
        if line.timestamp_ns > ABSOLUTE_NS:
            return int(line.timestamp_ns)
        if not self.base_ns:
            raise WireError("it doesn't say when it began")
        return self.base_ns + int(line.timestamp_ns)

    def _block(self, reader: LineReader, events: Any) -> Block:
        columns = reader.columns(events)
        self.marks += columns.marks
        for reason, count in columns.dropped.items():
            self.dropped_reasons[reason] += count
        block = columns.block(self._rows)
        self._rows += len(block)
        return block

    def _skip(self, data: bytes, plane: Plane) -> None:
        for begin, end in plane.lines:
            count = sum(len(part.events) for part in list(line_parts(data, begin, end))[1:])
            if count:
                self.dropped_reasons["plane of an unknown kind"] += count

    def _number_threads(self) -> None:
        """Threads by what they are for: `name/<number>` loses the number, namesakes are counted."""
        groups: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        for (process, thread), name in self.thread_names.items():
            groups[process, THREAD_ID.sub("", name)].append((process, thread))
        for (_, name), threads in groups.items():
            for number, key in enumerate(threads, start=1):
                self.thread_names[key] = f"{name} {number}" if len(threads) > 1 else name
