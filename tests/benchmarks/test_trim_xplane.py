import subprocess
import sys
from pathlib import Path

import pytest

from analysis.groups import gather
from analysis.ops.table import Table
from analysis.readers.registry import open_trace
from analysis.readers.xspace_proto import XSpace
from benchmarks.trim_xplane import METADATA, attempts, part

ROOT = Path(__file__).parents[2]
XSPACE = ROOT / "tests" / "data" / "xspace"
JAX = XSPACE / "mi300-jax-conv.xplane.pb"


def spans_of(data: bytes) -> list[tuple[int, int]]:
    return [
        (start, start + event.duration_ps)
        for plane in XSpace.FromString(data).planes
        for line in plane.lines
        for event in line.events
        for start in [1000 * line.timestamp_ns + event.offset_ps]
    ]


def test_what_overlaps_a_stretch_stays() -> None:
    data = JAX.read_bytes()
    spans = spans_of(data)
    begin, end = sorted(start for start, _ in spans)[len(spans) // 3], max(end for _, end in spans)
    expected = sorted(span for span in spans if span[0] < end and span[1] >= begin)
    assert 0 < len(expected) < len(spans)
    assert sorted(spans_of(part(data, begin, end, programs=True))) == expected


def test_names_stay_where_they_are_used_and_programs_where_there_is_room() -> None:
    data = (XSPACE / "tensorflow-xla.xplane.pb").read_bytes()
    for programs in (True, False):
        space = XSpace.FromString(part(data, 0, 1 << 62, programs=programs))
        for plane in space.planes:
            if plane.name == METADATA:
                assert bool(plane.event_metadata) == programs
                continue
            used = {event.metadata_id for line in plane.lines for event in line.events}
            assert set(plane.event_metadata) <= used


def test_the_first_attempt_has_all_of_the_devices_work_and_each_is_smaller(tmp_path: Path) -> None:
    data = JAX.read_bytes()
    sizes = []
    for number, attempt in enumerate(attempts(data)):
        sizes.append(len(attempt))
        if number == 0:
            path = tmp_path / "first.xplane.pb"
            path.write_bytes(attempt)
            assert Table(gather(open_trace(path))).busy_ns == Table(gather(open_trace(JAX))).busy_ns
    assert sizes[: len(sizes) // 2] == sorted(sizes[: len(sizes) // 2], reverse=True)
    assert sizes[-1] < sizes[0] / 4


@pytest.mark.parametrize("name", ["tensorflow-function", "tensorflow-xla", "mi300-jax-conv"])
def test_the_program_writes_what_the_reader_reads(tmp_path: Path, name: str) -> None:
    place = tmp_path / "small.xplane.pb"
    command = [str(ROOT / "benchmarks" / "trim_xplane.py"), str(XSPACE / f"{name}.xplane.pb")]
    command = [sys.executable, *command, str(place), "--kilobytes", "40"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert place.stat().st_size <= 40_000
    assert Table(gather(open_trace(place))).rows("op")


def test_a_profile_without_events_is_one_sentence() -> None:
    with pytest.raises(SystemExit, match="no events"):
        list(attempts(XSpace().SerializeToString()))
