"""Reads Perfetto's traces back with nothing but varints: tracks, and the events on them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BEGIN, END, COUNTER = 1, 2, 4


def varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: their numbers, and a number or bytes each."""
    place = 0
    while place < len(data):
        key, place = varint(data, place)
        kind = key & 7
        if kind == 0:
            value, place = varint(data, place)
            yield key >> 3, value
            continue
        size, place = varint(data, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
        assert place + size <= len(data)
        yield key >> 3, data[place : place + size]
        place += size


def one(data: bytes) -> dict[int, Any]:
    """A message each of whose fields stands there once."""
    rows = list(fields(data))
    assert len(dict(rows)) == len(rows)
    return dict(rows)


@dataclass
class Shown:
    """A slice as a viewer shows it."""

    track: int
    start_ns: int
    end_ns: int | None
    name: str
    category: str
    arguments: list[tuple[str, Any]]
    flows: list[int]
    correlation: int | None

    @property
    def args(self) -> dict[str, Any]:
        return dict(self.arguments)


@dataclass
class Decoded:
    """A trace: tracks by number as raw messages, slices as they begin, values of counters.

    `recorded_ns` is when recording is said to have begun and ended.
    """

    tracks: dict[int, dict[int, Any]] = field(default_factory=dict)
    slices: list[Shown] = field(default_factory=list)
    values: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    recorded_ns: list[int] = field(default_factory=list)

    def name(self, track: int) -> str:
        own: str = self.tracks[track][2].decode()
        return own

    def path(self, track: int) -> str:
        """What a track is called, with what it is below."""
        names = []
        while track:
            names.append(self.name(track))
            track = self.tracks[track].get(5, 0)
        return " / ".join(reversed(names))

    def by_track(self) -> dict[str, list[Shown]]:
        """The slices of each track that has any."""
        shown: dict[str, list[Shown]] = {}
        for row in self.slices:
            shown.setdefault(self.path(row.track), []).append(row)
        return shown


class _Sequence:
    """What a sequence of packets has said so far."""

    def __init__(self) -> None:
        self.now_ns = self.track = 0
        self.texts: dict[tuple[int, int], str] = {}


def decode(data: bytes) -> Decoded:
    """Read a trace; slices that end in another order than they began are an error."""
    found, sequences = Decoded(), dict[int, _Sequence]()
    open_slices: dict[int, list[Shown]] = {}
    for tag, packet in fields(data):
        assert tag == 1
        parts = one(packet)
        if 60 in parts:
            track = one(parts[60])
            assert track[1] not in found.tracks
            found.tracks[track[1]] = track
        if 69 in parts:
            assert one(parts[69]) == {(2, 5)[len(found.recorded_ns)]: 1}
            found.recorded_ns.append(parts[8])
        if 10 not in parts:
            continue
        sequence = sequences.setdefault(parts[10], _Sequence())
        if 59 in parts:
            sequence.track = one(one(parts[59])[11])[11]
            sequence.now_ns = one(next(fields(parts[6]))[1])[2]
        for table, entry in fields(parts.get(12, b"")):
            number, text = one(entry)[1], one(entry)[2].decode()
            sequence.texts[table, number] = text
        if 11 in parts:
            sequence.now_ns += parts[8]
            _event(found, sequence, parts[11], open_slices)
    assert not any(open_slices.values())
    return found


def _event(
    found: Decoded, sequence: _Sequence, event: bytes, open_slices: dict[int, list[Shown]]
) -> None:
    rows = list(fields(event))
    parts = dict(rows)
    track = parts.get(11, sequence.track)
    stack = open_slices.setdefault(track, [])
    if parts[9] == BEGIN:
        category = sequence.texts[1, parts[3]] if 3 in parts else ""
        args = [_argument(sequence, value) for number, value in rows if number == 4]
        flows = [struct.unpack("<Q", value)[0] for number, value in rows if number == 47]
        name = sequence.texts[2, parts[10]]
        shown = Shown(track, sequence.now_ns, None, name, category, args, flows, parts.get(52))
        found.slices.append(shown)
        stack.append(shown)
    elif parts[9] == END:
        stack.pop().end_ns = sequence.now_ns
    else:
        assert parts[9] == COUNTER
        value = struct.unpack("<d", parts[44])[0]
        found.values.setdefault(track, []).append((sequence.now_ns, value))


def _argument(sequence: _Sequence, data: bytes) -> tuple[str, Any]:
    parts = one(data)
    name = sequence.texts[3, parts.pop(1)]
    ((kind, value),) = parts.items()
    if kind == 17:
        return name, sequence.texts[29, value]
    if kind == 5:
        return name, struct.unpack("<d", value)[0]
    assert kind == 4
    return name, value - (1 << 64) if value >> 63 else value
