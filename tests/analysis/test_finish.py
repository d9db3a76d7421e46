import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from analysis import finish, run_text
from profilers import rundir
from profilers.records import RunError, Status
from profilers.rundir import ProfileError
from profilers.summaries import RunSummary


def slice_names(run: Path) -> set[str]:
    with gzip.open(run / rundir.TRACE, "rt", encoding="utf-8") as file:
        return {event["name"] for event in json.load(file)["traceEvents"] if event["ph"] == "X"}


def test_a_complete_run_gets_every_file(make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    found = finish.finish(run)
    assert found.problems == []
    assert found.profile is not None
    assert rundir.read_json(run / rundir.SUMMARY, RunSummary) == found.summary
    for name in (rundir.TRACE, "derived/ops.parquet", "derived/phases.parquet"):
        assert (run / name).exists()
    assert len(list((run / rundir.TENSORBOARD).glob("events.*"))) == 1


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


STATUSES = ("running", "failed", "interrupted", "timed-out")


@pytest.mark.parametrize("status", STATUSES)
def test_what_an_unfinished_run_recorded_is_made_readable(make_run: Any, status: Status) -> None:
    run = make_run(status=status, error=RunError("crash", "it broke"), result=None)
    found = finish.finish(run)
    assert (found.complete, found.profile, found.problems) == (False, None, [])
    assert found.summary.status == status
    assert found.summary.step_ms is not None
    assert {"timed", "timed step 0"} <= slice_names(run)
    assert len(list((run / rundir.TENSORBOARD).glob("events.*"))) == 1
    assert rundir.read_json(run / rundir.SUMMARY, RunSummary) == found.summary


def test_the_profile_of_an_unfinished_run_is_in_its_timeline(make_run: Any) -> None:
    run = make_run(status="timed-out", result=None)
    make_run.add_profile(run)
    found = finish.finish(run)
    assert found.profile is not None
    assert (found.complete, found.problems) == (False, [])
    assert {"timed step 0", "aten::addmm"} <= slice_names(run)


def test_half_a_profile_of_an_unfinished_run_is_no_problem(make_run: Any) -> None:
    run = make_run(status="interrupted", result=None)
    path = make_run.add_profile(run)
    path.write_bytes(path.read_bytes()[:60])
    found = finish.finish(run)
    assert (found.profile, found.problems) == (None, [])
    assert "timed step 0" in slice_names(run)


def test_a_failed_run_with_a_result_is_not_complete(make_run: Any) -> None:
    run = make_run(status="failed", error=RunError("crash", "after the end"))
    make_run.add_profile(run)
    assert not finish.finish(run).complete


def test_a_run_whose_result_is_lost_is_not_complete(make_run: Any) -> None:
    found = finish.finish(make_run(result=None))
    assert (found.complete, found.problems) == (False, [])
    [said] = [line.text for line in run_text.lines([found])]
    assert "its status is complete but it has no result.json" in said


@pytest.mark.parametrize(
    "lost",
    [
        [rundir.ENVIRONMENT],
        [rundir.PHASES],
        [rundir.STEPS],
        [rundir.RESOURCES],
        [rundir.RESOURCES_RECORD],
        [rundir.RESULT],
        [rundir.ENVIRONMENT, rundir.PHASES, rundir.STEPS, rundir.RESOURCES, rundir.RESULT],
    ],
)
@pytest.mark.parametrize("profiled", [False, True])
def test_a_run_that_died_early_is_finished_without_what_it_lacks(
    make_run: Any, lost: list[str], profiled: bool
) -> None:
    run = make_run(status="failed", error=RunError("crash", "no memory"))
    if profiled:
        make_run.add_profile(run)
    for name in lost:
        (run / name).unlink()
    [found], problems = finish.finish_all([run])
    assert problems == []
    assert (found.profile is not None) == profiled
    assert (run / rundir.TRACE).exists()
    assert len(list((run / rundir.TENSORBOARD).glob("events.*"))) == 1
    [said] = [line.text for line in run_text.lines([found])]
    assert said.count("no memory") == 1


def test_a_run_that_died_at_once_has_a_folder_and_a_record(make_run: Any) -> None:
    run = make_run(status="failed", samples=None, steps=(), phases=(), result=None)
    for path in [path for path in run.iterdir() if path.name not in (rundir.RUN, rundir.RAW)]:
        path.unlink()
    found = finish.finish(run)
    assert found.problems == []
    assert slice_names(run) == set()
    assert found.summary.step_ms is None


def test_headers_alone_and_torn_rows_of_an_unfinished_run_are_no_problem(make_run: Any) -> None:
    run = make_run(
        status="interrupted", samples=make_run.host_samples[:1], steps=(), phases=(), result=None
    )
    with (run / rundir.STEPS).open("a", encoding="utf-8") as file:
        file.write("timed,0,1,st")
    assert finish.finish(run).problems == []


def test_an_empty_profile_of_an_unfinished_run_is_no_problem(make_run: Any) -> None:
    run = make_run(status="interrupted", result=None)
    make_run.add_profile(run, [])
    assert finish.finish(run).problems == []
    assert "timed step 0" in slice_names(run)


def test_an_unfinished_run_that_cannot_be_written_to_is_a_problem(make_run: Any) -> None:
    run = make_run(status="failed", result=None)
    (run / rundir.TENSORBOARD).write_text("a file in the way")
    assert "can't be read or written" in finish.finish(run).problems[0]


def test_a_failed_run_does_not_keep_the_next_one_back(make_run: Any) -> None:
    failed = make_run("failed", status="failed", error=RunError("crash", "it broke"), result=None)
    good = make_run("good")
    make_run.add_profile(good)
    finished, problems = finish.finish_all([failed, good])
    assert [each.complete for each in finished] == [False, True]
    assert problems == []


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


def test_a_profile_that_breaks_off_is_used_and_warned_of(make_run: Any) -> None:
    run = make_run()
    path = make_run.add_tensorflow_profile(run)
    path.write_bytes(path.read_bytes()[:-60])
    found = finish.finish(run)
    assert found.profile is not None
    [warning] = [text for text in found.summary.warnings if "not whole" in text]
    assert "byte" in warning
