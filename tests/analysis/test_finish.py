from pathlib import Path
from typing import Any

import pytest

from analysis import finish
from profilers import rundir
from profilers.rundir import ProfileError, RunError, RunSummary


def test_a_complete_run_gets_every_file(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    found = finish.finish(run)
    assert found.problems == []
    assert found.profile is not None
    assert rundir.read_json(run / rundir.SUMMARY, RunSummary) == found.summary
    for name in (rundir.TRACE, "derived/ops.parquet", "derived/phases.parquet"):
        assert (run / name).exists()
    assert len(list((run / rundir.TENSORBOARD).iterdir())) == 1


def test_a_damaged_profile_does_not_keep_the_rest_back(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run).write_bytes(b"not gzip")
    found = finish.finish(run)
    assert found.profile is None
    [problem] = found.problems
    assert "no tables of operations" in problem
    assert "kineto.json.gz" in problem
    assert (run / rundir.TENSORBOARD).exists()
    assert found.summary.step_ms is not None


def test_a_failed_run_is_told_and_the_next_one_finished(make_run: Any) -> None:
    failed = make_run("failed", status="failed", error=RunError("crash", "it broke"), result=None)
    good = make_run("good")
    make_run.add_profile(good)
    finished, problems = finish.finish_all([failed, good])
    assert [each.complete for each in finished] == [False, True]
    [problem] = problems
    assert "status is failed (it broke)" in problem
    assert (failed / rundir.SUMMARY).exists()
    assert not (failed / rundir.TENSORBOARD).exists()


def test_a_damaged_run_does_not_stop_the_others(make_run: Any) -> None:
    damaged, good = make_run("damaged"), make_run("good")
    make_run.add_profile(good)
    (damaged / rundir.STEPS).write_text("phase,index\ntimed,x\n")
    finished, problems = finish.finish_all([damaged, good])
    assert [each.summary.id for each in finished] == ["good"]
    assert "steps.csv is damaged" in problems[0]


def test_a_folder_that_is_no_run_stops_all_before_anything_is_written(
    make_run: Any, tmp_path: Path
) -> None:
    good = make_run()
    with pytest.raises(ProfileError, match=r"run\.json can't be read"):
        finish.finish_all([good, tmp_path])
    assert not (good / rundir.SUMMARY).exists()


def test_a_folder_that_cannot_be_replaced_is_told(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    (run / rundir.TENSORBOARD).write_text("a file in the way")
    found = finish.finish(run)
    assert found.profile is not None
    assert "tensorboard can't be read or written" in found.problems[0]


def test_a_run_that_cannot_be_written_to_is_told(make_run: Any) -> None:
    run = make_run()
    (run / rundir.DERIVED).write_text("a file in the way")
    finished, problems = finish.finish_all([run])
    assert finished == []
    assert "derived can't be read or written" in problems[0]
