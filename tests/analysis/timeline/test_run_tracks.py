from dataclasses import replace
from typing import Any, get_args

import msgspec
import pytest

from analysis.timeline import run_tracks
from analysis.timeline.record import Group, Shelf
from analysis.timeline.shared_clock import TRUE_TIME, clock
from profilers import rundir
from profilers.records import Mark, Phase, Step
from profilers.rundir import ProfileError
from tests.analysis.timeline.sketch import Sketch, args

MS = 1_000_000
RUN = Group("run", 0)


def drawn(run: Any) -> Sketch:
    sketch = Sketch()
    times = run_tracks.read(run)
    count = times.draw(sketch, RUN, TRUE_TIME)
    times.draw_counters(sketch, Shelf(RUN), TRUE_TIME)
    assert count == sketch.count()
    return sketch


def test_phases_and_steps_are_in_order_of_time(make_run: Any) -> None:
    phases = [Phase("timed", make_run.start_ns, 9), Phase("import", make_run.start_ns - 5 * MS, MS)]
    sketch = drawn(make_run(phases=phases))
    assert sketch.names()["run / run phases"] == ["import", "timed"]
    assert len(sketch.tracks["run / steps"]) == len(make_run.steps)
    starts = [piece.start_ns for piece in sketch.tracks["run / steps"]]
    assert starts == sorted(starts)
    assert {piece.head.kind for piece in sketch.tracks["run / steps"]} == {"step"}
    assert {"run / CPU", "run / RSS", "run / Threads"} <= set(sketch.counters)


def test_the_first_thing_is_whatever_begins_first(make_run: Any) -> None:
    start_ns = make_run.start_ns
    samples = run_tracks.read(make_run("samples", phases=[Phase("timed", start_ns + 9, 1)]))
    assert samples.first_ns == start_ns
    phases = [Phase("timed", start_ns - 9, 1)]
    assert run_tracks.read(make_run("phases", phases=phases)).first_ns == start_ns - 9


def test_a_run_that_ended_at_once_shows_nothing(make_run: Any) -> None:
    run = make_run(steps=(), phases=(), samples=None)
    assert run_tracks.read(run).first_ns is None
    assert run_tracks.read(run).moments() == []
    assert drawn(run).tracks == {}


def test_steps_are_named_by_what_they_are(make_run: Any) -> None:
    steps = [
        make_run.step("warmup", 1, 5.0),
        make_run.step("timed", 2, 60.0, kind="window", count=8),
        make_run.step("profiled", 3, 1.0, profiled=False),
        make_run.step("profiled", 4, 1.0, profiled=True),
    ]
    assert drawn(make_run(steps=steps)).names()["run / steps"] == [
        "warmup step 1",
        "timed, window of 8",
        "unprofiled step 3 of the profiled build",
        "profiled step 4",
    ]


def test_a_window_says_how_many_steps_it_holds(make_run: Any) -> None:
    window = make_run.step("timed", 8, 80.0, kind="window", count=8, loss=float("nan"))
    run = make_run(steps=[window])
    (piece,) = drawn(run).tracks["run / steps"]
    assert args(piece) == {
        "phase": "timed",
        "index": 8,
        "epoch": 0,
        "samples": 32,
        "ms per step": 10.0,
    }
    [row] = rundir.read_rows(run / rundir.STEPS, Step)
    none = run_tracks.step_slice(msgspec.structs.replace(row, count=0, loss=2.5))
    assert "ms per step" not in args(none)
    assert args(none)["loss"] == 2.5


def test_moments_are_known_by_what_they_are_and_come_by_time(make_run: Any) -> None:
    steps = [make_run.step("timed", 1, 1.0), make_run.step("timed", 0, 1.0)]
    run = make_run(steps=steps, phases=[Phase("timed", make_run.start_ns, 9)])
    assert run_tracks.read(run).moments() == [
        (("phase", "timed"), make_run.start_ns),
        (("step", "timed", 0, 1, False, 0), make_run.start_ns),
        (("step", "timed", 1, 1, False, 0), make_run.start_ns + 1_000 * MS),
    ]


def test_steps_of_one_number_are_told_apart(make_run: Any) -> None:
    times = run_tracks.read(make_run())
    keys = times.step_keys()
    assert len(keys) == len(set(keys)) == len(make_run.steps)
    assert keys[-3:] == [
        ("step", "inference", 0, 1, False, 0),
        ("step", "inference", 1, 1, False, 0),
        ("step", "inference", 0, 1, False, 1),
    ]


def test_a_clock_moves_all_of_it(make_run: Any) -> None:
    times = run_tracks.read(make_run(phases=[Phase("timed", make_run.start_ns, 9)]))
    plain, late = Sketch(), Sketch()
    for sketch, shown in ((plain, TRUE_TIME), (late, clock([0], [500]))):
        times.draw(sketch, RUN, shown)
        times.draw_counters(sketch, Shelf(RUN), shown)
    for track, slices in plain.tracks.items():
        assert [piece.start_ns + 500 for piece in slices] == [
            piece.start_ns for piece in late.tracks[track]
        ]
    for track, values in plain.counters.items():
        assert late.counters[track] == [(time_ns + 500, value) for time_ns, value in values]


def test_marks_stand_on_a_track_for_each_kind(make_run: Any) -> None:
    run = make_run(steps=())
    start_ns = make_run.start_ns
    marks = [
        Mark("gc", "generation 2", start_ns - 9, 5),
        Mark("compile", "train_step", start_ns + 7, 2),
        Mark("gc", "generation 0", start_ns - 30, 2),
        Mark("trace", "train_step", start_ns + 3, 2),
    ]
    rundir.append_rows(run / rundir.MARKS, marks, Mark)
    sketch = drawn(run)
    assert [*sketch.names().items()][:4] == [
        ("run / run phases", ["timed"]),
        ("run / tracing", ["train_step"]),
        ("run / compiling", ["train_step"]),
        ("run / garbage collection", ["generation 0", "generation 2"]),
    ]
    assert {piece.head.kind for piece in sketch.tracks["run / garbage collection"]} == {"gc"}
    assert run_tracks.read(run).first_ns == start_ns - 30


def test_disturbances_are_drawn(make_run: Any) -> None:
    times = run_tracks.read(make_run())
    sketch = Sketch()
    disturbed = [Mark("disturbed", "the sampler was late", make_run.start_ns, 9)]
    count = replace(times, marks=disturbed).draw(sketch, RUN, TRUE_TIME)
    assert count == sketch.count()
    (piece,) = sketch.tracks["run / disturbances"]
    assert (piece.head.name, piece.head.kind) == ("the sampler was late", "disturbed")
    assert (piece.start_ns, piece.duration_ns) == (make_run.start_ns, 9)


def test_every_kind_of_mark_has_a_track() -> None:
    assert {*run_tracks.MARKS} == {*get_args(Mark.__annotations__["kind"])}


def test_a_damaged_file_is_named(make_run: Any) -> None:
    run = make_run()
    (run / rundir.STEPS).write_text("phase,index\ntimed,x\n")
    with pytest.raises(ProfileError, match=r"steps\.csv"):
        run_tracks.read(run)
