"""Reads the Chrome JSON that torch.profiler exports (Kineto) as event blocks, streaming."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from analysis.blocks import Block, Strings, concat
from analysis.folds.flops import needs_args
from analysis.readers.chunks import ArrayReader
from analysis.readers.kineto_columns import MARK, KinetoColumns
from analysis.readers.kineto_events import NO_ARGS, Event, text_of, tolerant
from analysis.readers.source import BLOCK_BYTES, GZIP, Source
from profilers.rundir import ProfileError

TAIL_BYTES = 1 << 20
BATCH_EVENTS = 4096
BASE_TIME = re.compile(rb'"baseTimeNanoseconds"\s*:\s*(-?\d{1,19})\b')


class KinetoTrace:
    """A trace of torch.profiler, plain or gzip; meets analysis.blocks.Trace.

    Times are `baseTimeNanoseconds + round(ts * 1000)`; without that key `ts` counts from 1970.
    `flow` joins a forward op to its backward op. `marks` counts the profiler's own marks, which
    belong to no thread; `dropped_reasons` counts events that could not be understood. Allocations
    are left out of the blocks if `memory` is false, and counted in `left_out`. Read it once.
    """

    def __init__(
        self,
        path: Path,
        block_bytes: int = BLOCK_BYTES,
        memory: bool = True,
        limited: bool = True,
    ) -> None:
        self.path = path
        self.strings = Strings()
        self.process_names: dict[int, str] = {}
        self.thread_names: dict[tuple[int, int], str] = {}
        self.devices: list[dict[str, object]] = []
        self.base_ns = 0
        self.rank = 0
        self.left_out = 0
        self._memory = memory
        self._reader = ArrayReader(path, block_bytes=block_bytes, limited=limited)
        self._columns = KinetoColumns(self.strings, needs_args)
        self._decode = msgspec.json.Decoder(list[Event]).decode
        self._decode_one = msgspec.json.Decoder(Event).decode
        self._decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode

    @property
    def marks(self) -> int:
        """The profiler's own marks."""
        return self._columns.marks

    @property
    def dropped_reasons(self) -> dict[str, int]:
        """How many events could not be understood, and why."""
        lost = {"not valid JSON": self._reader.lost} if self._reader.lost else {}
        return self._columns.dropped | lost

    @property
    def dropped(self) -> int:
        """Events that no block holds because they could not be understood."""
        return sum(self.dropped_reasons.values())

    @property
    def repaired(self) -> int:
        """Places where the file's text had to be mended."""
        return self._reader.repaired

    @property
    def truncated(self) -> str | None:
        """Where the file breaks off, None if it is whole."""
        return self._reader.truncated

    @property
    def source(self) -> Source:
        """How far the file was read."""
        return self._reader.source

    def blocks(self) -> Iterator[Block]:
        """Yield the events in the file's order; ProfileError if it is no Kineto trace."""
        header = self._take_header(_closed(self._reader.find_head()))
        if "baseTimeNanoseconds" not in header:
            self.base_ns = _base_ns_behind_events(self.path)
        held: list[Event] = []
        for events in self._reader.lists(self._events):
            held += events
            if len(held) >= BATCH_EVENTS:
                # An arrow's end follows its event: the last event waits for what comes behind it.
                cut = next((i for i in range(len(held) - 1, -1, -1) if held[i].ph == "X"), 0)
                events, held = held[:cut], held[cut:]
                yield self._block(events)
        yield self._block(held)
        base_ns, self.base_ns = self.base_ns, 0
        header |= self._take_header(_closed(self._reader.head, self._reader.tail))
        if "baseTimeNanoseconds" in header and self.base_ns != base_ns:
            raise ProfileError(f"{self.path} names two base times; record the trace again.")
        self.base_ns = base_ns

    def _take_header(self, document: bytes) -> dict[str, object]:
        try:
            header = msgspec.json.decode(document, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}
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
        """Decode an array; where an element has unexpected types, one by one."""
        try:
            return self._decode(text)
        except msgspec.ValidationError:
            pass
        events = []
        for raw in self._decode_raw(text):
            try:
                events.append(self._decode_one(raw))
            except msgspec.ValidationError:
                event = tolerant(raw)
                if event is None:
                    self._columns.dropped["unexpected type of a value"] += 1
                else:
                    events.append(event)
        return events

    def _block(self, events: list[Event]) -> Block:
        """The block of these events; names of processes and threads are kept on the side."""
        spans = [event for event in events if event.ph == "X"]
        block, rows = self._columns.spans(spans, self.base_ns, self.rank)
        if len(spans) == len(events):
            return block
        others = [event for event in events if event.ph != "X"]
        arrows = [event for event in others if event.cat == "fwdbwd" and event.ph in ("s", "f")]
        if arrows:
            block = _with_flows(block, rows, spans, arrows)
        memory = []
        for event in others:
            if event.ph in ("i", "I"):
                if self._is_memory(event):
                    memory.append(event)
            elif event.ph == "M":
                self._take_name(event)
            elif event.ph not in ("s", "t", "f"):
                self._columns.dropped["not a complete event"] += 1
        if memory and self._memory:
            return concat([block, self._columns.memory(memory, self.base_ns, self.rank)])
        self.left_out += len(memory)
        return block

    def _is_memory(self, event: Event) -> bool:
        """Whether an instant tells of memory; the profiler's marks and others are counted."""
        if self._columns.places.numbers[event.pid, event.tid] == MARK:
            self._columns.marks += 1
            return False
        if event.cat == "cpu_instant_event" and event.name == "[memory]":
            return True
        self._columns.dropped["unknown category"] += 1
        return False

    def _take_name(self, event: Event) -> None:
        if event.name not in ("process_name", "thread_name"):
            return
        place = self._columns.places.numbers[event.pid, event.tid]
        if place == MARK:
            return
        text = text_of((event.args or NO_ARGS).name)
        process = self._columns.places.number(event.pid)
        if event.name == "process_name":
            self.process_names[process] = text
        else:
            self.thread_names[process, self._columns.places.number(event.tid)] = text


def _with_flows(block: Block, rows: np.ndarray, spans: list[Event], arrows: list[Event]) -> Block:
    """The block, with the arrows' numbers at the events that they start and end at."""
    numbers = {
        (arrow.ts, arrow.pid, arrow.tid): arrow.id for arrow in arrows if isinstance(arrow.id, int)
    }
    flow = np.full(len(block), -1, dtype=np.int64)
    starts = np.array([event.ts for event in spans], dtype=np.float64)[rows]
    ends = np.array([key[0] for key in numbers], dtype=np.float64)
    for place in np.flatnonzero(np.isin(starts, ends)).tolist():
        event = spans[rows[place]]
        flow[place] = numbers.get((event.ts, event.pid, event.tid), -1)
    return block.replaced(flow=flow)


def _closed(head: bytes, tail: bytes = b"") -> bytes:
    """The document around the events, without them."""
    is_array = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
    return b"{}" if is_array else head + (tail or b"]}")


def _base_ns_behind_events(path: Path) -> int:
    """`baseTimeNanoseconds` near the file's end, or 0; a gzip file is unpacked once for it."""
    tail = b""
    with path.open("rb") as file:
        if file.read(2) != GZIP:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            tail = file.read()
        else:
            for block in Source(path, limited=False).blocks():
                tail = (tail + block)[-TAIL_BYTES:]
    found = BASE_TIME.findall(tail)
    return int(found[-1]) if found else 0
