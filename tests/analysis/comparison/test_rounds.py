from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import finish
from analysis.comparison import rounds
from analysis.comparison.rounds import SideRuns
from profilers import rundir
from profilers.records import ComparedRun, MissingSide, RoundsRecord, RunRecord, Side
from profilers.rundir import ProfileError
from profilers.summaries import Spread


def side_runs(directory: Path) -> list[SideRuns]:
    """What is found when all runs are finished that can be."""
    record = rounds.read(directory)
    paths = [rounds.path_of(directory, run) for run in record.runs]
    done, _ = finish.finish_all([path for path in paths if path.exists()])
    by_id = {run.summary.id: run for run in done}
    found = {
        run.path: by_id[Path(run.path).name] for run in record.runs if Path(run.path).name in by_id
    }
    return rounds.side_runs(record, found)


def rewritten(directory: Path, **changes: Any) -> None:
    path = directory / rundir.ROUNDS
    record = rundir.read_json(path, RoundsRecord)
    rundir.write_json(path, msgspec.structs.replace(record, **changes))


def test_pairs_are_by_round_and_know_who_ran_first(make_comparison: Any) -> None:
    baseline, other = side_runs(make_comparison([(2.0, 4.0), (3.0, 2.0)], profiled=False))
    pairs, dropped = rounds.pairs(baseline, other)
    assert dropped == []
    assert [(pair.round, pair.first) for pair in pairs] == [(1, "baseline"), (2, "other")]
    assert [(pair.baseline_ms, pair.other_ms) for pair in pairs] == [(2.0, 3.0), (4.0, 2.0)]
    assert [pair.log_ratio for pair in pairs] == pytest.approx([0.405465, -0.693147], abs=1e-6)
    assert [pair.other_run for pair in pairs] == ["run-1-1", "run-2-1"]


def test_a_round_without_a_pair_says_why(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 4.0, 2.0), (None, 2.0)], profiled=False)
    (directory.parent / "run-2-0" / rundir.STEPS).unlink()
    pairs, dropped = rounds.pairs(*side_runs(directory))
    assert pairs == []
    assert [each.round for each in dropped] == [1, 2, 3]
    assert [each.reason for each in dropped] == [
        "TensorFlow function: failed (it broke)",
        "PyTorch eager has no timed step",
        "TensorFlow function was not run",
    ]


@pytest.mark.parametrize("step_ms", [0.0, -2.0])
def test_steps_that_took_no_time_have_no_ratio(make_comparison: Any, step_ms: float) -> None:
    baseline, other = side_runs(make_comparison([(2.0, 2.0), (3.0, 3.0)], profiled=False))
    run = other.complete[1]
    summary = msgspec.structs.replace(run.summary, step_ms=Spread(step_ms, step_ms, step_ms, 3))
    other.complete[1] = replace(run, summary=summary)
    pairs, [dropped] = rounds.pairs(baseline, other)
    assert [pair.round for pair in pairs] == [2]
    assert dropped.reason == "TensorFlow function: its timed steps took no time"


