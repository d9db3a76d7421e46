"""Writes a run's timeline as a Perfetto trace: times in whole nanoseconds, units, and an order."""

from collections import defaultdict
from itertools import count
from pathlib import Path

import numpy as np

from analysis.exporters.counters import MIB, Counter
from analysis.exporters.lanes import Lanes
from analysis.exporters.perfetto_packets import (
    BYTES_UNIT,
    COUNT_UNIT,
    EventSequence,
    TraceFile,
)
from analysis.exporters.timeline import RESOURCES, Timeline, Track
from analysis.exporters.trace_file import Counts, open_trace_file
from profilers import rundir

LEVEL = 4
UNITS: dict[str, tuple[int | str, float]] = {"MiB": (BYTES_UNIT, MIB), "count": (COUNT_UNIT, 1)}
"""Units that Perfetto knows, and what to multiply by; others go by their names."""


def write(run: Path, timeline: Timeline) -> Counts:
    """Write RUN/derived/trace.pftrace.gz, replacing it in one step.

    Times in it are Unix nanoseconds. Slices that overlap another one of their track in part are on
    tracks of their own below it. Processes are groups of tracks: Perfetto would sort tracks of
    processes by their names, and show numbers of processes.

    Raises:
        ProfileError: the folder can't be written to.
    """
    path = run / rundir.PERFETTO_TRACE
    with open_trace_file(path, LEVEL) as stream:
        writer = _Writer(timeline, TraceFile(stream, timeline.start_ns))
        counts = writer.write()
        counts.check(path)
    return counts


class _Writer:
    """Turns a timeline into packets, and counts."""

    def __init__(self, timeline: Timeline, file: TraceFile) -> None:
        self._timeline = timeline
        self._file = file
        self._uuids = count(1)
        self._groups: dict[str, int] = {}
        self._arrows: dict[int, list[int]] = defaultdict(list)
        for number, rows in enumerate(timeline.launches + timeline.gradients, start=1):
            for row in rows:
                self._arrows[row].append(number)
        self._slices = self._samples = self._arrow_ends = self._tracks = 0

    def write(self) -> Counts:
        """Write everything, and say how much it was."""
        timeline = self._timeline
        self._file.root()
        for rank, name in enumerate(timeline.processes()):
            self._groups[name] = next(self._uuids)
            self._file.group(self._groups[name], name, rank)
        for rank, track in enumerate(timeline.tracks):
            self._track(track, rank)
        for rank, counter in enumerate(timeline.counters):
            self._counter(counter, rank)
        self._file.flush()
        return Counts(
            timeline.slice_count, self._slices, self._samples, self._arrow_ends // 2, self._tracks
        )

    def _track(self, track: Track, rank: int) -> None:
        lanes, uuids = Lanes(), [next(self._uuids)]
        sequence = EventSequence(self._file, uuids[0])
        described = 0
        for start_ns, duration_ns, name, args, kind, row in track.slices:
            lane = lanes.place(start_ns, start_ns + duration_ns)
            for end_ns, ended in lanes.ended:
                sequence.end(end_ns, uuids[ended] if ended else 0)
            if lane == described:
                self._describe(track, rank, uuids, lane)
                described += 1
            arrows = self._arrows.get(row, ())
            sequence.begin(start_ns, name, kind, args, arrows, uuids[lane] if lane else 0)
            self._slices += 1
            self._arrow_ends += len(arrows)
        for end_ns, ended in lanes.left():
            sequence.end(end_ns, uuids[ended] if ended else 0)
        self._tracks += described

    def _describe(self, track: Track, rank: int, uuids: list[int], lane: int) -> None:
        """Name a track, or a lane of it, before its first slice; viewers leave out empty ones."""
        if lane:
            uuids.append(next(self._uuids))
            self._file.track(uuids[lane], uuids[0], f"overlap {lane + 1}", lane)
        else:
            self._file.track(uuids[0], self._groups[track.process], track.name, rank)

    def _counter(self, counter: Counter, rank: int) -> None:
        unit, factor = UNITS.get(counter.unit, (counter.unit, 1))
        uuid = next(self._uuids)
        self._file.counter(uuid, self._groups[RESOURCES], counter.name, rank, unit)
        sequence = EventSequence(self._file, uuid)
        known = np.isfinite(counter.values)
        values = (counter.values[known] * factor).tolist()
        for time_ns, value in zip(counter.time_ns[known].tolist(), values, strict=True):
            sequence.value(time_ns, value)
            self._samples += 1
