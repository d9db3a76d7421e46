"""Perfetto's protobuf by hand: packets of tracks, slices and counters, with interned texts.

Numbers of fields and values are those of perfetto_trace.proto
(https://perfetto.dev/docs/reference/trace-packet-proto). A trace is a row of packets; packets of
one sequence share a clock, on which each time is the difference to the one before, and a table of
texts, each of which is written once.
"""

from itertools import starmap
from typing import Protocol

import numpy as np
import numpy.typing as npt

from analysis import wording
from analysis.columns import Int64
from analysis.exporters.protobuf import (
    FIRST_TWO,
    FOURS,
    PAIRS,
    SHORT,
    bytes_field,
    double_field,
    fixed_field,
    number_field,
    varint,
)
from analysis.exporters.trace_file import bounded
from analysis.timeline.record import Head, Slice

SLICE_BEGIN, SLICE_END, COUNTER = 1, 2, 4
BOOTTIME, REALTIME, DELTA_CLOCK = 6, 1, 64
BYTES_UNIT, COUNT_UNIT = 3, 2
EXPLICIT_ORDER, NEVER_MERGED = 3, 2
FIRST_OF_SEQUENCE, LATER_IN_SEQUENCE = 3, 2
CATEGORIES, NAMES, KEYS, TEXTS = 1, 2, 3, 29
"""Tables of interned texts, by their field in InternedData."""

BUFFER_PIECES = 30_000
LONGEST_VARINT, VALUE_BYTES = 10, 8
MOST_HEADS, MOST_TEXTS = 20_000, 100_000


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


END_OF_SLICE = number_field(9, SLICE_END)


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
        clocks = (_clock(BOOTTIME, self.shown_ns), _clock(REALTIME, self.shown_ns))
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

    def group(self, uuid: int, parent: int, name: str, rank: int) -> None:
        """A group of tracks in another one, or at the top if the parent is 0."""
        self.add(_descriptor(uuid, _child(parent, name, rank)))

    def track(self, uuid: int, parent: int, name: str, rank: int) -> None:
        """A track of slices below a group or another track."""
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


