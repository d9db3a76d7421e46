"""Writes timelines as Chrome JSON, which chrome://tracing and Perfetto open."""

import gzip
from collections.abc import Iterable, Mapping
from itertools import count

import msgspec
import numpy as np

from analysis import wording
from analysis.exporters.lanes import MOST_LANES, TOO_MANY, Lanes
from analysis.exporters.trace_file import Counts, Form, bounded
from analysis.readers.chrome import WRITTEN_HERE
from analysis.timeline.counters import Counter
from analysis.timeline.record import TRUE_DURATION, Group, Head, Slice, Track, with_number

BUFFER_LINES = 10_000
FIRST_THREAD = 100_001
LEVEL = 2
MOST_HEADS = 20_000


class ChromeWriter:
    """Turns a timeline into text, and counts; times in the file are microseconds from a start.

    A group is a process, its tracks are threads.

    Args:
        stream: what takes the bytes.
        start_ns: Unix time before everything that is shown; times in the file begin there.
    """

    def __init__(self, stream: gzip.GzipFile, start_ns: int) -> None:
        self._stream = stream
        self._start_ns = start_ns
        self._processes: dict[Group, int] = {}
        self._threads = count(FIRST_THREAD)
        self._tracks: dict[Track, tuple[Lanes, dict[int, str]]] = {}
        self._slices = self._points = self._samples = self._arrow_ends = 0
        begin = f'{{"displayTimeUnit":"ms","baseTimeNanoseconds":{start_ns},'
        head = f'{begin}"otherData":{_json(WRITTEN_HERE)},"traceEvents":[\n'
        self._heads: dict[Head, tuple[str, str, list[str]]] = {}
        self._lines: list[str] = []
        self._before = head

    def slices(self, track: Track, slices: Iterable[Slice]) -> None:
        """Show slices; those of a track come in order of start."""
        pid = self._process(track.group)
        lanes, places = self._tracks.setdefault(track, (Lanes(), {}))
        for piece in slices:
            lane = lanes.place(piece[0], piece[0] + piece[1])
            if lane not in places:
                places[lane] = f'"pid":{pid},"tid":{self._thread(track, pid, lane)},"ts":'
            if lane == TOO_MANY:
                piece = with_number(piece, TRUE_DURATION, piece.duration_ns)._replace(duration_ns=0)
                self._points += 1
            self._slice(piece, places[lane])
            if len(self._lines) > BUFFER_LINES:
                self._flush()

    def counter(self, track: Track, counter: Counter, shared: str = "") -> None:
        """Show the values of a counter that are known; scales can't be shared."""
        del shared
        pid = self._process(track.group)
        name, unit = _json(track.name), _json(counter.unit)
        known = np.isfinite(counter.values)
        columns = counter.time_ns[known].tolist(), counter.values[known].tolist()
        for time_ns, value in zip(*columns, strict=True):
            self._samples += 1
            self._lines.append(
                f'{{"ph":"C","name":{name},"pid":{pid},"tid":{pid},'
                f'"ts":{self._microseconds(time_ns)},"args":{{{unit}:{_json(value)}}}}}'
            )
            if len(self._lines) > BUFFER_LINES:
                self._flush()

    def opening(self, begin_ns: int, end_ns: int) -> None:
        """Nothing: the format has no place for it."""

    def close(self) -> None:
        """Write the rest."""
        self._flush()
        self._stream.write((self._before.removesuffix(",\n") + "\n]}\n").encode())

    def counts(self, slices_in: int) -> Counts:
        """What was written, of so many slices."""
        tracks = sum(len(places) for _, places in self._tracks.values())
        numbers = (self._slices, self._points, self._samples, self._arrow_ends, tracks)
        return Counts(slices_in, *numbers)

    def _flush(self) -> None:
        if self._lines:
            self._stream.write((self._before + ",\n".join(self._lines)).encode())
            self._before = ",\n"
            self._lines.clear()

    def _process(self, group: Group) -> int:
        """The number of a group; Chrome shows processes by name, Perfetto by number."""
        pid = self._processes.get(group)
        if pid is None:
            pid = self._processes[group] = len(self._processes) + 1
            self._lines.append(_metadata("process_name", pid, pid, {"name": group.name}))
            order = group.rank + 1 if group.parent else 0
            self._lines.append(_metadata("process_sort_index", pid, pid, {"sort_index": order}))
        return pid

    def _thread(self, track: Track, pid: int, lane: int) -> int:
        tid = next(self._threads)
        name, order = track.name, track.rank * (MOST_LANES + 1) + lane
        if lane == TOO_MANY:
            name, order = f"{name} (more than {MOST_LANES} at a time)", order + MOST_LANES
        elif lane:
            name = f"{name} (overlap {lane + 1})"
        self._lines.append(_metadata("thread_name", pid, tid, {"name": name}))
        self._lines.append(_metadata("thread_sort_index", pid, tid, {"sort_index": order}))
        return tid

    def _slice(self, piece: Slice, place: str) -> None:
        start_ns, length_ns, head, numbers, arrows, _ = piece
        before, args, keys = self._heads.get(head) or self._head(head)
        for key, number in zip(keys, numbers):  # noqa: B905 (a check would take as long)
            if number >= 0:
                args += f"{key}{number}"
        passed_ns = start_ns - self._start_ns
        shown = f',"args":{{{args[1:]}}}}}' if args else "}"
        self._lines.append(
            f"{before}{place}{passed_ns // 1000}.{passed_ns % 1000:03d}"
            f',"dur":{length_ns // 1000}.{length_ns % 1000:03d}{shown}'
        )
        self._slices += 1
        for arrow in arrows:
            self._arrow(arrow, place, start_ns)

    def _head(self, head: Head) -> tuple[str, str, list[str]]:
        """What all slices with a head have in common: before, among, and before the numbers."""
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()
        before = f'{{"ph":"X","name":{_json(head.name)},"cat":"{head.kind}",'
        keys = [f",{_json(key)}:" for key in head.keys]
        made = self._heads[head] = before, _members(head.args), keys
        return made

    def _arrow(self, arrow: int, place: str, start_ns: int) -> None:
        """One end of an arrow, which is a negative number where it ends or goes on from."""
        self._arrow_ends += 1
        self._lines.append(
            f'{{"ph":"{"s" if arrow > 0 else "t"}","id":"{abs(arrow):x}","cat":"arrow",'
            f'"name":"arrow",{place}{self._microseconds(start_ns)}}}'
        )

    def _microseconds(self, time_ns: int) -> str:
        """A time as it is shown: with three decimals, so that no nanosecond is lost."""
        passed_ns = time_ns - self._start_ns
        return f"{passed_ns // 1000}.{passed_ns % 1000:03d}"


def _metadata(name: str, pid: int, tid: int, args: dict[str, object]) -> str:
    shown = _members(args)[1:]
    return f'{{"ph":"M","name":"{name}","pid":{pid},"tid":{tid},"ts":0,"args":{{{shown}}}}}'


def _members(args: Mapping[str, object]) -> str:
    """The members of an object, with a comma before each."""
    return "".join(f",{_json(key)}:{_json(value)}" for key, value in args.items())


def _json(value: object) -> str:
    """A text, which viewers can show, or another value."""
    if isinstance(value, str):
        value = wording.well_formed(bounded(value))
    return msgspec.json.encode(value).decode()


FORM = Form(LEVEL, ChromeWriter)
