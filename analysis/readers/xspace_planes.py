"""Walks an .xplane.pb file plane by plane, line by line, holding a part of a line at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analysis.readers.wire import fields
from analysis.readers.xspace_proto import XLine, XPlane

PART_BYTES = 1 << 20
SPACE_PLANES, PLANE_LINES, LINE_EVENTS = 1, 3, 4

Value = int | float | str | bytes


@dataclass(frozen=True)
class Plane:
    """One plane without its lines: names, stats, and where its lines lie in the file.

    `stat_names` is by metadata id; texts that stats share stand there too.
    """

    number: int
    name: str
    event_metadata: dict[int, Any]
    stat_names: dict[int, str]
    stats: dict[str, Value]
    lines: list[tuple[int, int]]

    def values(self, stats: Any, wanted: dict[int, str] | None = None) -> dict[str, Value]:
        """Stats by name, or those whose metadata id is wanted; one without a value is left out."""
        found: dict[str, Value] = {}
        names = self.stat_names if wanted is None else wanted
        for stat in stats:
            name = names.get(stat.metadata_id)
            kind = stat.WhichOneof("value") if name is not None else None
            if name is not None and kind is not None:
                value = getattr(stat, kind)
                found[name] = self.stat_names.get(value, "") if kind == "ref_value" else value
        return found


def planes(data: bytes) -> Iterator[Plane]:
    """The planes of a file's bytes, in their order.

    Raises:
        WireError: the file is no protobuf message, or cut off.
        google.protobuf.message.DecodeError: a plane can't be decoded.
    """
    number = 0
    for field in fields(data, 0, len(data)):
        if field.number == SPACE_PLANES:
            yield _plane(number, data, field.content, field.end)
            number += 1


def _plane(number: int, data: bytes, begin: int, end: int) -> Plane:
    rest, lines = [], []
    for field in fields(data, begin, end):
        if field.number == PLANE_LINES:
            lines.append((field.content, field.end))
        else:
            rest.append(data[field.begin : field.end])
    message = XPlane.FromString(b"".join(rest))
    names = {key: metadata.name for key, metadata in message.stat_metadata.items()}
    plane = Plane(number, message.name, dict(message.event_metadata), names, {}, lines)
    plane.stats.update(plane.values(message.stats))
    return plane


def line_parts(data: bytes, begin: int, end: int, part_bytes: int = PART_BYTES) -> Iterator[Any]:
    """A line's header (an XLine without events), then its events as XLines of some each."""
    if end - begin <= part_bytes:
        line = XLine.FromString(data[begin:end])
        yield line
        yield line
        return
    header, parts, part = [], [], [0, 0]
    for field in fields(data, begin, end):
        if field.number != LINE_EVENTS:
            header.append(data[field.begin : field.end])
        elif field.begin == part[1] and field.end - part[0] <= part_bytes:
            part[1] = field.end
        else:
            part = [field.begin, field.end]
            parts.append(part)
    yield XLine.FromString(b"".join(header))
    for part_begin, part_end in parts:
        yield XLine.FromString(data[part_begin:part_end])
