"""Writes a run's timeline as Chrome JSON, which chrome://tracing and Perfetto open."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec

from analysis.exporters.counters import Counter
from analysis.exporters.events import Slice
from analysis.exporters.lanes import Lanes
from analysis.exporters.timeline import RESOURCES, Timeline, Track
from analysis.exporters.trace_file import Counts, open_trace_file
from profilers import rundir

BUFFER_LINES = 10_000
FIRST_THREAD = 101
LEVEL = 2


def write(run: Path, timeline: Timeline) -> Counts:
    """Write RUN/trace.json.gz, replacing it in one step.

    Raises:
        ProfileError: the folder can't be written to.
    """
    writer = _Writer(timeline)
    with open_trace_file(run / rundir.TRACE, LEVEL) as file:
        for text in writer.texts():
            file.write(text.encode())
        counts = Counts(
            timeline.slice_count, writer.slices, writer.samples, writer.arrows, writer.track_count
        )
        counts.check(run / rundir.TRACE)
    return counts


class _Writer:
    """Turns a timeline into text, and counts."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._processes: dict[str, int] = {}
        self._threads = count(FIRST_THREAD)
        self._arrow_rows = {row for arrow in timeline.launches for row in arrow}
        self._placed: dict[int, tuple[int, int, str]] = {}
        self.slices = self.samples = self.arrows = self.track_count = 0

    def texts(self) -> Iterator[str]:
        """The document, some lines at a time."""
        base_ns = self._timeline.start_ns
        yield f'{{"displayTimeUnit":"ms","baseTimeNanoseconds":{base_ns},"traceEvents":[\n'
        lines: list[str] = []
        separator = ""
        for line in self._lines():
            lines.append(line)
            if len(lines) >= BUFFER_LINES:
                yield separator + ",\n".join(lines)
                separator, lines = ",\n", []
        yield (separator if lines else "") + ",\n".join(lines) + "\n]}\n"

    def _lines(self) -> Iterator[str]:
        for order, name in enumerate(self._timeline.processes()):
            pid = self._processes[name] = order + 1
            yield _metadata("process_name", pid, pid, {"name": name})
            yield _metadata("process_sort_index", pid, pid, {"sort_index": order})
        for track in self._timeline.tracks:
            yield from self._track(track)
        for counter in self._timeline.counters:
            yield from self._counter(counter)
        for number, (launch, work) in enumerate(self._timeline.launches, start=1):
            yield self._arrow("s", number, launch)
            yield self._arrow("f", number, work)
            self.arrows += 1

    def _track(self, track: Track) -> Iterator[str]:
        pid = self._processes[track.process]
        lanes = Lanes()
        tids: list[int] = []
        for piece in track.slices:
            lane = lanes.place(piece.start_ns, piece.start_ns + piece.duration_ns)
            if lane == len(tids):
                tids.append(next(self._threads))
                name = track.name if not lane else f"{track.name} (overlap {lane + 1})"
                yield _metadata("thread_name", pid, tids[lane], {"name": name})
                yield _metadata("thread_sort_index", pid, tids[lane], {"sort_index": tids[lane]})
                self.track_count += 1
            yield self._slice(piece, pid, tids[lane])

    def _slice(self, piece: Slice, pid: int, tid: int) -> str:
        start = self._microseconds(piece.start_ns)
        if piece.row in self._arrow_rows:
            self._placed[piece.row] = (pid, tid, start)
        self.slices += 1
        args = f',"args":{_json(piece.args)}' if piece.args else ""
        return (
            f'{{"ph":"X","name":{_json(piece.name)},"cat":"{piece.kind}","pid":{pid},"tid":{tid},'
            f'"ts":{start},"dur":{_thousandths(piece.duration_ns)}{args}}}'
        )

    def _counter(self, counter: Counter) -> Iterator[str]:
        pid = self._processes[RESOURCES]
        name, unit = _json(counter.name), _json(counter.unit)
        for time_ns, value in zip(counter.time_ns.tolist(), counter.values.tolist(), strict=True):
            self.samples += 1
            yield (
                f'{{"ph":"C","name":{name},"pid":{pid},"tid":{pid},'
                f'"ts":{self._microseconds(time_ns)},"args":{{{unit}:{_json(value)}}}}}'
            )

    def _arrow(self, end: str, number: int, row: int) -> str:
        pid, tid, start = self._placed[row]
        binding = ',"bp":"e"' if end == "f" else ""
        return (
            f'{{"ph":"{end}","id":{number},"cat":"launch","name":"launch",'
            f'"pid":{pid},"tid":{tid},"ts":{start}{binding}}}'
        )

    def _microseconds(self, time_ns: int) -> str:
        return _thousandths(time_ns - self._timeline.start_ns)


def _thousandths(nanoseconds: int) -> str:
    """Microseconds with three decimals, from whole nanoseconds, so that none is lost."""
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def _metadata(name: str, pid: int, tid: int, args: dict[str, object]) -> str:
    return f'{{"ph":"M","name":"{name}","pid":{pid},"tid":{tid},"ts":0,"args":{_json(args)}}}'


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
