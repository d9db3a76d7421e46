"""Reads the Chrome JSON that torch.profiler exports (Kineto) as event blocks, streaming."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from analysis.blocks import NONE, Block, Kind, Strings, from_columns
from analysis.readers.chunks import BLOCK_BYTES, ArrayReader, read_blocks
from analysis.readers.kineto_events import (
    KINDS,
    NO_ARGS,
    Event,
    device_of,
    moved_bytes,
    nanoseconds,
    number,
    same_place,
    stream_of,
    text_of,
)
from profilers.rundir import ProfileError

TAIL_BYTES = 1 << 20
MAX_MICROSECONDS = 4e15
BASE_TIME = re.compile(rb'"baseTimeNanoseconds"\s*:\s*(-?\d{1,19})\b')
STEP_NAME = re.compile(r"(?:step:|ProfilerStep#)\d+$")
MARK_PROCESSES = ("Spans", "Traces", "")


class KinetoTrace:
    """A trace of torch.profiler, plain or gzip; meets analysis.blocks.Trace.

    Times are `baseTimeNanoseconds + round(ts * 1000)`; without that key `ts` counts from 1970.
    `flow` joins a forward op to its backward op. `marks` counts the profiler's own marks, which
    belong to no thread; `dropped_reasons` counts events that could not be understood. Read it once.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES) -> None:
        self.path = path
        self.strings = Strings()
        self.process_names: dict[int, str] = {}
        self.thread_names: dict[tuple[int, int], str] = {}
        self.devices: list[dict[str, object]] = []
        self.base_ns = 0
        self.rank = 0
        self.marks = 0
        self.dropped_reasons: dict[str, int] = Counter()
        self._reader = ArrayReader(path, "traceEvents", block_bytes)
        self._rows = 0
        self._shapes: dict[bytes, int] = {b"": NONE}
        self._decode = msgspec.json.Decoder(list[Event]).decode
        self._decode_one = msgspec.json.Decoder(Event).decode
        self._decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode

    @property
    def dropped(self) -> int:
        """Events that no block holds because they could not be understood."""
        return sum(self.dropped_reasons.values())

    def blocks(self) -> Iterator[Block]:
        """Yield the events in the file's order; ProfileError if it is no whole Kineto trace."""
        header = self._take_header(self._reader.find_head() + b"]}")
        if "baseTimeNanoseconds" not in header:
            self.base_ns = _base_ns_behind_events(self.path)
        held: list[Event] = []
        for events in self._reader.lists(self._events):
            # An arrow's end follows its event: the last event waits for what comes behind it.
            events = held + events
            cut = next((i for i in range(len(events) - 1, -1, -1) if events[i].ph == "X"), 0)
            held = events[cut:]
            yield self._block(events[:cut])
        yield self._block(held)
        base_ns, self.base_ns = self.base_ns, 0
        self._take_header(self._reader.head + self._reader.tail)
        if self.base_ns != base_ns:
            raise ProfileError(f"{self.path} names two base times; record the trace again.")

    def _take_header(self, document: bytes) -> dict[str, object]:
        header = msgspec.json.decode(document, type=dict[str, object])
        match header.get("baseTimeNanoseconds"):
            case int(base_ns) if abs(base_ns) < 2**62:
                self.base_ns = base_ns
        match header.get("deviceProperties"):
            case [*devices]:
                self.devices = [device for device in devices if isinstance(device, dict)]
        match header.get("distributedInfo"):
            case {"rank": int(rank)} if 0 <= rank < 2**15:
                self.rank = rank
        return header

    def _events(self, text: bytes) -> list[Event]:
        """Decode an array; where an element has unexpected types, one by one without it."""
        try:
            return self._decode(text)
        except msgspec.ValidationError:
            pass
        events, failed = [], 0
        for raw in self._decode_raw(text):
            try:
                events.append(self._decode_one(raw))
            except msgspec.ValidationError:
                failed += 1
        self.dropped_reasons["unexpected type of a value"] += failed
        return events

    def _block(self, events: list[Event]) -> Block:
        """The block of these events; names of processes and threads are kept on the side."""
        rows: list[Event] = []
        kinds: list[Kind] = []
        flows: list[int] = []
        for event in events:
            if event.ph in ("X", "i", "I"):
                kind = self._kind(event)
                if kind is not None:
                    rows.append(event)
                    kinds.append(kind)
                    flows.append(NONE)
            elif event.ph in ("s", "f"):
                if event.cat == "fwdbwd" and rows and same_place(rows[-1], event):
                    flows[-1] = number(event.id)
            elif event.ph == "M":
                self._take_name(event)
            elif event.ph != "t":
                self.dropped_reasons["not a complete event"] += 1
        return self._columns(rows, kinds, flows)

    def _kind(self, event: Event) -> Kind | None:
        """What an event is; None if it has no place in a block, which is counted."""
        if isinstance(event.pid, str) or isinstance(event.tid, str):
            if event.pid in MARK_PROCESSES:
                self.marks += 1
                return None
            reason = "process or thread without a number"
        elif not (event.dur >= 0 and abs(event.ts) + event.dur < MAX_MICROSECONDS):
            reason = "impossible time"
        elif event.ph != "X":
            if event.cat == "cpu_instant_event" and event.name == "[memory]":
                return Kind.MEMORY
            reason = "unknown category"
        elif event.cat == "user_annotation" and STEP_NAME.match(event.name):
            return Kind.STEP
        elif (kind := KINDS.get(event.cat)) is not None:
            return kind
        else:
            reason = "unknown category"
        self.dropped_reasons[reason] += 1
        return None

    def _take_name(self, event: Event) -> None:
        name = (event.args or NO_ARGS).name
        if event.name not in ("process_name", "thread_name") or not isinstance(event.pid, int):
            return
        text = text_of(name)
        if event.name == "process_name":
            self.process_names[event.pid] = text
        elif isinstance(event.tid, int):
            self.thread_names[event.pid, event.tid] = text

    def _columns(self, rows: list[Event], kinds: list[Kind], flows: list[int]) -> Block:
        count = len(rows)
        arguments = [row.args or NO_ARGS for row in rows]
        self._rows += count
        return from_columns(
            count,
            event_id=np.arange(self._rows - count, self._rows),
            name=[self.strings.number(row.name) for row in rows],
            kind=kinds,
            start_ns=self.base_ns + nanoseconds([row.ts for row in rows]),
            duration_ns=nanoseconds([row.dur for row in rows]),
            process=[int(row.pid) for row in rows],
            thread=[int(row.tid) for row in rows],
            device=[device_of(*all_of) for all_of in zip(rows, arguments, kinds, strict=True)],
            stream=[stream_of(*all_of) for all_of in zip(rows, arguments, strict=True)],
            parent=[number(args.python_parent) for args in arguments],
            correlation=[number(args.correlation) for args in arguments],
            sequence=[number(args.sequence) for args in arguments],
            forward_thread=[number(args.forward_thread) for args in arguments],
            python_id=[number(args.python_id) for args in arguments],
            flow=flows,
            shapes=[self._shape(args.dims) for args in arguments],
            bytes=[moved_bytes(*both) for both in zip(arguments, kinds, strict=True)],
            total_bytes=[number(args.total_bytes) for args in arguments],
            rank=np.full(count, self.rank),
        )

    def _shape(self, dims: msgspec.Raw) -> int:
        text = bytes(dims)
        known = self._shapes.get(text)
        if known is None:
            compact = b"".join(text.split()).decode("utf-8", "replace")
            known = self._shapes[text] = self.strings.number(compact)
        return known


def _base_ns_behind_events(path: Path) -> int:
    """`baseTimeNanoseconds` near the file's end, or 0; a gzip file is unpacked once for it."""
    tail = b""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            tail = file.read()
        else:
            for block in read_blocks(path):
                tail = (tail + block)[-TAIL_BYTES:]
    found = BASE_TIME.findall(tail)
    return int(found[-1]) if found else 0
