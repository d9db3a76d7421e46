"""The file is read back with a decoder of the tests' own; test_loading has Perfetto's read it."""

import gzip
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters import lanes, perfetto, trace_file
from analysis.exporters.trace_file import Counts
from analysis.timeline.counters import Counter
from analysis.timeline.record import Group, Slice, Track, Writer, single
from tests.analysis.exporters.perfetto_decoding import Decoded, decode

RUN = Group("run", 0)
OPS = Track(RUN, "ops", 0)


def written(
    folder: Path,
    slices: Iterable[Iterable[Slice]] = (),
    counters: Iterable[Counter] = (),
    shared: str = "",
) -> tuple[Decoded, Counts]:
    """Slices of one track, as they come, and counters."""
    parts = [[*some] for some in slices]

    def draw(writer: Writer) -> int:
        for some in parts:
            writer.slices(OPS, some)
        for counter in counters:
            writer.counter(Track(RUN, counter.name, 1), counter, shared)
        return sum(map(len, parts))

    start_ns = min((piece.start_ns for some in parts for piece in some), default=0)
    path = folder / "trace"
    counts = trace_file.write({path: perfetto.FORM}, min(start_ns, 0), draw)[path]
    return decode(gzip.decompress(path.read_bytes())), counts


def op(start_ns: int, duration_ns: int, name: str = "op") -> Slice:
    return single(start_ns, duration_ns, name, {}, "op")


def test_what_overlaps_in_part_is_on_a_track_below(tmp_path: Path) -> None:
    slices = [op(start, 10, f"at {start}") for start in (100, 105, 112, 130)]
    found, counts = written(tmp_path, [slices])
    assert {track: [row.name for row in rows] for track, rows in found.by_track().items()} == {
        "run / ops": ["at 100", "at 112", "at 130"],
        "run / ops / overlap 2": ["at 105"],
    }
    assert (counts.slices, counts.tracks) == (4, 2)


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=30)


@given(spans=SPANS, edges=st.sets(st.integers(0, 40)))
def test_no_slice_is_lost_however_they_come(
    tmp_path_factory: pytest.TempPathFactory,
    spans: list[tuple[int, int]],
    edges: set[int],
) -> None:
    spans.sort(key=lambda span: (span[0], -span[1]))
    bounds = [0, *sorted(edges), 100]
    parts = [
        [op(*span) for span in spans if low <= span[0] < high] for low, high in pairwise(bounds)
    ]
    found, counts = written(tmp_path_factory.getbasetemp(), parts)
    assert counts.slices == len(spans)
    shown = [(row.start_ns, (row.end_ns or 0) - row.start_ns) for row in found.slices]
    assert sorted(shown) == sorted(spans)


def test_slices_beyond_the_most_lanes_are_points_that_say_how_long_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "MOST_LANES", 2)
    monkeypatch.setattr(perfetto, "MOST_LANES", 2)
    slices = [op(start, 10) for start in range(4)] + [op(30, 1)]
    found, counts = written(tmp_path, [slices])
    assert (counts.slices, counts.points, counts.tracks) == (5, 2, 3)
    shown = found.by_track()
    points = shown["run / ops / more than 2 at a time: where they begin"]
    assert [(row.start_ns, row.end_ns, row.args) for row in points] == [
        (2, 2, {"true_duration_ns": 10}),
        (3, 3, {"true_duration_ns": 10}),
    ]
    assert [row.start_ns for row in shown["run / ops"]] == [0, 30]


def test_very_deep_nests_go_on_in_a_lane_of_their_own(tmp_path: Path) -> None:
    levels = 2 * lanes.DEEPEST + 3
    slices = [op(level, 2 * levels - 2 * level) for level in range(levels)]
    found, counts = written(tmp_path, [slices])
    assert (counts.slices, counts.points) == (levels, 0)
    lengths = {track: len(rows) for track, rows in found.by_track().items()}
    assert lengths == {
        "run / ops": lanes.DEEPEST,
        "run / ops / overlap 2": lanes.DEEPEST,
        "run / ops / overlap 3": 3,
    }


def test_gaps_of_a_counter_are_left_out(tmp_path: Path) -> None:
    values = np.array([1.0, np.nan, np.inf, 2.0])
    found, counts = written(tmp_path, counters=[Counter("power", "W", np.arange(4), values)])
    assert list(found.values.values()) == [[(0, 1.0), (3, 2.0)]]
    assert counts.samples == 2


def test_units_and_scales_of_counters(tmp_path: Path) -> None:
    one = np.array([1])
    counters = [
        Counter(name, unit, one, np.array([2.0]))
        for name, unit in (("RSS", "MiB"), ("Threads", "count"), ("CPU", "%"))
    ]
    counters.append(Counter("RSS", "MiB", one + 1, np.array([3.0])))
    found, _ = written(tmp_path, counters=counters, shared="both")
    kinds = {found.name(track): found.tracks[track][8] for track in found.values}
    assert kinds["RSS"] == b"\x18\x03\x3a\x04both"
    assert kinds["Threads"] == b"\x18\x02\x3a\x04both"
    assert kinds["CPU"] == b"\x32\x01%\x3a\x04both"
    values = {found.name(track): rows for track, rows in found.values.items()}
    assert values["RSS"] == [(1, float(2 << 20)), (2, float(3 << 20))]


def test_groups_are_described_before_their_tracks_and_once(tmp_path: Path) -> None:
    inner = Group("inner", 7, RUN)
    path = tmp_path / "trace"

    def draw(writer: Writer) -> int:
        for name in ("one", "other"):
            writer.slices(Track(inner, name, 3), [op(1, 1)])
        writer.slices(Track(Group("empty", 9), "none", 0), [])
        return 2

    trace_file.write({path: perfetto.FORM}, 0, draw)
    found = decode(gzip.decompress(path.read_bytes()))
    assert set(found.by_track()) == {"run / inner / one", "run / inner / other"}
    named = {number: track for number, track in found.tracks.items() if number}
    assert [track[2].decode() for track in named.values()] == ["run", "inner", "one", "other"]
    order = [0, *named]
    for number, track in named.items():
        assert order.index(track.get(5, 0)) < order.index(number)
    assert [track[12] for track in named.values()] == [0, 7, 3, 3]


@pytest.mark.parametrize("base_ns", [0, 2**62, -(10**15)])
def test_times_are_those_given_unless_they_are_below_zero(tmp_path: Path, base_ns: int) -> None:
    slices = [op(base_ns, 5), op(base_ns + 7, 0)]
    path = tmp_path / "trace"

    def draw(writer: Writer) -> int:
        writer.slices(OPS, slices)
        return 2

    trace_file.write({path: perfetto.FORM}, base_ns, draw)
    found = decode(gzip.decompress(path.read_bytes()))
    first_ns = max(0, base_ns)
    assert [row.start_ns for row in found.slices] == [first_ns, first_ns + 7]
