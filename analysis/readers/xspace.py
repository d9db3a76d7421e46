"""Reads the .xplane.pb files of TensorFlow, JAX and XProf (XSpace) as event blocks, streaming."""

import mmap
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from google.protobuf.message import DecodeError

from analysis.blocks import NONE, Block, Kind, Strings
from analysis.readers.wire import Data
from analysis.readers.xspace_damage import Damage
from analysis.readers.xspace_events import decode
from analysis.readers.xspace_hlo import instruction_paths
from analysis.readers.xspace_kinds import Place, dispensable
from analysis.readers.xspace_lines import MAX_NS, LineReader, Vocabulary
from analysis.readers.xspace_planes import PART_BYTES, Plane, line_at, planes, scans
from profilers.rundir import ProfileError

ABSOLUTE_NS = 10**18
HOST = "/host:"
METADATA = "/host:metadata"
DEVICE = re.compile(r"/device:(?:GPU|TPU):(\d{1,9})")
STREAM = re.compile(r"Stream #(\d{1,9})")
SUMMARY_LINES = re.compile(
    r"Steps|XLA Modules|XLA TraceMe|Framework (?:Ops|Name Scope)|Source( code)?|Launch Stats"
)
NO_START = "The profile breaks off before it says when it began: its times count from there."
THREAD_ID = re.compile(r"/-?\d+$")


class XSpaceTrace:
    """A profile of TensorFlow or JAX; meets analysis.blocks.Trace.

    Times are `profile_start_time + line.timestamp_ns + offset_ps // 1000`; a line that counts from
    1970 is taken as it is. Ops are named by their type, with their `path` beside it; step markers
    are named `step:<step_num>`. A process is a plane, by its place in the file. `marks` counts
    the thread pools' marks, sums of other events that some files hold beside them, and allocations
    of a CPU allocator, which sees part of the memory; `dropped_reasons` counts events that could
    not be understood. If `everything` is false, events that change no table of operations are left
    out of the blocks, and counted in `left_out`. Read it once.
    """

    def __init__(
        self,
        path: Path,
        part_bytes: int = PART_BYTES,
        strings: Strings | None = None,
        everything: bool = True,
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
        self.marks = 0
        self.dropped_reasons: dict[str, int] = Counter()
        self._part_bytes = part_bytes
        self._everything = everything
        self._left_out: tuple[Kind, ...] = ()
        self._rows = 0
        self._read_bytes = 0
        self._damage = Damage(0)
        self._programs: dict[int | str, dict[str, str]] = {}

    @property
    def dropped(self) -> int:
        """Events that no block holds because they could not be understood."""
        return sum(self.dropped_reasons.values())

    @property
    def repaired(self) -> int:
        """Texts that had to be mended, because they were no UTF-8."""
        return self._damage.repaired

    @property
    def truncated(self) -> str | None:
        """Where the file breaks off or is damaged, None if it is whole."""
        return self._damage.truncated

    def progress(self) -> tuple[int, int]:
        """Bytes of the file that were read, and bytes in all."""
        return self._read_bytes, self._damage.size_bytes

    def blocks(self) -> Iterator[Block]:
        """Yield the events line by line; ProfileError if there are none that can be read."""
        try:
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise ProfileError(f"{self.path} is empty; record the profile again.")
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    self._damage.size_bytes = len(data)
                    yield from self._blocks(data)
        except OSError as error:
            raise ProfileError(f"{self.path} can't be read ({error.strerror}).") from None
        if self.truncated and not self._rows:
            raise self._refused(self.truncated)

    def _refused(self, problem: str) -> ProfileError:
        return ProfileError(
            f"{self.path} is damaged or no profile of TensorFlow or JAX ({problem}); record it "
            "again."
        )

    def _blocks(self, data: Data) -> Iterator[Block]:
        found = [self._without_programs(plane) for plane in planes(data, self._damage)]
        starts = [start for plane in found for start in [plane.stats.get("profile_start_time")]]
        self.base_ns = next((ns for ns in starts if isinstance(ns, int) and 0 < ns < MAX_NS), 0)
        if not self._everything:
            self._left_out = dispensable([plane for plane in found if plane.name.startswith(HOST)])
        for plane in found:
            device = DEVICE.match(plane.name)
            if device or (plane.name.startswith(HOST) and plane.name != METADATA):
                yield from self._plane_blocks(data, plane, int(device[1]) if device else NONE)
            else:
                self._skip(data, plane)
        self._number_threads()

    def _without_programs(self, plane: Plane) -> Plane:
        """The plane; of the programs that it holds, the paths of their instructions are kept."""
        if plane.name == METADATA:
            for number, program in plane.programs.items():
                try:
                    name, paths = instruction_paths(program)
                except DecodeError:
                    self.notes.append(
                        f"The XLA program {plane.event_names[number]} is damaged: its ops have no "
                        "path."
                    )
                else:
                    self._programs[number] = self._programs[name] = paths
        return replace(plane, programs={})

    def _plane_blocks(self, data: Data, plane: Plane, device: int) -> Iterator[Block]:
        self.process_names[plane.number] = plane.name
        if device >= 0:
            self.devices.append({"id": device, **plane.stats})
        vocabulary = Vocabulary(plane)
        for number, (begin, end) in enumerate(plane.lines):
            line = line_at(data, begin, end, self._damage, self._part_bytes)
            name = line.header.display_name or line.header.name
            if device >= 0 and SUMMARY_LINES.fullmatch(name):
                self.marks += line.count
                continue
            self.thread_names[plane.number, line.header.id] = name
            stream = STREAM.match(name)
            place = Place(
                plane.number, line.header.id, device, int(stream[1]) if stream else number
            )
            start_ns = self._start_ns(line.header.timestamp_ns)
            reader = LineReader(
                self.strings, vocabulary, place, name, start_ns, self._programs, self._left_out
            )
            for octets, found in scans(data, line):
                block = reader.block(decode(octets, found, vocabulary.wanted), self._rows)
                self._rows += len(block)
                if len(block):
                    yield block
            self.marks += reader.marks
            self.left_out += reader.left_out
            for reason, count in reader.dropped.items():
                self.dropped_reasons[reason] += count
            self._read_bytes = end

    def _start_ns(self, timestamp_ns: int) -> int:
        """Unix nanoseconds that a line's offsets count from."""
        if timestamp_ns > ABSOLUTE_NS:
            return timestamp_ns
        if not self.base_ns:
            if self.truncated is None:
                raise self._refused("it doesn't say when it began")
            if NO_START not in self.notes:
                self.notes.append(NO_START)
        return self.base_ns + timestamp_ns

    def _skip(self, data: Data, plane: Plane) -> None:
        for begin, end in plane.lines:
            count = line_at(data, begin, end, self._damage, self._part_bytes).count
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
