"""Reads Chrome traces of any writer (viztracer, TensorFlow, JAX, Chromium) as event blocks."""

import re
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from analysis.blocks import NONE, Block, Kind, Strings, from_columns
from analysis.folds.steps import step_number
from analysis.readers.json_trace import JsonTrace
from analysis.readers.kineto_columns import IMPOSSIBLE_TIME, MAX_MICROSECONDS, NO_TIME_GIVEN
from analysis.readers.kineto_events import KINDS, NO_TIME, ON_DEVICE, nanoseconds
from analysis.readers.places import MARK, Places
from analysis.readers.source import BLOCK_BYTES

DEVICE = re.compile(r"/device:(?:GPU|TPU):(\d{1,9})|.*\bGPU (\d{1,9})\b")
SUMMARY_THREADS = re.compile(
    r"Steps|XLA Modules|XLA TraceMe|(?:TensorFlow|Framework) (?:Ops|Name Scope)|Source code"
)
COPY = re.compile(r"mem(cpy|set)", re.IGNORECASE)
WRITTEN_HERE = {"version": "crossprof timeline"}
"""`otherData` of the timelines that are written here; torch has some of their categories, too."""
EVENT_LIMIT = 1_000_000
BEGIN_END = "began and never ended"


class ChromeEvent(msgspec.Struct, gc=False):
    """One element of a Chrome trace; writers differ in the types of nearly everything."""

    ph: str = ""
    name: str = ""
    cat: str = ""
    ts: float | str = NO_TIME
    dur: float | str = NO_TIME
    pid: int | float | str | None = 0
    tid: int | float | str | None = 0
    id: int | float | str | None = None
    args: msgspec.Raw = msgspec.Raw(b"")


class What(NamedTuple):
    """What an event is, as `analysis.blocks.Block` has it."""

    kind: Kind
    name: str
    path: str = ""
    shapes: str = ""
    device: int = NONE
    stream: int = NONE
    correlation: int = NONE