def test_a_run_that_is_gone_is_a_run_that_cannot_be_read(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    (directory.parent / "run-1-1").rename(directory.parent / "elsewhere")
    baseline, other = side_runs(directory)
    assert other.processes[1].problem == "can't be read"
    assert other.processes[1].id == "run-1-1"
    assert (other.complete, other.last) == ({}, None)
    assert baseline.last is baseline.complete[1]
    [dropped] = rounds.pairs(baseline, other)[1]
    assert dropped.reason == "TensorFlow function: can't be read"


def test_a_side_that_was_not_run_keeps_its_reason(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,)], missing=[MissingSide(1, "no such package")])
    assert [side.not_run for side in side_runs(directory)] == [None, "no such package"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sides": []}, "no such side"),
        ({"runs": [ComparedRun(1, 2, "../run-1-0")]}, "no such side"),
        ({"runs": [ComparedRun(1, -1, "../run-1-0")]}, "no such side"),
        ({"missing": [MissingSide(5, "gone")]}, "no such side"),
        ({"runs": [ComparedRun(1, 0, "../run-1-0")] * 2}, "a side twice in a round"),
        ({"runs": [ComparedRun(1, 0, "../../run")]}, "is not in"),
        ({"runs": [ComparedRun(1, 0, "..")]}, "is not in"),
        ({"runs": [ComparedRun(1, 0, "/etc")]}, "is not in"),
        ({"sides": [Side("torch", "eager")] * 2}, "two of its sides are the same"),
        ({"sides": [Side("a", "b\x1b"), Side("a", "b")]}, "two of its sides are the same"),
        ({"rounds": 0}, "do not count from 1"),
        ({"runs": [ComparedRun(0, 0, "../run-1-0")]}, "do not count from 1"),
        ({"runs": [ComparedRun(2, 0, "../run-1-0")]}, "beyond its last round"),
        ({"runs": [ComparedRun(1, 0, "../run\0")]}, "has control characters"),
        ({"runs": [ComparedRun(1, 0, "../a\n\x1b[2J")]}, "has control characters"),
        (
            {"runs": [ComparedRun(1, 0, "../run-1-0"), ComparedRun(1, 1, "./../run-1-0")]},
            "names a run twice",
        ),
    ],
)
def test_what_rounds_json_may_not_say(make_comparison: Any, changes: Any, words: str) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    rewritten(directory, **changes)
    with pytest.raises(ProfileError, match=words):
        rounds.read(directory)


def test_runs_may_lie_below_the_comparison(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    rewritten(directory, runs=[ComparedRun(1, 0, "runs/a")])
    [run] = rounds.read(directory).runs
    assert rounds.path_of(directory, run) == directory / "runs" / "a"


@pytest.mark.parametrize("where", ["link", "link/below", "link/../elsewhere"])
def test_links_lead_to_no_run_elsewhere(make_comparison: Any, tmp_path: Path, where: str) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    (tmp_path / "elsewhere" / "below").mkdir(parents=True)
    (directory.parent / "link").symlink_to(tmp_path / "elsewhere")
    rewritten(directory, runs=[ComparedRun(1, 0, f"../{where}")])
    with pytest.raises(ProfileError, match="is not in"):
        rounds.read(directory)


def test_a_link_to_a_run_beside_the_comparison_is_that_run(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    (directory.parent / "link").symlink_to("run-1-0")
    rewritten(directory, runs=[ComparedRun(1, 0, "../link")])
    [run] = rounds.read(directory).runs
    assert rounds.path_of(directory, run) == directory.parent / "link"
    rewritten(directory, runs=[ComparedRun(1, 0, "../link"), ComparedRun(1, 1, "../run-1-0")])
    with pytest.raises(ProfileError, match="names a run twice"):
        rounds.read(directory)


def test_runs_lie_beside_the_comparison_that_a_link_leads_to(
    make_comparison: Any, tmp_path: Path
) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    (tmp_path / "link").symlink_to(directory)
    first, _ = rounds.read(tmp_path / "link").runs
    assert rounds.path_of(tmp_path / "link", first) == directory.parent / "run-1-0"


def test_a_run_of_another_side_is_no_part_of_it(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0), (4.0, 4.0)], profiled=False)
    path = directory.parent / "run-2-1" / rundir.RUN
    record = rundir.read_json(path, RunRecord)
    settings = msgspec.structs.replace(record.settings, execution="eager")
    rundir.write_json(path, msgspec.structs.replace(record, settings=settings))
    baseline, other = side_runs(directory)
    problem = "is a run of TensorFlow eager, not of TensorFlow function"
    assert other.processes[2].problem == problem
    assert list(other.complete) == [1]
    pairs, [dropped] = rounds.pairs(baseline, other)
    assert [pair.round for pair in pairs] == [1]
    assert dropped.reason == f"TensorFlow function: {problem}"


def test_a_damaged_file_is_one_sentence(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    (directory / rundir.ROUNDS).write_text("{")
    with pytest.raises(ProfileError, match=r"rounds\.json is damaged"):
        rounds.read(directory)
