"""Reads the Chrome JSON that torch.profiler exports (Kineto) as event blocks, streaming."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from analysis.blocks import Block, Strings
from analysis.folds.flops import needs
from analysis.readers.json_trace import JsonTrace
from analysis.readers.kineto_columns import KinetoColumns
from analysis.readers.kineto_events import (
    NO_NAME,
    SPANS,
    ArrowEnd,
    ArrowStart,
    BareInstant,
    Event,
    Instant,
    Named,
    Other,
    Span,
    decoder,
    text_of,
    tolerant,
)
from analysis.readers.outline import Members
from analysis.readers.places import MARK, NO_PROCESS
from analysis.readers.source import BLOCK_BYTES, GZIP, Source

TAIL_BYTES = 1 << 20
BATCH_EVENTS = 4096
MEMORY = "cpu_instant_event"
FORWARD_BACKWARD = "fwdbwd"
BASE_TIME = "baseTimeNanoseconds"


class KinetoTrace(JsonTrace):
    """A trace of torch.profiler, plain or gzip; meets analysis.blocks.Trace.

    Times are `baseTimeNanoseconds + round(ts * 1000)`; without that key `ts` counts from 1970.
    It is looked for before the events and in the last MB; a note says if it was found elsewhere.
    `flow` joins a forward op to its backward op. `marks` counts the profiler's own marks, which
    belong to no thread; `dropped_reasons` counts events that could not be understood. Allocations
    are left out of the blocks if `memory` is false, and counted in `left_out`. Kernels have their
    launch configuration and allocations their address only if `details` is true. Read it once.
    """

    def __init__(
        self,
        path: Path,
        block_bytes: int = BLOCK_BYTES,
        memory: bool = True,
        limited: bool = True,
        strings: Strings | None = None,
        details: bool = False,
    ) -> None:
        super().__init__(path, block_bytes, limited, strings)
        self._memory = memory
        self._limited = limited
        self._columns = KinetoColumns(self.strings, needs, details)
        self._dropped = self._columns.dropped
        self._decoders = [decoder(known, memory, details).decode for known in (True, False)]
        self._decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode

    @property
    def marks(self) -> int:
        """The profiler's own marks."""
        return self._columns.marks

    def read_header(self) -> dict[str, object]:
        """Read what stands before the events; ProfileError if it is no Kineto trace."""
        header = self._reader.find_header()
        self._take_header(header)
        return header

    def blocks(self) -> Iterator[Block]:
        """Yield the events in the file's order; ProfileError if it is no Kineto trace."""
        header = self.read_header()
        if BASE_TIME not in header:
            header = _behind_events(self.path, self._limited)
        self.base_ns = _base_ns(header)
        rank = self.rank
        spans: list[Span] = []
        arrows: list[ArrowStart] = []
        for events in self._reader.lists(self._events):
            kinds: defaultdict[type, list[Any]] = defaultdict(list)
            for event in events:
                kinds[type(event)].append(event)
            spans += next((kinds[kind] for kind in SPANS if kind in kinds), [])
            arrows += [a for a in kinds[ArrowStart] if a.cat == FORWARD_BACKWARD]
            arrows += [a for a in kinds[ArrowEnd] if a.cat == FORWARD_BACKWARD]
            if len(spans) > BATCH_EVENTS:
                # An arrow's end follows its event: the last event waits for what comes behind it.
                yield self._block(spans[:-1], arrows)
                spans = spans[-1:]
                arrows = [arrow for arrow in arrows if arrow.ts == spans[0].ts]
            if allocations := self._allocations(kinds):
                yield self._columns.memory(allocations, self.base_ns, self.rank)
        yield self._block(spans, arrows)
        header = self._reader.header
        self._take_header(header)
        if self.rank != rank:
            self.notes.append(
                f"It says behind its events that it is rank {self.rank}; they count as rank {rank}."
            )
            self.rank = rank
        self.notes += self._reader.notes
        if BASE_TIME in header and (base_ns := header[BASE_TIME]) != self.base_ns:
            self.notes.append(
                f"Its {BASE_TIME} ({base_ns!r:.40}) was not used; times count from {self.base_ns}."
            )

    def _take_header(self, header: Mapping[str, object]) -> None:
        match header.get("deviceProperties"):
            case [*devices]:
                self.devices = [device for device in devices if isinstance(device, dict)]
        match header.get("distributedInfo"):
            case {"rank": int(rank)} if 0 <= rank < 2**15:
                self.rank = rank

    def _events(self, text: bytes) -> list[Event]:
        """Decode an array; where an element has unexpected types, one by one."""
        for decode in self._decoders:
            try:
                return decode(text)
            except msgspec.ValidationError:
                continue
        return [tolerant(raw) for raw in self._decode_raw(text)]

    def _block(self, spans: list[Span], arrows: list[ArrowStart]) -> Block:
        block = self._columns.spans(spans, self.base_ns, self.rank)
        return self._columns.with_flows(block, arrows, self.base_ns)

    def _allocations(self, kinds: Mapping[type, list[Any]]) -> list[Instant]:
        """The allocations to be made a block; names are kept, and what is neither is counted."""
        for name in kinds[Named]:
            self._take_name(name)
        for other in kinds[Other]:
            self._dropped[other.why] += 1
        instants = kinds[Instant] or kinds[BareInstant]
        allocations = [instant for instant in instants if instant.cat == MEMORY]
        if len(allocations) < len(instants):
            others = [instant for instant in instants if instant.cat != MEMORY]
            places = self._columns.places.numbers
            for other in others:
                if other.pid == NO_PROCESS or places[other.pid, other.tid] == MARK:
                    self._columns.marks += 1
                else:
                    self._dropped["unknown category"] += 1
        if self._memory:
            return allocations
        self.left_out += len(allocations)
        return []

    def _take_name(self, event: Named) -> None:
        places = self._columns.places
        place = places.numbers[event.pid, event.tid]
        if event.name not in ("process_name", "thread_name") or place == MARK:
            return
        process, thread = places.one(place)
        text = text_of((event.args or NO_NAME).name)
        if event.name == "process_name":
            self.process_names[process] = text
        else:
            self.thread_names[process, thread] = text


def _base_ns(header: Mapping[str, object]) -> int:
    """The time that the events' times count from, 0 if there is none of 64 bits."""
    match header.get(BASE_TIME):
        case int(base_ns) if abs(base_ns) < 2**62:
            return base_ns
    return 0


def _behind_events(path: Path, limited: bool) -> dict[str, object]:
    """The members from the last base time on; a gzip file is unpacked once for it."""
    tail = b""
    with path.open("rb") as file:
        if file.read(2) != GZIP:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            tail = file.read()
        else:
            for block in Source(path, limited=limited).blocks():
                tail = (tail + block)[-TAIL_BYTES:]
    begin = tail.rfind(f'"{BASE_TIME}"'.encode())
    members = Members()
    end = members.take(tail[begin:]) if begin >= 0 else None
    is_inside = end is not None and tail[begin:][end:].lstrip().startswith((b",", b"}", b"]"))
    return {} if is_inside else members.values
