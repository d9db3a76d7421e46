"""Reads the Chrome JSON that torch.profiler exports (Kineto) as event blocks, streaming."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from analysis.blocks import Block, Strings, concat
from analysis.folds.flops import needs_args
from analysis.readers.json_trace import JsonTrace
from analysis.readers.kineto_columns import MARK, KinetoColumns
from analysis.readers.kineto_events import (
    NO_NAME,
    SPANS,
    ArrowStart,
    BareInstant,
    Event,
    Instant,
    KnownSpan,
    Named,
    Other,
    Span,
    decoder,
    text_of,
    tolerant,
)
from analysis.readers.source import BLOCK_BYTES, GZIP, Source
from profilers.rundir import ProfileError

TAIL_BYTES = 1 << 20
BATCH_EVENTS = 4096
MEMORY = "cpu_instant_event"
INSTANTS = (Instant, BareInstant)
BASE_TIME = re.compile(rb'"baseTimeNanoseconds"\s*:\s*(-?\d{1,19})\b')


class KinetoTrace(JsonTrace):
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
        strings: Strings | None = None,
    ) -> None:
        super().__init__(path, block_bytes, limited, strings)
        self._memory = memory
        self._columns = KinetoColumns(self.strings, needs_args)
        self._dropped = self._columns.dropped
        self._decoders = [decoder(known, memory).decode for known in (True, False)]
        self._decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode

    @property
    def marks(self) -> int:
        """The profiler's own marks."""
        return self._columns.marks

    def read_header(self) -> dict[str, object]:
        """Read what stands before the events; ProfileError if it is no Kineto trace."""
        return self._take_header(_closed(self._reader.find_head()))

    def blocks(self) -> Iterator[Block]:
        """Yield the events in the file's order; ProfileError if it is no Kineto trace."""
        header = self.read_header()
        if "baseTimeNanoseconds" not in header:
            self.base_ns = _base_ns_behind_events(self.path)
        held: list[Event] = []
        for events in self._reader.lists(self._events):
            held += events
            if len(held) >= BATCH_EVENTS:
                # An arrow's end follows its event: the last event waits for what comes behind it.
                cut = next((i for i in range(len(held) - 1, -1, -1) if type(held[i]) in SPANS), 0)
                events, held = held[:cut], held[cut:]
                yield self._block(events)
        yield self._block(held)
        base_ns, self.base_ns = self.base_ns, 0
        self._take_header(_closed(self._reader.head, self._reader.tail))
        if self.base_ns != base_ns and self.truncated is None:
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
        for decode in self._decoders:
            try:
                return decode(text)
            except msgspec.ValidationError:
                continue
        return [tolerant(raw) for raw in self._decode_raw(text)]

    def _block(self, events: list[Event]) -> Block:
        """The block of these events; names of processes and threads are kept on the side."""
        spans: list[Span] = [event for event in events if type(event) is KnownSpan]
        arrows: list[ArrowStart] = []
        memory: list[Instant | BareInstant] = []
        if len(spans) < len(events):
            others = [event for event in events if type(event) is not KnownSpan]
            arrows = [e for e in others if isinstance(e, ArrowStart) and e.cat == "fwdbwd"]
            loose = [event for event in others if not isinstance(event, ArrowStart)]
            if any(type(event) is Span for event in loose):
                spans = [event for event in events if isinstance(event, Span)]
            memory = [e for e in loose if isinstance(e, INSTANTS) and e.cat == MEMORY]
            if len(memory) < len(loose):
                self._take_others(loose)
        block, rows = self._columns.spans(spans, self.base_ns, self.rank)
        if arrows:
            block = _with_flows(block, rows, spans, arrows)
        if memory and self._memory:
            kept = [event for event in memory if isinstance(event, Instant)]
            return concat([block, self._columns.memory(kept, self.base_ns, self.rank)])
        self.left_out += len(memory)
        return block

    def _take_others(self, events: Sequence[Event]) -> None:
        """Names are kept; the profiler's marks and what is no event of a known kind are counted."""
        for event in events:
            if isinstance(event, Named):
                self._take_name(event)
            elif isinstance(event, INSTANTS):
                if self._columns.places.numbers[event.pid, event.tid] == MARK:
                    self._columns.marks += 1
                elif event.cat != MEMORY:
                    self._dropped["unknown category"] += 1
            elif isinstance(event, Other):
                self._dropped[event.why] += 1

    def _take_name(self, event: Named) -> None:
        if event.name not in ("process_name", "thread_name"):
            return
        place = self._columns.places.numbers[event.pid, event.tid]
        if place == MARK:
            return
        text = text_of((event.args or NO_NAME).name)
        process = self._columns.places.number(event.pid)
        if event.name == "process_name":
            self.process_names[process] = text
        else:
            self.thread_names[process, self._columns.places.number(event.tid)] = text


def _with_flows(
    block: Block, rows: np.ndarray, spans: list[Span], arrows: list[ArrowStart]
) -> Block:
    """The block, with the arrows' numbers at the events that they start and end at."""
    numbers = {
        (arrow.ts, arrow.pid, arrow.tid): arrow.id for arrow in arrows if isinstance(arrow.id, int)
    }
    flow = np.full(len(block), -1, dtype=np.int64)
    times = {time for time, _, _ in numbers}
    for place, event in enumerate(spans if len(rows) == len(spans) else [spans[r] for r in rows]):
        if event.ts in times:
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
