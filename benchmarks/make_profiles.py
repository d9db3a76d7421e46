"""Writes XSpace profiles of any size, by repeating a recorded one with shifted times and numbers.

Usage: python benchmarks/make_profiles.py SOURCE.xplane.pb MEGABYTES OUTPUT.xplane.pb

Each line (thread or stream) goes on with the same events, later on the clock; step numbers and the
numbers that tie events together are new in each repeat. What is said once in a profile (names,
programs) is said once. Shifted numbers have a fixed width, so that the lengths of lines and planes
are known before they are written.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from analysis.readers.xspace_proto import XSpace  # noqa: E402

MEGABYTE = 1_000_000
GAP_PS = 10**9
TIMES, NUMBERS, STEPS = range(3)
SHIFTED = {
    **dict.fromkeys(("_p", "_c", "correlation_id", "element_id"), NUMBERS),
    **dict.fromkeys(("id", "parent_id", "step_id"), NUMBERS),
    "step_num": STEPS,
}
STAT_VALUES = {"uint64_value": 3, "int64_value": 4}
COUNTED = 1 << 40
SPACE_PLANES, PLANE_LINES, LINE_EVENTS, EVENT_OFFSET, EVENT_STATS, STAT_NAME = 1, 3, 4, 2, 4, 1
WIDTH, WIDTH_64_BITS = 8, 10


@dataclass(frozen=True)
class Line:
    """A line's bytes before its events, and those of its events, once.

    The varint of each shifted number begins at `places` and is `widths` bytes long.
    """

    header: bytes
    events: npt.NDArray[np.uint8]
    places: npt.NDArray[np.intp]
    values: npt.NDArray[np.uint64]
    kinds: npt.NDArray[np.intp]
    widths: npt.NDArray[np.intp]

    def write(self, file: BinaryIO, repeats: int, strides: npt.NDArray[np.uint64]) -> None:
        """Write the field of this line with all repeats of its events."""
        file.write(_prefix(PLANE_LINES, len(self.header) + repeats * len(self.events)))
        file.write(self.header)
        steps = strides[self.kinds]
        for repeat in range(repeats):
            values = self.values + steps * np.uint64(repeat)
            for width in (WIDTH, WIDTH_64_BITS):
                chosen = self.widths == width
                digits = np.arange(width, dtype=np.uint64)
                parts = (values[chosen, None] >> (digits * 7)) & np.uint64(127)
                parts[:, :-1] |= np.uint64(128)
                at = self.places[chosen, None] + digits.astype(np.intp)
                self.events[at] = parts.astype(np.uint8)
            file.write(self.events.tobytes())

    def size(self, repeats: int) -> int:
        """Bytes of the field that `write` writes."""
        content = len(self.header) + repeats * len(self.events)
        return len(_prefix(PLANE_LINES, content)) + content


@dataclass(frozen=True)
class Plane:
    """A plane's bytes without its lines, and its lines."""

    rest: bytes
    lines: list[Line]


