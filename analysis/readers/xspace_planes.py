"""Walks an .xplane.pb file plane by plane, line by line, holding a part of a line at a time."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from analysis.readers.wire import BYTES, Data, Octets, WireError, field_head
from analysis.readers.xspace_damage import Damage, merged, readable_fields
from analysis.readers.xspace_names import KINETO, RECORDER, recorded_name
from analysis.readers.xspace_proto import XLine, XPlane
from analysis.readers.xspace_scan import Scan, scan
from analysis.readers.xspace_work import FIGURES, NO_WORK, Value, Work, xla_work

PART_BYTES = 1 << 20
HELD_EVENTS = 1 << 21
SPACE_PLANES, PLANE_LINES = 1, 3
PROGRAM = "Hlo Proto"


@dataclass(frozen=True)
class Plane:
    """One plane without its lines: names, stats, and where its lines lie in the file.

    Names are by metadata id; texts that stats share stand among the names of stats. `programs` are
    the XLA programs that the plane holds, serialized, by their number. `event_work` are the figures
    that XLA has for all events of a metadata id.
    """

    number: int
    name: str
    event_names: dict[int, str]
    stat_names: dict[int, str]
    stats: dict[str, Value]
    programs: dict[int, bytes]
    lines: list[tuple[int, int]]
    event_work: dict[int, Work] = field(default_factory=dict)

    @property
    def of_torch(self) -> bool:
        """Whether this was made of a trace of torch."""
        return self.stats.get(RECORDER) == KINETO


def planes(data: Data, damage: Damage) -> Iterator[Plane]:
    """The planes of a file's bytes, in their order, as far as they can be read."""
    number = 0
    for found in readable_fields(data, 0, len(data), damage):
        if found.number == SPACE_PLANES and found.form == BYTES:
            yield _plane(number, data, found.content, found.end, damage)
            number += 1


def _plane(number: int, data: Data, begin: int, end: int, damage: Damage) -> Plane:
    rest, lines = [], []
    for found in readable_fields(data, begin, end, damage):
        if found.number == PLANE_LINES and found.form == BYTES:
            lines.append((found.content, found.end))
        else:
            rest.append(data[found.begin : found.end])
    message = merged(XPlane, rest, damage)
    names = {key: metadata.name for key, metadata in message.stat_metadata.items()}
    programs = {}
    if PROGRAM in names.values():
        for key, metadata in message.event_metadata.items():
            program = _values(names, metadata.stats).get(PROGRAM)
            if isinstance(program, bytes):
                programs[key] = program
    stats = _values(names, message.stats)
    events = message.event_metadata.items()
    event_names = {key: metadata.name for key, metadata in events}
    if stats.get(RECORDER) == KINETO:
        event_names = {key: recorded_name(each.name, each.display_name) for key, each in events}
    return Plane(
        number,
        message.name,
        event_names,
        names,
        stats,
        programs,
        lines,
        _event_work(names, message.event_metadata),
    )


def _event_work(names: dict[int, str], events: Any) -> dict[int, Work]:
    if not set(FIGURES) & set(names.values()):
        return {}
    found = {key: xla_work(_values(names, metadata.stats)) for key, metadata in events.items()}
    return {key: work for key, work in found.items() if work != NO_WORK}


def _values(names: dict[int, str], stats: Any) -> dict[str, Value]:
    """Stats by name; one without a name or a value is left out."""
    found: dict[str, Value] = {}
    for stat in stats:
        name, kind = names.get(stat.metadata_id), stat.WhichOneof("value")
        if name is not None and kind is not None:
            value = getattr(stat, kind)
            found[name] = names.get(value, "") if kind == "ref_value" else value
    return found


@dataclass(frozen=True)
class Line:
    """A line's header (an XLine without events), how many events it has, and where they lie.

    What was found in the first `parts` is kept in `found`, for HELD_EVENTS or a few more.
    """

    header: Any
    count: int
    parts: list[tuple[int, int]]
    found: list[Scan]


def line_at(data: Data, begin: int, end: int, damage: Damage, part_bytes: int = PART_BYTES) -> Line:
    """The line in data[begin:end], as far as it can be read."""
    others: list[bytes] = []
    parts: list[tuple[int, int]] = []
    held: list[Scan] = []
    count, at = 0, begin
    while at < end:
        found = scan(Octets(data[at : min(at + part_bytes, end)]))
        if not found.stop and not found.is_damaged:
            found = scan(Octets(data[at : _end_of_long_field(data, at, end)]))
        others += [data[at + field.begin : at + field.end] for field in found.others]
        if len(found):
            if count < HELD_EVENTS:
                held.append(found)
            parts.append((at, at + found.stop))
            count += len(found)
        at += found.stop
        release(data, at)
        if found.is_damaged or not found.stop:
            damage.at(at if found.is_damaged else end)
            break
    return Line(merged(XLine, others, damage), count, parts, held)


def _end_of_long_field(data: Data, at: int, end: int) -> int:
    """Where the field ends that begins here, within the message that goes on to `end`."""
    try:
        return min(field_head(data, at, end).end, end)
    except WireError:
        return end


def scans(data: Data, line: Line) -> Iterator[tuple[Octets, Scan]]:
    """The events of a line, a part at a time."""
    for (begin, end), found in zip_longest(line.parts, line.found):
        octets = Octets(data[begin:end])
        yield octets, scan(octets) if found is None else found
        release(data, end)


def release(data: Data, end: int) -> None:
    """Give back the memory of a mapped file's pages before this byte; they can be read again."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED, 0, end)
