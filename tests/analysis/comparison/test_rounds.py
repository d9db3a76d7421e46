from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import finish
from analysis.comparison import rounds
from analysis.comparison.rounds import SideRuns
from profilers import rundir
from profilers.rundir import ComparedRun, MissingSide, ProfileError, RoundsRecord


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
        ({"runs": [ComparedRun(1, 0, "/etc")]}, "is not in"),
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


def test_a_damaged_file_is_one_sentence(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    (directory / rundir.ROUNDS).write_text("{")
    with pytest.raises(ProfileError, match=r"rounds\.json is damaged"):
        rounds.read(directory)
