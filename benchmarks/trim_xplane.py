"""Cuts a profile of TensorFlow or JAX down to a stretch of time, to be kept as an input of tests.

Usage: python benchmarks/trim_xplane.py PROFILE.xplane.pb OUTPUT.xplane.pb [--kilobytes 100]

What overlaps a stretch around the middle of the devices' work stays, at first all of it, with the
names that it uses; the stretch is halved until the file is small enough. Programs (HLO) stay as
long as there is room for them. Exit code 1 if it is still too large.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from analysis.readers.xspace_proto import XSpace  # noqa: E402
from benchmarks import trimming  # noqa: E402

PS_PER_NS = 1000
HALVINGS = 12
METADATA = "/host:metadata"


def attempts(data: bytes) -> Iterator[bytes]:
    """Ever smaller parts of a profile: first shorter ones with the programs, then without them."""
    begin, end = _extent(XSpace.FromString(data))
    for programs in (True, False):
        for halving in range(HALVINGS):
            half = ((end - begin) // 2 + 1) >> halving
            around = (begin + end) // 2
            yield part(data, around - half, around + half, programs=programs)


def part(data: bytes, begin_ps: int, end_ps: int, *, programs: bool) -> bytes:
    """What overlaps a stretch of time, as a profile; other fields stay as they are."""
    space = XSpace.FromString(data)
    for plane in space.planes:
        if plane.name == METADATA:
            if not programs:
                plane.event_metadata.clear()
            continue
        for line in plane.lines:
            base = line.timestamp_ns * PS_PER_NS
            kept = [
                event
                for event in line.events
                if base + event.offset_ps < end_ps
                and base + event.offset_ps + event.duration_ps >= begin_ps
            ]
            del line.events[:]
            line.events.extend(kept)
        lines = [line for line in plane.lines if line.events]
        del plane.lines[:]
        plane.lines.extend(lines)
        _drop_names(plane)
    return bytes(space.SerializeToString(deterministic=True))


def _drop_names(plane: Any) -> None:
    """Leave out metadata that no event uses; statistics refer to each other, so these stay."""
    used = {event.metadata_id for line in plane.lines for event in line.events}
    for number in [number for number in plane.event_metadata if number not in used]:
        del plane.event_metadata[number]


def _extent(space: Any) -> tuple[int, int]:
    """Begin and end in ps: of the devices' events, else of all."""
    for chosen in ("/device:", ""):
        spans = [
            (start, start + event.duration_ps)
            for plane in space.planes
            if plane.name.startswith(chosen)
            for line in plane.lines
            for event in line.events
            for start in [line.timestamp_ns * PS_PER_NS + event.offset_ps]
        ]
        if spans:
            return min(start for start, _ in spans), max(end for _, end in spans)
    raise SystemExit("error: the profile has no events.")


if __name__ == "__main__":
    sys.exit(trimming.main((__doc__ or "").splitlines()[0], attempts))
