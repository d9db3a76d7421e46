from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.annotate import fold_trace
from analysis.readers.kineto import KinetoTrace
from analysis.readers.xspace import XSpaceTrace
from analysis.timeline.record import _step_slice, build
from profilers import rundir
from profilers.records import Phase, Step

DATA = Path(__file__).parents[2] / "data" / "kineto"


def test_the_timeline_starts_at_the_earliest_thing_it_shows(make_run: Any) -> None:
    start_ns = make_run.start_ns
    timeline = build(make_run("samples", phases=[Phase("timed", start_ns + 9, 1)]), None)
    assert timeline.start_ns == start_ns
    later = build(
        make_run("phases", phases=[Phase("timed", start_ns - 9, 1)], steps=(), samples=None), None
    )
    assert later.start_ns == start_ns - 9
    assert (later.slice_count, later.counters, later.launches) == (1, [], [])


def test_a_run_that_ended_at_once_has_an_empty_timeline(make_run: Any) -> None:
    timeline = build(make_run(steps=(), phases=(), samples=None), None)
    assert timeline.start_ns == timeline.slice_count == 0
    assert [list(track.slices) for track in timeline.tracks] == [[], []]


def test_steps_are_named_by_what_they_are(make_run: Any) -> None:
    steps = [
        make_run.step("warmup", 1, 5.0),
        make_run.step("timed", 2, 60.0, kind="window", count=8),
        make_run.step("profiled", 3, 1.0, profiled=False),
        make_run.step("profiled", 4, 1.0, profiled=True),
    ]
    timeline = build(make_run(steps=steps, phases=(), samples=None), None)
    [names] = [
        [piece.name for piece in track.slices] for track in timeline.tracks if track.name == "steps"
    ]
    assert names == [
        "warmup step 1",
        "timed, window of 8",
        "unprofiled step 3 of the profiled build",
        "profiled step 4",
    ]


def test_a_window_without_a_step_has_no_time_per_step(make_run: Any) -> None:
    run = make_run(steps=[make_run.step("timed", 2, 60.0, count=4)], phases=(), samples=None)
    [row] = rundir.read_rows(run / rundir.STEPS, Step)
    assert _step_slice(row).args["ms per step"] == 15.0
    assert "ms per step" not in _step_slice(msgspec.structs.replace(row, count=0)).args


def test_host_and_device_are_processes_and_threads_and_streams_their_tracks(make_run: Any) -> None:
    folded = fold_trace(KinetoTrace(DATA / "mi250-minitoy.json.gz"))
    timeline = build(make_run(steps=(), phases=(), samples=None), folded)
    counts = {(track.process, track.name): len(list(track.slices)) for track in timeline.tracks}
    assert counts == {
        ("run", "run phases"): 0,
        ("run", "steps"): 0,
        ("run", "phases"): 1,
        ("run", "layers"): 0,
        ("GPU 2", "stream 0"): 16,
        ("GPU 2", "stream 0 annotations"): 2,
        ("torch host", "thread 597913 (python3)"): 48,
        ("torch host", "thread 598009 (pt_autograd_0)"): 43,
        ("torch host", "thread 597913 (python3) annotations"): 2,
    }
    assert sum(counts.values()) == timeline.slice_count


@pytest.mark.parametrize("execution", ["function", "fit", "xla", "eager"])
def test_a_tensorflow_run_has_the_tracks_of_a_torch_run(make_run: Any, execution: str) -> None:
    torch_run = make_run("torch")
    make_run.add_profile(torch_run)
    torch = build(torch_run, fold_trace(KinetoTrace(torch_run / "raw" / "kineto.json.gz")))
    settings = msgspec.structs.replace(make_run.settings, framework="tensorflow")
    path = DATA.parent / "xspace" / f"tensorflow-{execution}.xplane.pb"
    timeline = build(make_run("tensorflow", settings=settings), fold_trace(XSpaceTrace(path)))
    kinds = [
        [(track.process, track.name) for track in each.tracks if track.process == "run"]
        for each in (torch, timeline)
    ]
    assert kinds[0] == kinds[1]
    assert {track.process for track in timeline.tracks} == {"run", "tensorflow host"}
    tracks = {(track.process, track.name): list(track.slices) for track in timeline.tracks}
    assert sum(map(len, tracks.values())) == timeline.slice_count
    phases = [piece.name for piece in tracks["run", "phases"]]
    assert set(phases) == {"data", "forward", "loss", "backward", "optimizer"}
    layers = {piece.name for piece in tracks["run", "layers"]}
    assert ("fc2" in layers) == (execution != "eager")
    steps = [piece.name for piece in tracks["tensorflow host", "python annotations"]]
    assert [name for name in steps if name.startswith("step:")] == ["step:0", "step:1", "step:2"]


def test_stretches_of_a_phase_are_parted_by_other_phases(make_run: Any) -> None:
    path = DATA.parent / "xspace" / "tensorflow-function.xplane.pb"
    timeline = build(make_run(), fold_trace(XSpaceTrace(path)))
    (track,) = (track for track in timeline.tracks if track.name == "phases")
    forward = [piece for piece in track.slices if piece.name == "forward"]
    assert len(forward) >= 3
    assert all(piece.duration_ns > 0 for piece in forward)
    assert {piece.args["phase"] for piece in forward} == {"forward"}
