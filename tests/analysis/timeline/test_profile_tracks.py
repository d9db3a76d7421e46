from typing import Any

import pytest

from analysis.blocks import Kind, Strings, from_columns
from analysis.timeline import profile_tracks
from analysis.timeline.profile_tracks import Names, ProfileTracks
from analysis.timeline.record import Group, Shelf
from analysis.timeline.shared_clock import TRUE_TIME
from analysis.timeline.sources import Profile
from tests.analysis.timeline.sketch import (
    BASE_NS,
    STEP,
    Sketch,
    args,
    folded_of,
    profile,
    recorded,
)

RUN = Group("run", 0)


def drawn(found: Profile) -> Sketch:
    """All of a profile; what is counted is what is shown."""
    sketch = Sketch()
    tracks = ProfileTracks(
        *(sketch, RUN, Shelf(RUN), TRUE_TIME),
        *(found.strings, found.names, found.ends),
    )
    count = sum(map(tracks.take, found.windows)) + tracks.finish()
    assert count == sketch.count()
    return sketch


def test_each_event_is_on_its_track() -> None:
    sketch = drawn(profile(folded_of(STEP)))
    assert sketch.names() == {
        "run / phases": ["forward"],
        "run / layers": ["fc1"],
        "run / torch host / python": ["aten::mm", "aten::zero"],
        "run / torch host / python annotations": ["step:0", "Optimizer.step"],
    }


def test_a_phase_that_operations_show_has_its_ranges_on_the_same_track() -> None:
    found = drawn(recorded("xspace/tensorflow-fit.xplane.pb", 1 << 15)).names()
    lines = {track: set(names) for track, names in found.items() if "phase" in track}
    phases = ("data", "forward", "loss", "backward", "optimizer")
    assert lines == {f"run / phase {phase}": {phase} for phase in phases}


def test_phases_outside_of_steps_stay_on_their_thread() -> None:
    events = [("step:0", Kind.STEP, 0, 10), ("phase:forward", Kind.ANNOTATION, 20, 5)]
    assert drawn(profile(folded_of(events))).names() == {
        "run / torch host / python annotations": ["step:0", "phase:forward"],
    }


def test_backward_ops_show_as_stretches_among_the_ranges_of_layers() -> None:
    folded = folded_of(
        [
            ("layer:fc1", Kind.ANNOTATION, 0, 10),
            ("aten::addmm", Kind.OP, 1, 5),
            ("AddmmBackward0", Kind.OP, 30, 5),
            ("layer:fc2", Kind.ANNOTATION, 40, 5),
        ],
        sequence=[-1, 1, 1, -1],
        forward_thread=[-1, 0, 1, -1],
    )
    rows = [
        (piece.head.name, piece.start_ns - BASE_NS, piece.duration_ns, args(piece).get("ops"))
        for piece in drawn(profile(folded)).tracks["run / layers"]
    ]
    assert rows == [("fc1", 0, 10, None), ("fc1", 30, 5, 1), ("fc2", 40, 5, None)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "kineto/mi250-minitoy.json.gz",
            {
                "run / phases": 1,
                "run / python3 / thread 597913 (python3)": 48,
                "run / python3 / thread 597913 (python3) annotations": 2,
                "run / python3 / thread 598009 (pt_autograd_0)": 43,
                "run / GPU 2 / stream 0": 16,
                "run / GPU 2 / stream 0 annotations": 2,
            },
        ),
        (
            "xspace/tensorflow-function.xplane.pb",
            {
                "run / phase data": 3,
                "run / phase optimizer": 9,
                "run / phase forward": 3,
                "run / phase loss": 6,
                "run / phase backward": 6,
                "run / layers": 27,
                "run / /host:CPU / python": 82,
                "run / /host:CPU / python annotations": 3,
                "run / /host:CPU / tf_Compute 1": 205,
                "run / /host:CPU / tf_Compute 2": 275,
            },
        ),
    ],
)
def test_tracks_of_recorded_traces(name: str, expected: dict[str, int]) -> None:
    found = {track: len(slices) for track, slices in drawn(recorded(name, 1 << 15)).tracks.items()}
    assert sorted(found.items()) == sorted(expected.items())
    assert [*found][-1] == [*expected][-1]


