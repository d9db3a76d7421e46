"""Draws the events of a profile, window by window: phases, layers, threads, streams, memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import Strings, is_kind
from analysis.columns import Int64, group_rows
from analysis.folds.layers import LAYER
from analysis.folds.outermost import Works
from analysis.folds.phases import PHASE
from analysis.folds.selftime import AROUND, INSTANTS
from analysis.timeline import stretches
from analysis.timeline.arrows import Ends
from analysis.timeline.counters import allocated
from analysis.timeline.events import Events, EventSlices, Rows
from analysis.timeline.record import Group, Shelf, Slice, Track, Writer, by_start
from analysis.timeline.run_tracks import shifted
from analysis.timeline.shared_clock import Clock

PHASES_RANK, LAYERS_RANK, HOSTS_RANK, DEVICES_RANK, LAST_RANK = 10, 100, 200, 2_000, 100_000
MOST_TRACKS = 1_000
"""Threads and streams that have tracks of their own; further ones share one."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Names:
    """What a trace calls its parts: threads by process and thread, processes by number.

    `host` is what the host is called where that is known; `ranks` says whether there are several.
    """

    threads: dict[tuple[int, int], str]
    processes: dict[int, str]
    host: str = ""
    ranks: bool = False


@dataclass(slots=True)
class ProfileTracks:
    """Draws a profile into a group of a file.

    Args:
        writer: the file.
        group: where its tracks belong.
        shelf: where its counters belong.
        clock: when its times are shown.
        strings: the trace's texts.
        names: of its parts.
        ends: what is known of the whole trace.
        run: the number of the run in the file.
    """

    writer: Writer
    group: Group
    shelf: Shelf
    clock: Clock
    strings: Strings
    names: Names
    ends: Ends
    run: int = 0
    _works: Works = field(init=False)
    _lines: dict[str, Track] = field(default_factory=dict)
    _tracks: dict[tuple[int, ...], tuple[int, Track]] = field(default_factory=dict)
    _groups: dict[str, Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._works = Works(self.strings)

    def take(self, folded: Folded) -> int:
        """Draw the next window; how many slices its events and their stretches make."""
        block = folded.block
        new = folded.window.new
        around = is_kind(block.kind, AROUND)
        events = Events(folded, self._works, self.ends, self.run)
        phases = np.flatnonzero((folded.phase_range >= 0) & (folded.step >= 0) & new)
        layers = np.flatnonzero((folded.layer_range >= 0) & around & new)
        self._slices("phases", EventSlices(events, phases, self.clock, PHASE))
        of_phases = stretches.of_phases(folded, self.clock)
        for name, found in of_phases.items():
            self._slices(f"phase {name}", found)
        of_layers = stretches.of_layers(folded, self.clock)
        ranges = EventSlices(events, layers, self.clock, LAYER)
        self._slices("layers", sorted([*ranges, *of_layers], key=by_start))
        left = ~is_kind(block.kind, INSTANTS) & new
        slices = int(left.sum())
        left[phases] = left[layers] = False
        for track, rows in self._placed(folded, np.flatnonzero(left), around):
            self.writer.slices(track, EventSlices(events, rows, self.clock))
        for counter in allocated(block.take(new)):
            self.shelf.put(self.writer, shifted(counter, self.clock))
        return slices + sum(map(len, of_phases.values())) + len(of_layers)

    def _slices(self, name: str, slices: EventSlices | list[Slice]) -> None:
        """Draw slices that belong to no thread; viewers leave out empty tracks."""
        rank = LAYERS_RANK if name == "layers" else PHASES_RANK
        if name not in self._lines:
            self._lines[name] = Track(self.group, name, rank + len(self._lines))
        self.writer.slices(self._lines[name], slices)

    def _placed(self, folded: Folded, rows: Rows, around: Mask) -> Iterator[tuple[Track, Rows]]:
        """The tracks that these rows, which are in order of time, belong on."""
        if not len(rows):
            return
        block = folded.block
        of_device = block.device[rows] >= 0
        columns: tuple[Int64, ...] = (
            block.rank[rows].astype(np.int64),
            block.device[rows].astype(np.int64),
            np.where(of_device, -1, block.process[rows]),
            np.where(of_device, block.stream[rows], block.thread[rows]),
            around[rows].astype(np.int64),
        )
        group, first = group_rows(*columns)
        keys = np.stack([column[first] for column in columns], axis=1).tolist()
        found = [self._track(*key) for key in keys]
        number = np.array([each for each, _ in found])[group]
        tracks = dict(found)
        order = np.argsort(number, kind="stable")
        edges = np.flatnonzero(np.diff(number[order])) + 1
        for some in np.split(order, edges):
            yield tracks[int(number[some[0]])], rows[some]

    def _track(
        self, rank: int, device: int, process: int, line: int, around: int
    ) -> tuple[int, Track]:
        """The track of a thread or a stream, or of the ranges on it, and its number."""
        key: tuple[int, ...] = (rank, device, process, line)
        if key not in self._tracks and len(self._tracks) >= MOST_TRACKS:
            key = ()
        if key not in self._tracks:
            number = 2 * len(self._tracks)
            self._tracks[key] = (number, self._described(number, key))
        number, track = self._tracks[key]
        if around:
            return number + 1, Track(track.group, f"{track.name} annotations", number + 1)
        return number, track

    def _described(self, number: int, key: tuple[int, ...]) -> Track:
        """A track by rank, device, process, and thread or stream; by none, that of all others."""
        if not key:
            return Track(self._group("others", LAST_RANK), "further threads and streams", number)
        rank, device, process, line = key
        of_rank = f"rank {rank}, " if self.names.ranks else ""
        if device >= 0:
            group = self._group(f"{of_rank}GPU {device}", DEVICES_RANK + device)
            return Track(group, f"stream {line}", number)
        thread = self.names.threads.get((process, line)) or f"thread {line}"
        group = self._group(of_rank + self._process_name(process), HOSTS_RANK + len(self._groups))
        return Track(group, thread, number)

    def _group(self, name: str, rank: int) -> Group:
        return self._groups.setdefault(name, Group(name, rank, self.group))

    def _process_name(self, process: int) -> str:
        return self.names.host or self.names.processes.get(process) or f"process {process}"
