"""Draws the events of a profile, window by window: phases, layers, threads, streams, memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.anatomy.anatomy import PHASES
from analysis.annotate import Folded
from analysis.blocks import Strings, is_kind
from analysis.columns import Int64, group_rows
from analysis.folds.layers import LAYER
from analysis.folds.outermost import Works
from analysis.folds.phases import PHASE
from analysis.folds.selftime import AROUND, INSTANTS
from analysis.timeline import stretches
from analysis.timeline.arrows import Ends
from analysis.timeline.counters import Allocated
from analysis.timeline.events import Events, EventSlices, Rows
from analysis.timeline.record import Group, Shelf, Track, Writer
from analysis.timeline.shared_clock import Clock, shifted
from analysis.timeline.stretches import GAP_NS, Row

PHASES_RANK, LAYERS_RANK, HOSTS_RANK = 1_000, 100_000, 200_000
DEVICES_RANK, LAST_DEVICE, LAST_RANK = 300_000, 99_999, 500_000
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
    _allocated: Allocated = field(init=False)
    _lines: dict[str, Track] = field(default_factory=dict)
    _rows: dict[str, Row] = field(default_factory=dict)
    _tracks: dict[tuple[int, ...], tuple[int, Track]] = field(default_factory=dict)
    _groups: dict[str, Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._works = Works(self.strings)
        self._allocated = Allocated(self.names.ranks)

    def take(self, folded: Folded) -> int:
        """Draw the next window; how many slices its events make."""
        block = folded.block
        new = folded.window.new
        around = is_kind(block.kind, AROUND)
        events = Events(folded, self._works, self.ends, self.run)
        phases = np.flatnonzero((folded.phase_range >= 0) & (folded.step >= 0) & new)
        layers = np.flatnonzero((folded.layer_range >= 0) & around & new)
        for name, rows in self._phase_ranges(folded, phases):
            self._row(name).add(EventSlices(events, rows, self.clock, PHASE))
        for name, rows in self._by_rank("layers", folded, layers):
            self._row(name).add(EventSlices(events, rows, self.clock, LAYER))
        self._stretches(folded)
        left = ~is_kind(block.kind, INSTANTS) & new
        slices = int(left.sum())
        left[phases] = left[layers] = False
        for track, rows in self._placed(folded, np.flatnonzero(left), around):
            self.writer.slices(track, EventSlices(events, rows, self.clock))
        for counter in self._allocated.of(block.take(new)):
            self.shelf.put(self.writer, shifted(counter, self.clock))
        return slices

    def finish(self) -> int:
        """Draw what waits for further windows; how many stretches there were in all of them."""
        for name, row in self._rows.items():
            self.writer.slices(self._line(name), row.rest())
        return sum(row.made for row in self._rows.values())

    def _stretches(self, folded: Folded) -> None:
        """Draw the stretches of phases and layers that are over."""
        for rank, piece in stretches.phase_pieces(folded):
            self._row(self._named(f"phase {piece.name}", rank)).grow(piece.step, piece, GAP_NS)
        for place, some in stretches.layer_pieces(folded):
            name = self._named("layers", place[0])
            if some is not None:
                self._row(name).grow(place, some)
            elif name in self._rows:
                self._rows[name].end(place)
        over = _ended(folded)
        for name, row in self._rows.items():
            if row.kind == "phase":
                row.end_before(folded.window.end_ns, GAP_NS)
            else:
                row.end_steps(over)
            self.writer.slices(self._line(name), row.released())

    def _phase_ranges(self, folded: Folded, rows: Rows) -> Iterator[tuple[str, Rows]]:
        """The ranges of phases by track: each phase has its own where operations show it too."""
        if not self.ends.has_phase_paths:
            yield from self._by_rank("phases", folded, rows)
            return
        phases = folded.phase_range[rows]
        for phase in np.unique(phases).tolist():
            name = f"phase {self.strings[phase]}"
            yield from self._by_rank(name, folded, rows[phases == phase])

    def _row(self, name: str) -> Row:
        kind = "layer" if name.startswith("layers") else "phase"
        return self._rows.setdefault(name, Row(kind, self.clock))

    def _line(self, name: str) -> Track:
        """A track that belongs to no thread; viewers leave out empty ones."""
        place = len(self._lines)
        if name.startswith("layers"):
            place += LAYERS_RANK
        elif name.startswith("phase "):
            phase = name.split()[1].rstrip(",")
            order = PHASES.index(phase) if phase in PHASES else len(PHASES)
            place += PHASES_RANK * (2 + order)
        else:
            place += PHASES_RANK
        return self._lines.setdefault(name, Track(self.group, name, place))

    def _named(self, name: str, rank: int) -> str:
        return f"{name}, rank {rank}" if self.names.ranks else name

    def _by_rank(self, name: str, folded: Folded, rows: Rows) -> Iterator[tuple[str, Rows]]:
        """The rows of each rank, with what their track is called."""
        ranks = folded.block.rank[rows]
        for rank in np.unique(ranks).tolist():
            yield self._named(name, rank), rows[ranks == rank]

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
        found = {key: self._track(*key) for key in sorted(map(tuple, keys))}
        number = np.array([found[tuple(key)][0] for key in keys])[group]
        tracks = dict(found.values())
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
            group = self._group(f"{of_rank}GPU {device}", DEVICES_RANK + min(device, LAST_DEVICE))
            return Track(group, f"stream {line}", number)
        thread = self.names.threads.get((process, line)) or f"thread {line}"
        group = self._group(of_rank + self._process_name(process), HOSTS_RANK + len(self._groups))
        return Track(group, thread, number)

    def _group(self, name: str, rank: int) -> Group:
        return self._groups.setdefault(name, Group(name, rank, self.group))

    def _process_name(self, process: int) -> str:
        return self.names.host or self.names.processes.get(process) or f"process {process}"


def _ended(folded: Folded) -> list[int]:
    """Numbers of the steps that end in this window, and nowhere later."""
    steps, window = folded.steps, folded.window
    ends = steps.number[(steps.end_ns > window.begin_ns) & (steps.end_ns <= window.end_ns)]
    found: list[int] = np.setdiff1d(ends, steps.number[steps.end_ns > window.end_ns]).tolist()
    return found
