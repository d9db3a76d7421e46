from collections.abc import Hashable
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from analysis import marks
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
    steps = [make_run.step("timed", 0, 1.0), make_run.step("timed", 1, 1.0)]
    run = make_run(steps=steps, phases=[Phase("timed", make_run.start_ns, 9)])
    assert run_tracks.read(run).moments() == [
        (("phase", "timed"), make_run.start_ns),
        (("step", "timed", 1, False, 0, 0), make_run.start_ns),
        (("step", "timed", 1, False, 0, 1), make_run.start_ns + 1_000 * MS),
    ]


def test_steps_of_one_number_are_told_apart(make_run: Any) -> None:
    times = run_tracks.read(make_run())
    keys = times.step_keys()
    assert len(keys) == len(set(keys)) == len(make_run.steps)
    assert keys[-3:] == [
        ("step", "inference", 1, False, 0, 0),
        ("step", "inference", 1, False, 0, 1),
        ("step", "inference", 1, False, 1, 0),
    ]


def test_a_batch_of_one_is_never_the_counterpart_of_a_whole_one(make_run: Any) -> None:
    def keys(singles: int, batches: int) -> dict[Hashable, int]:
        numbers = [*range(singles), *range(batches)]
        samples = [1] * singles + [32] * batches
        steps = [
            msgspec.structs.replace(make_run.step("inference", number, 1.0), samples=count)
            for number, count in zip(numbers, samples, strict=True)
        ]
        times = run_tracks.read(make_run(f"run-{singles}", steps=steps))
        return dict(zip(times.step_keys(), samples, strict=True))

    one, other = keys(2, 5), keys(4, 3)
    shared = one.keys() & other.keys()
    assert len(shared) == 2 + 3
    assert all(one[key] == other[key] for key in shared)


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


def test_a_damaged_file_is_named(make_run: Any) -> None:
    run = make_run()
    (run / rundir.STEPS).write_text("phase,index\ntimed,x\n")
    with pytest.raises(ProfileError, match=r"steps\.csv"):
        run_tracks.read(run)


MARKS = [
    Mark("compile", "frame 0/0", 4, 9),
    Mark("gc", "generation 2", 30, 5),
    Mark("trace", "train_step", 6, 3),
    Mark("gc", "generation 0", 2, 1),
]


def marked(make_run: Any, marks: list[Mark], **others: Any) -> Any:
    """A run with these marks, which begin so many ns after it."""
    run = make_run(**others)
    start_ns = make_run.start_ns
    moved = [msgspec.structs.replace(mark, start_ns=mark.start_ns + start_ns) for mark in marks]
    rundir.append_rows(run / rundir.MARKS, moved, Mark)
    return run


def test_each_kind_of_mark_has_a_track_in_order_of_time(make_run: Any) -> None:
    sketch = drawn(marked(make_run, MARKS))
    assert [*sketch.tracks] == [
        f"run / {name}"
        for name in ("run phases", "steps", "tracing", "compiling", "garbage collection")
    ]
    start_ns = make_run.start_ns
    shown = [
        (piece.head.name, piece.head.kind, piece.start_ns - start_ns, piece.duration_ns)
        for name in ("tracing", "compiling", "garbage collection")
        for piece in sketch.tracks[f"run / {name}"]
    ]
    assert shown == [
        ("train_step", "trace", 6, 3),
        ("frame 0/0", "compile", 4, 9),
        ("generation 0", "gc", 2, 1),
        ("generation 2", "gc", 30, 5),
    ]


def test_every_kind_of_mark_that_there_may_be_has_a_track() -> None:
    kinds = get_args(get_type_hints(Mark)["kind"])
    assert sorted(run_tracks.MARKS) == sorted(kinds)
    assert len(set(run_tracks.MARKS.values())) == len(kinds)


def test_what_disturbed_a_run_is_on_its_timeline(make_run: Any) -> None:
    waiting = (0, 0, 0, 0.5, 1.0, 1.0)
    samples = ("time_ns,psi_cpu_some_seconds", *(f"{1000 * n},{v}" for n, v in enumerate(waiting)))
    phases = [Phase("timed", make_run.start_ns, 6_000 * MS)]
    run = make_run(phases=phases, samples=samples, resources=make_run.resources_record())
    found = drawn(run).tracks["run / disturbances"]
    assert [(piece.head.name, piece.head.kind) for piece in found] == [
        (mark.name, "disturbed") for mark in marks.read(run)
    ]
    assert found


def test_marks_alone_are_when_a_run_begins_and_follow_its_clock(make_run: Any) -> None:
    run = marked(make_run, MARKS[:1], steps=(), phases=(), samples=None)
    times, sketch = run_tracks.read(run), Sketch()
    assert times.first_ns == make_run.start_ns + 4
    assert times.draw(sketch, RUN, clock([0], [500])) == 1
    [piece] = sketch.tracks["run / compiling"]
    assert piece.start_ns == make_run.start_ns + 504


@pytest.mark.parametrize("start_ns", [-1, 2**62, 10**30])
def test_times_that_no_clock_shows_are_damage(make_run: Any, start_ns: int) -> None:
    for name, row in (
        (rundir.PHASES, "phase,start_ns,duration_ns\ntimed,{},1\n"),
        (rundir.MARKS, "kind,name,start_ns,duration_ns\ngc,x,{},1\n"),
    ):
        run = make_run(f"{name} {start_ns}")
        (run / name).write_text(row.format(start_ns))
        with pytest.raises(ProfileError, match=f"{name} is damaged in line 2"):
            run_tracks.read(run)
