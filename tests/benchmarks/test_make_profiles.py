from pathlib import Path

import pytest

from analysis.readers.xspace import XSpaceTrace
from analysis.readers.xspace_proto import XSpace
from benchmarks.make_profiles import write

XSPACE = Path(__file__).parents[1] / "data" / "xspace"
SOURCES = ["tensorflow-fit", "tensorflow-xla", "mi300-jax-conv"]


@pytest.fixture(params=SOURCES)
def repeated(request, tmp_path):
    """A profile, a longer one made of it, and how often that repeats the first."""
    source = XSPACE / f"{request.param}.xplane.pb"
    path = tmp_path / "repeated.xplane.pb"
    repeats = write(source, 400_000, path)
    assert repeats > 1
    return XSpace.FromString(source.read_bytes()), XSpace.FromString(path.read_bytes()), repeats


def lines(space):
    return [(plane, line) for plane in space.planes for line in plane.lines]


def numbers(plane, events, name):
    """Values of the stats of that name, in the events' order."""
    return [
        getattr(stat, stat.WhichOneof("value"))
        for event in events
        for stat in event.stats
        if plane.stat_metadata[stat.metadata_id].name == name
    ]


def test_the_profile_has_the_size_asked_for(tmp_path):
    path = tmp_path / "repeated.xplane.pb"
    write(XSPACE / "tensorflow-fit.xplane.pb", 2_000_000, path)
    assert 2_000_000 <= path.stat().st_size < 2_050_000


def test_what_is_said_once_is_said_once(repeated):
    source, made, _ = repeated
    for plane in (*source.planes, *made.planes):
        for line in plane.lines:
            del line.events[:]
    assert made == source


def test_a_line_goes_on_with_the_same_events_later(repeated):
    source, made, repeats = repeated
    shifts = set()
    for (_, line), (_, long) in zip(lines(source), lines(made), strict=True):
        count = len(line.events)
        assert len(long.events) == count * repeats
        for number, event in enumerate(long.events):
            original = line.events[number % count]
            assert (event.metadata_id, event.duration_ps, len(event.stats)) == (
                original.metadata_id,
                original.duration_ps,
                len(original.stats),
            )
            if number // count == 1:
                shifts.add(event.offset_ps - original.offset_ps)
    (shift,) = shifts
    starts, ends = [], []
    for _, line in lines(source):
        for event in line.events:
            starts.append(line.timestamp_ns * 1000 + event.offset_ps)
            ends.append(starts[-1] + event.duration_ps)
    assert max(ends) < min(starts) + shift


@pytest.mark.parametrize("name", ["_p", "correlation_id", "step_num"])
def test_no_two_repeats_of_a_line_share_a_number(repeated, name):
    source, made, repeats = repeated
    for (plane, line), (_, long) in zip(lines(source), lines(made), strict=True):
        once = numbers(plane, line.events, name)
        often = numbers(plane, long.events, name)
        assert len(often) == len(once) * repeats
        assert len(set(often) - {0}) >= len(set(once) - {0}) * repeats


def test_random_numbers_of_64_bits_move_with_the_counted_ones(tmp_path):
    path = tmp_path / "repeated.xplane.pb"
    write(XSPACE / "tensorflow-function.xplane.pb", 40_000, path)
    made = XSpace.FromString(path.read_bytes())
    moved = set()
    for plane, line in lines(made):
        half = len(line.events) // 2
        for name in ("_p", "id"):
            first = numbers(plane, line.events[:half], name)
            second = numbers(plane, line.events[half:], name)
            moved |= {b - a for a, b in zip(first, second, strict=True)}
    assert len(moved) == 1
    assert min(numbers(plane, line.events, "id")) < -(2**60)


def test_what_belongs_together_still_does(repeated):
    source, made, repeats = repeated
    for plane, long in zip(source.planes, made.planes, strict=True):
        events = [event for line in plane.lines for event in line.events]
        shared = set(numbers(plane, events, "_p")) & set(numbers(plane, events, "_c"))
        events = [event for line in long.lines for event in line.events]
        made_shared = set(numbers(long, events, "_p")) & set(numbers(long, events, "_c"))
        assert len(made_shared) >= len(shared - {0}) * repeats


@pytest.mark.parametrize("name", SOURCES)
def test_our_reader_reads_it_whole(name, tmp_path):
    path = tmp_path / "repeated.xplane.pb"
    repeats = write(XSPACE / f"{name}.xplane.pb", 400_000, path)
    source, made = XSpaceTrace(XSPACE / f"{name}.xplane.pb"), XSpaceTrace(path)
    rows = sum(map(len, source.blocks()))
    assert sum(map(len, made.blocks())) == rows * repeats
    assert made.marks == source.marks * repeats
    assert made.dropped == source.dropped * repeats == 0