@pytest.mark.parametrize(
    "name",
    [
        "kineto/mi250-minitoy.json.gz",
        "kineto/cpu-only-gloo.json.gz",
        pytest.param("kineto/h100-bert-small.json.gz", marks=pytest.mark.slow),
        "xspace/tensorflow-function.xplane.pb",
        "xspace/tensorflow-fit.xplane.pb",
        pytest.param("xspace/tensorflow-eager.xplane.pb", marks=pytest.mark.slow),
        pytest.param("xspace/mi300-jax-conv.xplane.pb", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("rows", [8, 200])
def test_many_small_windows_show_what_one_shows(name: str, rows: int) -> None:
    one, many = drawn(recorded(name, 1 << 30)), drawn(recorded(name, rows))
    assert {track: [*map(said, slices)] for track, slices in many.tracks.items()} == {
        track: [*map(said, slices)] for track, slices in one.tracks.items()
    }
    assert many.counters == one.counters


def said(piece: Any) -> tuple[object, ...]:
    """All that a slice shows."""
    return *piece[:2], piece.head.name, piece.head.kind, args(piece), piece.arrows


def test_slices_of_a_track_come_by_their_start_in_all_windows() -> None:
    found = drawn(recorded("xspace/tensorflow-fit.xplane.pb", 16))
    for slices in found.tracks.values():
        starts = [piece.start_ns for piece in slices]
        assert starts == sorted(starts)


def test_host_and_device_work_of_several_ranks_has_groups_of_its_own() -> None:
    events = [("op", Kind.OP, 0, 5), ("op", Kind.OP, 0, 5), ("kernel", Kind.KERNEL, 3, 4)]
    events += [("phase:forward", Kind.ANNOTATION, 0, 9)] * 2 + [("step:0", Kind.STEP, 0, 10)]
    folded = folded_of(
        events,
        rank=[0, 1, 1, 0, 1, 0],
        device=[-1, -1, 2, -1, -1, -1],
        stream=[-1, -1, 7, -1, -1, -1],
    )
    names = Names({}, {1: "trainer"}, ranks=True)
    assert drawn(profile(folded, names)).names() == {
        "run / phases, rank 0": ["forward"],
        "run / phases, rank 1": ["forward"],
        "run / rank 0, trainer / thread 5": ["op"],
        "run / rank 0, trainer / thread 5 annotations": ["step:0"],
        "run / rank 1, trainer / thread 5": ["op"],
        "run / rank 1, GPU 2 / stream 7": ["kernel"],
    }


def test_threads_beyond_the_most_share_a_track(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_tracks, "MOST_TRACKS", 3)
    events = [(f"op {thread}", Kind.OP, thread, 10) for thread in range(8)]
    sketch = drawn(profile(folded_of(events, thread=range(8))))
    counts = {track: len(slices) for track, slices in sketch.tracks.items()}
    assert counts == {
        "run / torch host / thread 0": 1,
        "run / torch host / thread 1": 1,
        "run / torch host / thread 2": 1,
        "run / others / further threads and streams": 5,
    }


def test_memory_is_a_counter_and_no_slice() -> None:
    strings = Strings()
    block = from_columns(
        2,
        kind=[Kind.MEMORY] * 2,
        name=[strings.number("[memory]")] * 2,
        start_ns=[1, 2],
        total_bytes=[1 << 20, 3 << 20],
    )
    from analysis.annotate import fold

    sketch = drawn(profile(fold(block, strings)))
    assert sketch.tracks == {}
    assert sketch.counters == {"run / Allocated, host": [(1, 1.0), (2, 3.0)]}
