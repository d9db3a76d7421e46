"""Writes timelines as Perfetto traces: times in whole nanoseconds, units, and an order."""

import gzip
from collections.abc import Callable, Iterable
from itertools import count

import numpy as np

from analysis.exporters.lanes import MOST_LANES, TOO_MANY, Lanes
from analysis.exporters.perfetto_packets import BYTES_UNIT, COUNT_UNIT, TraceFile
from analysis.exporters.perfetto_sequence import EventSequence
from analysis.exporters.trace_file import Counts, Form
from analysis.timeline.counters import Counter
from analysis.timeline.record import TRUE_DURATION, Group, Slice, Track, with_number
from analysis.wording import MIB

LEVEL = 4
UNITS: dict[str, tuple[int | str, float]] = {"MiB": (BYTES_UNIT, MIB), "count": (COUNT_UNIT, 1)}
"""Units that Perfetto knows, and what to multiply by; others go by their names."""


class PerfettoWriter:
    """Turns a timeline into packets, and counts; times in the file are Unix nanoseconds.

    Slices that overlap another one of their track in part are on tracks of their own below it.
    Processes are groups of tracks: Perfetto would sort tracks of processes by their names, and show
    numbers of processes.

    Args:
        stream: what takes the bytes.
        start_ns: Unix time before everything that is shown.
    """

    def __init__(self, stream: gzip.GzipFile, start_ns: int) -> None:
        self._file = TraceFile(stream, start_ns)
        self._file.root()
        self._uuids = count(1)
        self._groups: dict[Group, int] = {}
        self._tracks: dict[Track, _Lined] = {}
        self._counters: dict[Track, EventSequence] = {}
        self._samples = 0

    def slices(self, track: Track, slices: Iterable[Slice]) -> None:
        """Show slices; those of a track come in order of start."""
        lined = self._tracks.get(track)
        if lined is None:
            lined = self._tracks[track] = _Lined(self._file, self._uuids, track)
        lined.add(slices, self._group)

    def counter(self, track: Track, counter: Counter, shared: str = "") -> None:
        """Show the values of a counter that are known."""
        unit, factor = UNITS.get(counter.unit, (counter.unit, 1))
        sequence = self._counters.get(track)
        if sequence is None:
            uuid, group = next(self._uuids), self._group(track.group)
            self._file.counter(uuid, group, track.name, track.rank, unit, shared)
            sequence = self._counters[track] = EventSequence(self._file, uuid)
        known = np.isfinite(counter.values)
        sequence.values(counter.time_ns[known], counter.values[known] * factor)
        self._samples += int(known.sum())

    def opening(self, begin_ns: int, end_ns: int) -> None:
        """Say what Perfetto shows at first."""
        self._file.recorded(begin_ns, end_ns)

    def close(self) -> None:
        """End what is open."""
        for lined in self._tracks.values():
            lined.close()
        self._file.flush()

    def counts(self, slices_in: int) -> Counts:
        """What was written, of so many slices."""
        lined = self._tracks.values()
        return Counts(
            slices_in=slices_in,
            slices=sum(each.written for each in lined),
            points=sum(each.points for each in lined),
            samples=self._samples,
            arrow_ends=sum(each.arrow_ends for each in lined),
            tracks=sum(each.described for each in lined),
        )

    def _group(self, group: Group) -> int:
        """The number of a group, which is described before it has tracks."""
        uuid = self._groups.get(group)
        if uuid is None:
            parent = self._group(group.parent) if group.parent else 0
            uuid = self._groups[group] = next(self._uuids)
            self._file.track(uuid, parent, group.name, group.rank)
        return uuid


class _Lined:
    """One track with its lanes, each of which is described before its first slice."""

    def __init__(self, file: TraceFile, uuids: "count[int]", track: Track) -> None:
        self._file, self._new_uuids, self._track = file, uuids, track
        self._lanes = Lanes()
        self._uuids: dict[int, int] = {}
        self._sequence: EventSequence | None = None
        self.written = self.points = self.arrow_ends = 0

    @property
    def described(self) -> int:
        """How many tracks it is made of."""
        return len(self._uuids)

    def add(self, slices: Iterable[Slice], group: Callable[[Group], int]) -> None:
        """Begin slices, and end those before them."""
        lanes, uuids = self._lanes, self._uuids
        place, sequence = lanes.place, self._sequence
        written = arrow_ends = 0
        for piece in slices:
            start_ns = piece[0]
            lane = place(start_ns, start_ns + piece[1])
            if lane not in uuids:
                self._describe(lane, group)
            if sequence is None:
                sequence = self._sequence = EventSequence(self._file, uuids[lane])
            for end_ns, ended in lanes.ended:
                sequence.end(end_ns, uuids[ended] if ended else 0)
            written += 1
            arrow_ends += len(piece[4])
            if lane == 0:
                sequence.begin(piece)
            elif lane == TOO_MANY:
                self._point(piece, sequence)
            else:
                sequence.begin(piece, uuids[lane])
        self.written += written
        self.arrow_ends += arrow_ends

    def _point(self, piece: Slice, sequence: EventSequence) -> None:
        """Show where a slice begins that no lane is left for, and say how long it is."""
        uuid = self._uuids[TOO_MANY]
        sequence.begin(with_number(piece, TRUE_DURATION, piece.duration_ns), uuid)
        sequence.end(piece.start_ns, uuid)
        self.points += 1

    def close(self) -> None:
        """End what is open."""
        for end_ns, ended in self._lanes.left():
            assert self._sequence is not None
            self._sequence.end(end_ns, self._uuids[ended] if ended else 0)

    def _describe(self, lane: int, group: Callable[[Group], int]) -> None:
        uuid = self._uuids[lane] = next(self._new_uuids)
        if not lane:
            self._file.track(uuid, group(self._track.group), self._track.name, self._track.rank)
        elif lane == TOO_MANY:
            name = f"more than {MOST_LANES} at a time: where they begin"
            self._file.track(uuid, self._uuids[0], name, MOST_LANES)
        else:
            self._file.track(uuid, self._uuids[0], f"overlap {lane + 1}", lane)


FORM = Form(LEVEL, PerfettoWriter)