class EventSequence:
    """The packets of one track, and of its lanes, by time: slices, or values of a counter.

    Args:
        file: what they are written to.
        uuid: the track that events are on unless they name another.
    """

    def __init__(self, file: TraceFile, uuid: int) -> None:
        self._file, self._uuid = file, uuid
        self._add = file.add_parts
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Begin a sequence, which knows no text yet."""
        file, uuid = self._file, self._uuid
        self._last_ns = file.start_ns
        number = number_field(10, file.sequence_number())
        self._head = number + number_field(13, LATER_IN_SEQUENCE) + b"\x5a"
        self._interned: dict[tuple[int, str], int] = {}
        self._fresh: list[bytes] = []
        self._heads: dict[Head, tuple[bytes, list[list[bytes]]]] = {}
        self._keys: dict[str, list[bytes]] = {}
        self._openings: dict[int, bytes] = {}
        self._endings = self._fixed(END_OF_SLICE)
        value = number_field(9, COUNTER) + varint(44 << 3 | 1)
        self._value_heads = self._fixed(value, VALUE_BYTES)
        shown_ns = file.shown_ns
        clocks = _clock(DELTA_CLOCK, shown_ns, delta=True) + _clock(BOOTTIME, shown_ns)
        defaults = bytes_field(11, number_field(11, uuid)) + number_field(58, DELTA_CLOCK)
        first = number + number_field(13, FIRST_OF_SEQUENCE)
        file.add(first + bytes_field(6, clocks) + bytes_field(59, defaults))

    def _fixed(self, event: bytes, more: int = 0) -> list[bytes]:
        """What stands before a time of so many digits, or before `more` bytes of the event."""
        start = self._head + varint(len(event) + more) + event + (b"" if more else b"\x40")
        return [
            b"\x0a" + varint(len(start) + more + (1 if more else 0) + digits) + start
            for digits in range(LONGEST_VARINT + 1)
        ]

    def begin(self, piece: Slice, uuid: int = 0) -> None:
        """A slice begins, under what is open on its track; not before the event before.

        Args:
            piece: the slice; when it ends is told by `end`.
            uuid: the track, if it is another than that of the sequence.
        """
        start_ns, _, head, numbers, arrows, correlation = piece
        event, keys = self._heads.get(head) or self._head_of(head)
        for value, begins in zip(numbers, keys):  # noqa: B905 (a check would take as long)
            if 0 <= value < PAIRS:
                digits = SHORT[value]
            elif PAIRS <= value < FOURS:
                digits = FIRST_TWO[value % PAIRS] + SHORT[value // PAIRS]
            elif value >= FOURS:
                digits = varint(value)
            else:
                continue
            event += begins[len(digits)] + digits
        for arrow in arrows:
            event += fixed_field(47, abs(arrow))
        if correlation >= 0:
            event += number_field(52, correlation)
        if uuid:
            event += number_field(11, uuid)
        passed_ns = start_ns - self._last_ns
        if 0 <= passed_ns < PAIRS:
            passed = SHORT[passed_ns]
        elif PAIRS <= passed_ns < FOURS:
            passed = FIRST_TWO[passed_ns % PAIRS] + SHORT[passed_ns // PAIRS]
        else:
            passed = self._passed(start_ns)
        self._last_ns = start_ns
        if self._fresh:
            texts = bytes_field(12, b"".join(self._fresh))
            self._fresh.clear()
            opening = self._opening(len(event), len(passed) + len(texts))
            self._add(opening, event, b"\x40", passed, texts)
            return
        sizes = len(event) << 4 | len(passed)
        opening = self._openings.get(sizes) or self._known_opening(sizes)
        self._add(opening, event, b"\x40", passed)

    def end(self, time_ns: int, uuid: int = 0) -> None:
        """The slice that began last on the track, and is open, ends."""
        passed_ns = time_ns - self._last_ns
        passed = SHORT[passed_ns] if 0 <= passed_ns < PAIRS else self._passed(time_ns)
        self._last_ns = time_ns
        if uuid:
            event = END_OF_SLICE + number_field(11, uuid)
            opening = self._opening(len(event), len(passed))
            self._add(opening, event, b"\x40", passed)
        else:
            self._add(self._endings[len(passed)], passed)

    def values(self, times_ns: Int64, values: npt.NDArray[np.float64]) -> None:
        """From each of these times on the counter has the value beside it, which is finite."""
        if not len(times_ns):
            return
        passed_ns = np.diff(times_ns, prepend=self._last_ns)
        if passed_ns.min() < 0:
            raise ValueError(f"a value is from before {self._last_ns} ns, where the last event is")
        self._last_ns = int(times_ns[-1])
        data = values.astype("<f8").tobytes()
        parts: list[bytes] = []
        for place, time_passed in enumerate(passed_ns.tolist()):
            passed = SHORT[time_passed] if time_passed < PAIRS else varint(time_passed)
            value = data[place * VALUE_BYTES : (place + 1) * VALUE_BYTES]
            parts += (self._value_heads[len(passed)], value, b"\x40", passed)
        self._add(*parts)

    def _known_opening(self, sizes: int) -> bytes:
        """The opening of an event of so many bytes and so many digits of time, kept."""
        if len(self._openings) >= MOST_HEADS:
            self._openings.clear()
        made = self._openings[sizes] = self._opening(sizes >> 4, sizes & 15)
        return made

    def _opening(self, event_bytes: int, more_bytes: int) -> bytes:
        """What stands before an event, a byte, and so many bytes more."""
        start = self._head + varint(event_bytes)
        return b"\x0a" + varint(len(start) + event_bytes + 1 + more_bytes) + start

    def _passed(self, time_ns: int) -> bytes:
        """The time since the event before, as it is written."""
        passed_ns = time_ns - self._last_ns
        if passed_ns < 0:
            raise ValueError(f"an event at {time_ns} ns comes after one at {self._last_ns} ns")
        return varint(passed_ns)

    def _head_of(self, head: Head) -> tuple[bytes, list[list[bytes]]]:
        """What all slices with a head have in common, and what stands before their numbers."""
        if len(self._interned) > MOST_TEXTS:
            self._begin_anew()
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()
        fixed = number_field(9, SLICE_BEGIN) + number_field(10, self._number(NAMES, head.name))
        if head.kind:
            fixed += number_field(3, self._number(CATEGORIES, head.kind))
        fixed += b"".join(starmap(self._annotation, head.args.items()))
        keys = [self._keys.get(key) or self._key(key) for key in head.keys]
        made = self._heads[head] = fixed, keys
        return made

    def _annotation(self, key: str, value: object) -> bytes:
        name = number_field(1, self._number(KEYS, key))
        if value is None:
            return b""
        if isinstance(value, str):
            return bytes_field(4, name + number_field(17, self._number(TEXTS, value)))
        if type(value) is int:
            return bytes_field(4, name + number_field(4, value))
        if isinstance(value, float):
            return bytes_field(4, name + double_field(5, value))
        raise TypeError(f"{key} is a {type(value).__name__}, not a text or a number")

    def _key(self, key: str) -> list[bytes]:
        """What stands before a number of so many digits."""
        name = number_field(1, self._number(KEYS, key)) + b"\x20"
        made = self._keys[key] = [
            b"\x22" + varint(len(name) + digits) + name for digits in range(LONGEST_VARINT + 1)
        ]
        return made

    def _number(self, table: int, text: str) -> int:
        """The number of a text in one of the tables; it is written with the next event if new."""
        known = self._interned.get((table, text))
        if known is None:
            known = self._interned[table, text] = len(self._interned) + 1
            entry = number_field(1, known) + bytes_field(2, utf8(text))
            self._fresh.append(bytes_field(table, entry))
        return known


def _clock(number: int, time_ns: int, *, delta: bool = False) -> bytes:
    fields = number_field(1, number) + number_field(2, time_ns)
    return bytes_field(1, fields + number_field(3, 1) if delta else fields)


def _child(parent: int, name: str, rank: int) -> bytes:
    fields = bytes_field(2, utf8(name)), number_field(5, parent) if parent else b""
    order = number_field(11, EXPLICIT_ORDER) + number_field(12, rank)
    return b"".join(fields) + order + number_field(15, NEVER_MERGED)


def _descriptor(uuid: int, *fields: bytes) -> bytes:
    return bytes_field(60, number_field(1, uuid) + b"".join(fields))
