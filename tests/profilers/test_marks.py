import gc
import time
from pathlib import Path
from typing import Any

import pytest

from profilers import marks, rundir
from profilers.marks import Marks
from profilers.records import Mark, Phase


def same(monotonic_ns: int) -> int:
    return monotonic_ns


def test_each_run_of_the_collector_is_noted_while_it_is_watched() -> None:
    found = Marks()
    gc.disable()
    try:
        with found.of_collector():
            began = time.monotonic_ns()
            gc.collect()
            gc.collect(0)
            ended = time.monotonic_ns()
        gc.collect()
    finally:
        gc.enable()
    rows, left_out = found.take(same)
    assert [(row.kind, row.name) for row in rows] == [
        ("gc", "generation 2"),
        ("gc", "generation 0"),
    ]
    assert left_out == {}
    first, second = rows
    assert began <= first.start_ns
    assert first.duration_ns > 0
    assert first.start_ns + first.duration_ns <= second.start_ns
    assert second.start_ns + second.duration_ns <= ended
    assert found._collecting not in gc.callbacks


def test_the_collector_is_let_go_after_an_error_too() -> None:
    found = Marks()
    before = list(gc.callbacks)
    with pytest.raises(KeyboardInterrupt), found.of_collector():
        raise KeyboardInterrupt
    assert gc.callbacks == before


def test_above_a_number_marks_are_only_counted_until_they_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marks, "MOST", 3)
    found = Marks()
    for moment in range(5):
        found.note("gc", "generation 0", moment, moment + 1)
    found.note("trace", "step", 7, 9)
    rows, left_out = found.take(lambda moment: moment + 100)
    assert [row.start_ns for row in rows] == [100, 101, 102]
    assert left_out == {"gc": 2, "trace": 1}
    assert found.take(same) == ([], {})
    found.note("trace", "step", 7, 9)
    assert found.take(same) == ([Mark("trace", "step", 7, 2)], {})


@pytest.mark.parametrize(
    ("name", "line"),
    [("a\nb\u2028c", "a?b?c"), ("", "?"), ("x" * 5000, "x" * 200), ("<lambda>, é", "<lambda>, é")],
)
def test_a_name_is_one_line(name: str, line: str) -> None:
    found = Marks()
    found.note("trace", name, 0, 1)
    (row,), _ = found.take(same)
    assert row.name == line


def marks_by_phase(run: Path) -> dict[str, list[tuple[str, str]]]:
    """Kind and name of the marks that lie in each phase of a run, and under "" of the others."""
    phases = rundir.read_rows(run / rundir.PHASES, Phase)
    found: dict[str, list[tuple[str, str]]] = {phase.phase: [] for phase in phases} | {"": []}
    for mark in rundir.read_rows(run / rundir.MARKS, Mark):
        within = (
            phase.phase
            for phase in phases
            if phase.start_ns <= mark.start_ns
            and mark.start_ns + mark.duration_ns <= phase.start_ns + phase.duration_ns
        )
        found[next(within, "")].append((mark.kind, mark.name))
    return found


@pytest.mark.slow
def test_of_an_eager_run_the_collector_is_told_from_the_import_on(torch_run: Path) -> None:
    found = marks_by_phase(torch_run)
    assert len(found["import"]) > 50
    assert found["timed"] == []
    assert {kind for marks in found.values() for kind, _ in marks} == {"gc"}


@pytest.mark.slow
def test_of_a_traced_run_each_tracing_is_told_in_its_phase(tensorflow_run: Path) -> None:
    found = marks_by_phase(tensorflow_run)
    traced = {
        phase: [name for kind, name in marks if kind == "trace"] for phase, marks in found.items()
    }
    assert {phase: names for phase, names in traced.items() if names} == {
        "first_step": ["training step"],
        "profiled": ["training step"],
        "inference": ["inference"] * 2,
    }
    assert found["timed"] == []


@pytest.mark.slow
def test_of_a_compiled_run_each_compilation_is_told_in_its_phase(
    profile_command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From a cache that others filled, torch takes the backward pass together with the forward one.
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "compiled"))
    request = ["--framework", "torch", "--device", "cpu", "--execution", "compile", "--steps", "20"]
    request += ["--threads", "1", "--profile-steps", "2", "--output", str(tmp_path), "--name", "x"]
    done = profile_command(*request)
    assert done.returncode == 0, done.stderr
    found = marks_by_phase(tmp_path / "x")
    compiled = {
        phase: [name for kind, name in marks if kind == "compile"] for phase, marks in found.items()
    }
    assert compiled["first_step"] == ["frame 0/0", "lazy backward of frame 0/0"]
    assert compiled["profiled"][:1] == ["frame 0/1"]
    assert all(name.startswith("frame 0/") for name in compiled["inference"])
    assert not compiled["timed"] + compiled["warmup"] + compiled[""]