def write(source: Path, size_bytes: int, output: Path) -> int:
    """Write at least `size_bytes` of a profile; the number of repeats."""
    space = XSpace.FromString(source.read_bytes())
    strides = np.array(_strides(space), dtype=np.uint64)
    planes = [_plane(plane) for plane in space.planes]
    del space.planes[:]
    once = sum(len(plane.rest) for plane in planes)
    each = sum(len(line.events) for plane in planes for line in plane.lines)
    repeats = max(1, -(-(size_bytes - once) // each))
    with output.open("wb") as file:
        for plane in planes:
            lines = sum(line.size(repeats) for line in plane.lines)
            file.write(_prefix(SPACE_PLANES, lines + len(plane.rest)))
            for line in plane.lines:
                line.write(file, repeats, strides)
            file.write(plane.rest)
        file.write(space.SerializeToString())
    return repeats


def _strides(space: Any) -> tuple[int, int, int]:
    """How far times (ps), numbers and step numbers of a repeat lie behind those before.

    Random numbers of 64 bits are moved like those that are counted up; they do not set the stride.
    """
    starts, ends = [], []
    highest = {NUMBERS: 0, STEPS: 0}
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                starts.append(line.timestamp_ns * 1000 + event.offset_ps)
                ends.append(starts[-1] + event.duration_ps)
                for kind, _, value in filter(None, (_shifted(plane, s) for s in event.stats)):
                    highest[kind] = max(highest[kind], value if value < COUNTED else 0)
    return max(ends) - min(starts) + GAP_PS, highest[NUMBERS] + 1, highest[STEPS] + 1


def _shifted(plane: Any, stat: Any) -> tuple[int, str, int] | None:
    """Kind, field and value of a stat that every repeat has a new number for; 0 names nothing."""
    kind = SHIFTED.get(plane.stat_metadata[stat.metadata_id].name)
    field = stat.WhichOneof("value")
    if kind is None or field not in STAT_VALUES:
        return None
    value: int = getattr(stat, field)
    return (kind, field, value) if value or kind == STEPS else None


def _plane(plane: Any) -> Plane:
    lines = [_line(plane, line) for line in plane.lines]
    del plane.lines[:]
    return Plane(plane.SerializeToString(), lines)


def _line(plane: Any, line: Any) -> Line:
    """The line as bytes in which the shifted numbers have their places."""
    text = bytearray()
    places: list[int] = []
    numbers: list[tuple[int, int]] = []
    for event in line.events:
        body, inner = _event(plane, event)
        text += _prefix(LINE_EVENTS, len(body))
        places += [len(text) + place for place, *_ in inner]
        numbers += [(kind, value) for _, kind, value in inner]
        text += body
    del line.events[:]
    return Line(
        header=line.SerializeToString(),
        events=np.frombuffer(text, dtype=np.uint8),
        places=np.array(places, dtype=np.intp),
        values=np.array([value % 2**64 for _, value in numbers], dtype=np.uint64),
        kinds=np.array([kind for kind, _ in numbers], dtype=np.intp),
        widths=np.array([_width(value) for _, value in numbers], dtype=np.intp),
    )


def _event(plane: Any, event: Any) -> tuple[bytes, list[tuple[int, int, int]]]:
    """An event's bytes, and (place, kind, value) of what is shifted in it."""
    stats = [(stat.metadata_id, _shifted(plane, stat)) for stat in event.stats]
    kept = [stat for stat, (_, shifted) in zip(event.stats, stats, strict=True) if not shifted]
    offset_ps = event.offset_ps
    # The offset stands in its place, as profilers write it.
    text = type(event)(metadata_id=event.metadata_id).SerializeToString()
    text += _varint(EVENT_OFFSET << 3)
    found = [(len(text), TIMES, offset_ps)]
    rest = type(event)(duration_ps=event.duration_ps, stats=kept)
    text += bytes(WIDTH) + rest.SerializeToString()
    for number, shifted in stats:
        if shifted:
            kind, field, value = shifted
            content = _varint(STAT_NAME << 3) + _varint(number) + _varint(STAT_VALUES[field] << 3)
            text += _prefix(EVENT_STATS, len(content) + _width(value)) + content
            found.append((len(text), kind, value))
            text += bytes(_width(value))
    return text, found


def _width(value: int) -> int:
    return WIDTH if 0 <= value < COUNTED else WIDTH_64_BITS


def _prefix(number: int, size: int) -> bytes:
    """What stands before the content of a field that has `size` bytes."""
    return _varint(number << 3 | 2) + _varint(size)


def _varint(value: int) -> bytes:
    text = bytearray()
    while value > 127:
        text.append(value & 127 | 128)
        value >>= 7
    return bytes(text) + bytes([value])


def main() -> None:
    """Read the arguments and write one profile."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("megabytes", type=int)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    repeats = write(arguments.source, arguments.megabytes * MEGABYTE, arguments.output)
    print(f"{arguments.output}: {repeats} repeats of {arguments.source.name}")


if __name__ == "__main__":
    main()
