"""Writes a run's timeline as Chrome JSON, which chrome://tracing and Perfetto open."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec
from isal import igzip

from analysis.annotate import Folded
from analysis.exporters.counters import Counter
from analysis.exporters.timeline import RESOURCES, RUN, Slice, Timeline, Track, build
from profilers import rundir
from profilers.rundir import ProfileError

BUFFER_LINES = 10_000
FIRST_THREAD = 101


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written; `slices_in` is what there was to write, from the sources."""

    slices_in: int
    slices: int
    samples: int
    arrows: int
    tracks: int


def write(run: Path, folded: Folded | None) -> Counts:
    """Write RUN/trace.json.gz, replacing it in one step.

    Args:
        run: a run directory.
        folded: the events of its profile; None for a run without one.

    Raises:
        ProfileError: a file of the run is damaged, or the folder can't be written to.
    """
    timeline = build(run, folded)
    writer = _Writer(timeline)
    path = run / rundir.TRACE
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with igzip.open(temporary, "wb", compresslevel=2) as file:  # type: ignore[no-untyped-call]
            for text in writer.texts():
                file.write(text.encode())
        os.replace(temporary, path)
    except OSError as error:
        raise ProfileError(
            f"{path} can't be written ({error.strerror}); free some space or change its rights."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    return Counts(
        timeline.slice_count, writer.slices, writer.samples, writer.arrows, writer.track_count
    )


class _Lanes:
    """Puts the slices of one track into as few lanes as nest properly."""

    def __init__(self) -> None:
        self._open: list[list[tuple[int, int]]] = []

    def place(self, start_ns: int, end_ns: int) -> int:
        """The lane of the next slice: under the open slice that began last, where it fits."""
        best, best_start_ns = -1, -2
        for number, stack in enumerate(self._open):
            while stack and stack[-1][1] <= start_ns:
                stack.pop()
            top_start_ns, top_end_ns = stack[-1] if stack else (-1, end_ns)
            if end_ns <= top_end_ns and top_start_ns > best_start_ns:
                best, best_start_ns = number, top_start_ns
        if best < 0:
            best = len(self._open)
            self._open.append([])
        self._open[best].append((start_ns, end_ns))
        return best


class _Writer:
    """Turns a timeline into text, and counts."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._processes: dict[str, int] = {}
        self._threads = count(FIRST_THREAD)
        self._arrow_rows = {row for arrow in timeline.arrows for row in arrow}
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
        names = [
            RUN,
            *sorted({track.process for track in self._timeline.tracks} - {RUN}, key=_rank),
        ]
        if self._timeline.counters:
            names.append(RESOURCES)
        for order, name in enumerate(names):
            pid = self._processes[name] = order + 1
            yield _metadata("process_name", pid, pid, {"name": name})
            yield _metadata("process_sort_index", pid, pid, {"sort_index": order})
        for track in self._timeline.tracks:
            yield from self._track(track)
        for counter in self._timeline.counters:
            yield from self._counter(counter)
        for number, (launch, work) in enumerate(self._timeline.arrows, start=1):
            yield self._arrow("s", number, launch)
            yield self._arrow("f", number, work)
            self.arrows += 1

    def _track(self, track: Track) -> Iterator[str]:
        pid = self._processes[track.process]
        lanes = _Lanes()
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
            f'{{"ph":"X","name":{_json(piece.name)},"pid":{pid},"tid":{tid},'
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


def _rank(process: str) -> tuple[bool, int, str]:
    """Hosts before accelerators, and these by their number."""
    return process.startswith("GPU "), len(process), process


def _thousandths(nanoseconds: int) -> str:
    """Microseconds with three decimals, from whole nanoseconds, so that none is lost."""
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def _metadata(name: str, pid: int, tid: int, args: dict[str, object]) -> str:
    return f'{{"ph":"M","name":"{name}","pid":{pid},"tid":{tid},"ts":0,"args":{_json(args)}}}'


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
