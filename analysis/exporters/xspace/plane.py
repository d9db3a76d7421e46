"""One plane of an XSpace file in the making: names are kept, events wait in a temporary file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, NamedTuple, Protocol

from analysis import wording
from analysis.exporters.protobuf import bytes_field, number_field, varint
from analysis.exporters.xspace.wire_columns import Octets

PLANE, LINE, EVENT = b"\x0a", b"\x1a", b"\x22"
"""The tags of a plane in a file, of a line in a plane, of an event in a line."""

FIRST_TEXT = 64
"""Names of stats have smaller numbers than the texts that stats refer to, so they take one byte."""

COPIED_BYTES = 1 << 20
LONGEST = 1 << 14
"""Characters of a text that are kept."""


def utf8(text: str) -> bytes:
    """A text without control characters, and of a bounded length."""
    shown = text[:LONGEST]
    if not shown.isprintable():
        shown = wording.plain(shown)
    if len(text) > LONGEST:
        shown += f"… ({len(text):,} characters)"
    return shown.encode("utf-8", "replace")


class Sink(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


class Store:
    """Bytes that are put away one after the other, and read again by their place."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size_bytes = 0

    def put(self, octets: Octets) -> "Piece":
        """Keep these bytes."""
        piece = Piece(self._size_bytes, len(octets))
        self._file.seek(piece.begin)
        self._file.write(octets.data)
        self._size_bytes += len(octets)
        return piece

    def copy(self, piece: "Piece", sink: Sink) -> None:
        """Hand a piece on, some of it at a time."""
        self._file.seek(piece.begin)
        left = piece.size_bytes
        while left:
            data = self._file.read(min(left, COPIED_BYTES))
            sink.write(data)
            left -= len(data)


class Piece(NamedTuple):
    """Where some bytes lie in a store."""

    begin: int
    size_bytes: int


@dataclass(slots=True)
class Line:
    """A thread or a stream: its name, and where its events lie."""

    name: str
    events: int = 0
    end_ps: int = 0
    pieces: list[Piece] = field(default_factory=list)

    def head(self, number: int) -> bytes:
        """The line without its events; its times count from the profile's start."""
        return number_field(1, number) + bytes_field(2, utf8(self.name)) + self._times()

    def _times(self) -> bytes:
        return number_field(3, 0) + number_field(9, self.end_ps)


class Plane:
    """A plane: its names, stats and lines.

    Args:
        name: what XProf knows its kind by.
        number: its id in the file.
        store: where the events wait until the size of the plane is known.
    """

    def __init__(self, name: str, number: int, store: Store) -> None:
        self.name = name
        self.number = number
        self.stats: dict[str, int | str] = {}
        self.lines: list[Line] = []
        self._store = store
        self._events: dict[tuple[str, str], int] = {}
        self._stats: dict[str, int] = {}
        self._texts: dict[str, int] = {}

    def event(self, name: str, shown: str = "") -> int:
        """The number of an event's name, which viewers show as `shown` if that is given."""
        return self._events.setdefault((name, shown), len(self._events) + 1)

    def stat(self, name: str) -> int:
        """The number of a stat's name."""
        number = self._stats.setdefault(name, len(self._stats) + 1)
        assert number < FIRST_TEXT
        return number

    def text(self, text: str) -> int:
        """The number of a text that stats refer to."""
        return self._texts.setdefault(text, len(self._texts) + FIRST_TEXT)

    def line(self, name: str) -> Line:
        """A new line, which stands behind those that there are."""
        self.lines.append(Line(name))
        return self.lines[-1]

    def add(self, line: Line, events: Octets, count: int, end_ps: int) -> None:
        """Append events to a line, as the bytes of its fields."""
        line.pieces.append(self._store.put(events))
        line.events += count
        line.end_ps = max(line.end_ps, end_ps)

    def write(self, sink: Sink) -> None:
        """Hand the plane on, as a field of the file."""
        heads = [line.head(number) for number, line in enumerate(self.lines, start=1)]
        sizes = [
            len(head) + sum(piece.size_bytes for piece in line.pieces)
            for head, line in zip(heads, self.lines, strict=True)
        ]
        frames = [LINE + varint(size) for size in sizes]
        own = self._own_fields()
        sink.write(PLANE + varint(len(own) + sum(sizes) + sum(map(len, frames))) + own)
        for frame, head, line in zip(frames, heads, self.lines, strict=True):
            sink.write(frame + head)
            for piece in line.pieces:
                self._store.copy(piece, sink)

    def _own_fields(self) -> bytes:
        """Everything but the lines."""
        stats = self._encoded_stats(self.stats)
        parts = [number_field(1, self.number), bytes_field(2, utf8(self.name))]
        for (name, shown), number in self._events.items():
            entry = number_field(1, number) + bytes_field(2, utf8(name))
            parts.append(
                _map_entry(4, number, entry + (bytes_field(4, utf8(shown)) if shown else b""))
            )
        for names in (self._stats, self._texts):
            for name, number in names.items():
                parts.append(
                    _map_entry(5, number, number_field(1, number) + bytes_field(2, utf8(name)))
                )
        return b"".join((*parts, stats))

    def _encoded_stats(self, stats: Mapping[str, int | str]) -> bytes:
        parts = []
        for name, value in stats.items():
            content = number_field(1, self.stat(name))
            if isinstance(value, str):
                content += number_field(7, self.text(value))
            else:
                content += number_field(3 if value >= 0 else 4, value)
            parts.append(bytes_field(6, content))
        return b"".join(parts)


def _map_entry(field_number: int, key: int, value: bytes) -> bytes:
    return bytes_field(field_number, number_field(1, key) + bytes_field(2, value))
