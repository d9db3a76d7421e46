import errno
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.comparison import finishing
from analysis.comparison.record import Comparison
from analysis.report import write
from profilers import rundir
from profilers.records import MissingSide, Result, Side
from profilers.rundir import ProfileError
from profilers.summaries import ComparisonRecord


def finished(directory: Path) -> Comparison:
    [found] = finishing.finish_all([directory]).comparisons
    return found.record


def test_runs_are_finished_and_compared(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (2.2, 2.4, 2.42)])
    done = finishing.finish_all([directory])
    assert (done.alone, done.problems, len(done.runs)) == ([], [], 6)
    assert all((directory.parent / run.summary.id / rundir.SUMMARY).exists() for run in done.runs)
    [found] = done.comparisons
    assert found.directory == directory
    [row] = found.record.comparisons
    assert (row.baseline, row.other) == ("PyTorch eager", "TensorFlow function")
    assert row.ratio is not None
    assert (row.ratio.estimate, row.ratio.low, row.ratio.high) == pytest.approx(
        (1.16892, 1.02525, 1.33274), abs=1e-5
    )
    assert (row.verdict, row.conditions, row.parity, row.report) == (
        "different",
        "same",
        None,
        str(directory / rundir.REPORT),
    )
    assert (row.path, row.warnings) == (str(directory), [])


