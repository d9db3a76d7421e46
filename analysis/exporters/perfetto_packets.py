"""Perfetto's protobuf by hand: a file of packets, and those that describe tracks.

Numbers of fields and values are those of perfetto_trace.proto
(https://perfetto.dev/docs/reference/trace-packet-proto).
"""

from typing import Protocol

from analysis import wording
from analysis.exporters.protobuf import (
    PAIRS,
    SHORT,
    bytes_field,
    number_field,
    varint,
)
from analysis.exporters.trace_file import bounded

BOOTTIME, REALTIME = 6, 1
BYTES_UNIT, COUNT_UNIT = 3, 2
EXPLICIT_ORDER, NEVER_MERGED = 3, 2
RECORDING_STARTED, RECORDING_ENDED = 2, 5
BUFFER_PIECES = 30_000


class Sink(Protocol):
    """Where the bytes go, such as a gzip stream."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


def utf8(text: str) -> bytes:
    """A text as viewers can show it: without control characters, and of a bounded length."""
    shown = bounded(text)
    if not shown.isprintable():
        shown = wording.plain(shown)
    return shown.encode("utf-8", "replace")


class TraceFile:
    """A trace in the making: packets go to a stream, some thousand at a time.

    Args:
        sink: what takes the bytes.
        start_ns: Unix time before everything in the trace. Perfetto shows no time below 0: where
            this one is, it is shown as 0, and all others as later.
    """

    def __init__(self, sink: Sink, start_ns: int) -> None:
        self._sink = sink
        self._packets: list[bytes] = []
        self._sequences = 0
        self.start_ns = start_ns
        self.shown_ns = max(0, start_ns)
        clocks = (clock_reading(BOOTTIME, self.shown_ns), clock_reading(REALTIME, self.shown_ns))
        self.add(bytes_field(6, b"".join(clocks)))

    def add(self, packet: bytes) -> None:
        """Append a packet."""
        size = len(packet)
        self.add_parts(b"\x0a", SHORT[size] if size < PAIRS else varint(size), packet)

    def add_parts(self, *parts: bytes) -> None:
        """Append parts that make whole packets, with their lengths."""
        self._packets += parts
        if len(self._packets) >= BUFFER_PIECES:
            self.flush()

    def flush(self) -> None:
        """Hand on what is kept."""
        self._sink.write(b"".join(self._packets))
        self._packets.clear()

    def sequence_number(self) -> int:
        """A number for a further sequence."""
        self._sequences += 1
        return self._sequences

    def root(self) -> None:
        """Say that groups stand in the order of their ranks; some viewers sort them by name."""
        self.add(_descriptor(0, number_field(11, EXPLICIT_ORDER)))

    def recorded(self, begin_ns: int, end_ns: int) -> None:
        """Say from when to when there was recording: Perfetto shows this stretch at first."""
        for time_ns, event in ((begin_ns, RECORDING_STARTED), (end_ns, RECORDING_ENDED)):
            shown_ns = max(0, time_ns - self.start_ns + self.shown_ns)
            self.add(number_field(8, shown_ns) + bytes_field(69, number_field(event, 1)))

    def track(self, uuid: int, parent: int, name: str, rank: int) -> None:
        """A group of tracks, or a track of slices, below another one; at the top if that is 0."""
        self.add(_descriptor(uuid, _child(parent, name, rank)))

    def counter(
        self, uuid: int, parent: int, name: str, rank: int, unit: int | str, shared: str = ""
    ) -> None:
        """A track of numbers; `unit` is BYTES_UNIT, COUNT_UNIT or the name of another one.

        Counters of one group with the same `shared` text are drawn on one scale.
        """
        kind = bytes_field(6, utf8(unit)) if isinstance(unit, str) else number_field(3, unit)
        if shared:
            kind += bytes_field(7, utf8(shared))
        self.add(_descriptor(uuid, _child(parent, name, rank), bytes_field(8, kind)))


def clock_reading(number: int, time_ns: int, *, delta: bool = False) -> bytes:
    """What a clock shows at a moment at which several are read; a delta clock begins there."""
    fields = number_field(1, number) + number_field(2, time_ns)
    return bytes_field(1, fields + number_field(3, 1) if delta else fields)


def _child(parent: int, name: str, rank: int) -> bytes:
    fields = bytes_field(2, utf8(name)), number_field(5, parent) if parent else b""
    order = number_field(11, EXPLICIT_ORDER) + number_field(12, rank)
    return b"".join(fields) + order + number_field(15, NEVER_MERGED)


def _descriptor(uuid: int, *fields: bytes) -> bytes:
    return bytes_field(60, number_field(1, uuid) + b"".join(fields))