class ChromeTrace(JsonTrace):
    """A trace in Chrome's format, plain or gzip; meets analysis.blocks.Trace.

    Complete events and pairs of begin and end are ops, unless their category is one of torch's;
    those of processes that are called after a device are its kernels and copies. `ts` counts from
    1970 as far as anyone can tell. Counters, arrows, samples, marks and the empty element that
    TensorFlow ends with are counted in `marks`.
    `notes` are sentences on what a reader of the tables should know. Read it once.
    """

    def __init__(
        self,
        path: Path,
        block_bytes: int = BLOCK_BYTES,
        limited: bool = True,
        strings: Strings | None = None,
    ) -> None:
        super().__init__(path, block_bytes, limited, strings)
        self.marks = 0
        self._decode = msgspec.json.Decoder(list[ChromeEvent]).decode
        self._decode_one = msgspec.json.Decoder(ChromeEvent).decode
        self._decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode
        self._places = Places()
        self._begun: dict[object, list[ChromeEvent]] = {}
        self._rows = 0
        self._events = 0

    def blocks(self) -> Iterator[Block]:
        """Yield the events in the order in which they end; ProfileError if it is no trace."""
        for events in self._reader.lists(self._decoded):
            yield self._block(events)
        self.notes += self._reader.notes
        left = sum(len(stack) for stack in self._begun.values())
        if left:
            self._dropped[BEGIN_END] += left
        if self._events == EVENT_LIMIT:
            self.notes.append(
                "It has exactly 1,000,000 events: TensorFlow and JAX cut their JSON there; the "
                ".xplane.pb beside it has all of them."
            )

    def what(self, event: ChromeEvent, process: int, thread: int) -> What:
        """What a complete event is."""
        name = self.process_names.get(process, "")
        if found := DEVICE.match(name):
            device = int(found[1] or found[2])
            copy = COPY.search(event.name)
            kind = Kind.KERNEL if copy is None else Kind.MEMCPY
            if copy is not None and copy[1].lower() == "set":
                kind = Kind.MEMSET
            return What(kind, event.name, device=device, stream=_small(thread))
        if step_number(event.name) >= 0:
            return What(Kind.STEP, event.name)
        kind = KINDS.get(event.cat, Kind.OP)
        if event.cat in ON_DEVICE:
            return What(kind, event.name, device=_small(process), stream=_small(thread))
        return What(kind, event.name)

    def _decoded(self, text: bytes) -> list[ChromeEvent]:
        try:
            return self._decode(text)
        except msgspec.ValidationError:
            pass
        events = []
        for raw in self._decode_raw(text):
            try:
                events.append(self._decode_one(raw))
            except msgspec.ValidationError:
                self._dropped["unexpected type of a value"] += 1
        return events

    def _block(self, events: list[ChromeEvent]) -> Block:
        rows: list[tuple[Any, ...]] = []
        for event in events:
            self._events += event.ph != "M"
            match event.ph:
                case "X":
                    self._add(rows, event, event.ts, event.dur)
                case "B" | "b" | "S":
                    self._begun.setdefault(_key(event), []).append(event)
                case "E" | "e" | "F":
                    self._end(rows, event)
                case "M":
                    self._take_name(event)
                case "" if event.name or event.ts is not NO_TIME:
                    self._dropped["no phase"] += 1
                case _:
                    self.marks += 1
        return self._columns(rows)

    def _end(self, rows: list[tuple[Any, ...]], end: ChromeEvent) -> None:
        stack = self._begun.get(_key(end))
        if not stack:
            self._dropped["ended and never began"] += 1
            return
        begin = stack.pop()
        begun_us, ended_us = _number(begin.ts), _number(end.ts)
        if begun_us is None or ended_us is None:
            self._dropped[IMPOSSIBLE_TIME] += 1
        else:
            self._add(rows, begin, begun_us, ended_us - begun_us)

    def _add(
        self, rows: list[tuple[Any, ...]], event: ChromeEvent, ts: float | str, dur: float | str
    ) -> None:
        start_us, length_us = _number(ts), _number(dur)
        place = self._places.numbers[_place(event.pid), _place(event.tid)]
        if place == MARK:
            self.marks += 1
        elif start_us is None or length_us is None:
            self._dropped[IMPOSSIBLE_TIME] += 1
        elif isnan(start_us + length_us):
            self._dropped[NO_TIME_GIVEN] += 1
        elif not (length_us >= 0 and abs(start_us) + length_us < MAX_MICROSECONDS):
            self._dropped[IMPOSSIBLE_TIME] += 1
        else:
            process, thread = self._places.one(place)
            if SUMMARY_THREADS.fullmatch(self.thread_names.get((process, thread), "")):
                self.marks += 1
                return
            what = self.what(event, process, thread)
            if event.ph in ("b", "S"):
                what = what._replace(kind=Kind.ASYNC)
            rows.append((what, start_us, length_us, process, thread))

    def _columns(self, rows: list[tuple[Any, ...]]) -> Block:
        count = len(rows)
        first, self._rows = self._rows, self._rows + count
        number = self.strings.number
        whats = [row[0] for row in rows]
        return from_columns(
            count,
            event_id=range(first, first + count),
            name=[number(what.name) for what in whats],
            kind=[what.kind for what in whats],
            start_ns=nanoseconds([row[1] for row in rows]),
            duration_ns=nanoseconds([row[2] for row in rows]),
            process=[row[3] for row in rows],
            thread=[row[4] for row in rows],
            device=[what.device for what in whats],
            stream=[what.stream for what in whats],
            correlation=[what.correlation for what in whats],
            shapes=[number(what.shapes) if what.shapes else NONE for what in whats],
            path=[number(what.path) if what.path else NONE for what in whats],
            rank=self.rank,
        )

    def _take_name(self, event: ChromeEvent) -> None:
        place = self._places.numbers[_place(event.pid), _place(event.tid)]
        try:
            args = msgspec.json.decode(event.args) if bytes(event.args) else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            args = {}
        name = args.get("name") if isinstance(args, dict) else None
        if place == MARK or not isinstance(name, str):
            return
        process, thread = self._places.one(place)
        if event.name == "process_name":
            self.process_names[process] = name
        elif event.name == "thread_name":
            self.thread_names[process, thread] = name


def _key(event: ChromeEvent) -> object:
    """What a begin and its end have in common."""
    if event.ph in ("B", "E"):
        return event.pid, event.tid
    return event.cat, event.id, event.pid, event.name if event.ph in ("S", "F") else ""


def _place(value: float | str | None) -> int | str:
    if value is None:
        return 0
    if isinstance(value, str):
        return value
    whole = int(value) if value == value // 1 else None
    return whole if whole is not None and -(2**63) <= whole < 2**63 else str(value)


def _number(value: float | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _small(value: int) -> int:
    return value if 0 <= value < 2**31 else NONE