def test_compare_json_holds_all_that_the_text_shows(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    record = finished(directory)
    written = rundir.read_json(directory / rundir.COMPARISON, Comparison)
    assert written == record
    assert (written.order_seed, written.rounds, written.baseline) == (7, 2, 0)
    [evidence] = written.evidence
    assert [pair.log_ratio for pair in evidence.pairs] == pytest.approx([math.log(1.5)] * 2)
    assert [pair.first for pair in evidence.pairs] == ["baseline", "other"]
    assert evidence.deviation == 0
    assert evidence.same_work is not None
    assert evidence.same_work.loss_difference == 0
    figure = written.figure("step_ms")
    assert figure is not None
    assert [found and found.median for found in figure.ranges] == [2.0, 3.0]


def test_others_read_the_rows_of_compare_json_alone(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    record = finished(directory)
    found = rundir.read_json(directory / rundir.COMPARISON, ComparisonRecord)
    assert (found.id, found.sides) == ("compare-1", ["PyTorch eager", "TensorFlow function"])
    assert found.comparisons == record.comparisons


def test_keys_of_compare_json_are_those_that_readers_know(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    finished(directory)
    document = msgspec.json.decode((directory / rundir.COMPARISON).read_bytes())
    assert {"schema", "id", "sides", "comparisons", "order_seed", "evidence", "figures"} <= set(
        document
    )
    assert set(document["evidence"][0]["pairs"][0]) == {
        *("round", "baseline_run", "other_run", "first"),
        *("baseline_ms", "other_ms", "log_ratio"),
    }


def test_a_failed_run_takes_its_round_and_no_other(make_comparison: Any) -> None:
    record = finished(make_comparison([(2.0, 2.0, 2.0), (3.0, None, 3.0)]))
    [row], [evidence] = record.comparisons, record.evidence
    assert row.ratio is not None
    assert (row.ratio.pairs, row.verdict) == (2, "two runs each, no verdict")
    assert row.warnings == ["round 2 has no pair: TensorFlow function: failed (it broke)"]
    assert [pair.round for pair in evidence.pairs] == [1, 3]
    assert [run.complete for run in record.compared[1].runs] == [True, False, True]


def test_a_damaged_run_and_one_that_is_gone_lose_no_others(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (3.0, 3.0, 3.0)])
    (directory.parent / "run-1-1" / rundir.STEPS).write_text("phase,index\ntimed,x\n")
    (directory.parent / "run-2-0" / rundir.RUN).unlink()
    done = finishing.finish_all([directory])
    assert len(done.runs) == 4
    assert len(done.problems) == 2
    [evidence] = done.comparisons[0].record.evidence
    assert [pair.round for pair in evidence.pairs] == [3]
    assert [dropped.round for dropped in evidence.dropped] == [1, 2]


def test_other_work_is_a_warning_of_the_row(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    path = directory.parent / "run-1-1" / rundir.RESULT
    result = rundir.read_json(path, Result)
    rundir.write_json(path, msgspec.structs.replace(result, weights_sha256="00"))
    [row] = finished(directory).comparisons
    assert row.warnings == ["not the same work: weights differ"]


def test_a_missing_side_has_a_row_without_a_ratio(make_comparison: Any) -> None:
    missing = [MissingSide(1, "TensorFlow is not installed.")]
    [row] = finished(make_comparison([(2.0, 2.0)], missing=missing)).comparisons
    assert (row.ratio, row.verdict, row.conditions) == (None, "no pair of runs, no verdict", None)
    assert row.warnings == ["TensorFlow function was not run: TensorFlow is not installed."]


def test_the_baseline_is_the_first_side_with_a_complete_run(make_comparison: Any) -> None:
    three = [Side("litert", "x"), make_comparison.torch, make_comparison.tensorflow]
    directory = make_comparison([(), (2.0,), (3.0,)], sides=three, missing=[MissingSide(0, "gone")])
    record = finished(directory)
    assert record.baseline == 1
    assert [row.other for row in record.comparisons] == ["LiteRT x", "TensorFlow function"]
    assert {row.baseline for row in record.comparisons} == {"PyTorch eager"}


def test_runs_beside_comparisons_are_finished_once(make_comparison: Any, make_run: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    alone = make_run("alone")
    make_run.add_profile(alone)
    done = finishing.finish_all([directory.parent / "run-1-0", directory, alone, alone])
    assert [run.summary.id for run in done.alone] == ["alone"]
    assert sorted(run.summary.id for run in done.runs) == ["alone", "run-1-0", "run-1-1"]


def test_a_folder_that_is_neither_stops_all_before_anything_is_written(
    make_comparison: Any, tmp_path: Path
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    with pytest.raises(ProfileError, match=r"run\.json can't be read"):
        finishing.finish_all([directory, tmp_path])
    assert not (directory.parent / "run-1-0" / rundir.SUMMARY).exists()


def test_a_comparison_that_cannot_be_written_is_told_and_shown(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    (directory / rundir.COMPARISON).mkdir()
    done = finishing.finish_all([directory])
    [problem] = done.problems
    assert problem.startswith(f"{directory / rundir.COMPARISON} can't be written (")
    assert problem.endswith(f"then run python -m analysis compare {directory}.")
    assert len(done.comparisons) == 1


def test_a_report_that_cannot_be_written_is_told_and_named_nowhere(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write, "write", full)
    directory = make_comparison([(2.0,), (3.0,)])
    done = finishing.finish_all([directory])
    assert done.problems == [
        f"{directory / rundir.REPORT}, its tables or charts can't be written (No space left on "
        "device); free some space or change its rights, then run python -m analysis compare "
        f"{directory}."
    ]
    written = rundir.read_json(directory / rundir.COMPARISON, Comparison)
    assert [row.report for row in written.comparisons] == [None]


def test_a_comparison_without_any_run_is_written(make_comparison: Any) -> None:
    missing = [MissingSide(0, "gone"), MissingSide(1, "gone too")]
    directory = make_comparison([()], missing=missing, rounds=3)
    record = finished(directory)
    assert (record.figures, record.profiles) == ([], [None, None])
    assert len(record.comparisons[0].warnings) == 2


def test_a_comparison_apart_from_its_runs_keeps_what_was_found(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    finishing.finish_all([directory])
    found = (directory / rundir.COMPARISON).read_bytes()
    apart = directory.parent / "elsewhere" / directory.name
    apart.parent.mkdir()
    directory.rename(apart)
    with pytest.raises(ProfileError, match=r"is not beside its runs \(run-\S+ \.\.\.\); move it"):
        finishing.finish_all([apart])
    assert (apart / rundir.COMPARISON).read_bytes() == found
