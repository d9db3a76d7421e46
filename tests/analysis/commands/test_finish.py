import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import cli
from profilers import rundir
from profilers.records import RunError

ROOT = Path(__file__).parents[3]


def run_module(*arguments: str, path: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "analysis", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (path, str(ROOT))))},
    )


def test_finish_prints_the_summary_to_stderr_alone(
    make_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run()
    make_run.add_profile(run)
    assert cli.main(["finish", str(run)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "PyTorch eager trains mnist-mlp at 0.400 ms per step" in printed.err


def test_json_goes_to_stdout_with_missing_figures_as_null(
    make_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run()
    make_run.add_profile(run)
    assert cli.main(["finish", str(run), "--quiet", "--format", "json"]) == 0
    printed = capsys.readouterr()
    document = msgspec.json.decode(printed.out)
    assert printed.err == ""
    assert (document["schema"], document["warnings"]) == (1, [])
    assert document["comparisons"] == []
    [row] = document["runs"]
    assert row["step_ms"]["median"] == pytest.approx(0.4)
    assert row["gpu_percent"] is None


@pytest.mark.usefixtures("without_report")
def test_a_comparison_is_one_summary_and_its_rows_stand_beside_its_runs(
    make_comparison: Any, make_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    alone = make_run("alone")
    make_run.add_profile(alone)
    assert cli.main(["finish", str(directory), str(alone), "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("One run each, no verdict") == 1
    assert printed.err.count(" trains mnist-mlp at ") == 1
    document = msgspec.json.decode(printed.out)
    assert {row["id"] for row in document["runs"]} == {"alone", "run-1-0", "run-1-1"}
    [row] = document["comparisons"]
    assert row["ratio"] == {"estimate": pytest.approx(1.5), "low": None, "high": None, "pairs": 1}
    assert set(row) == {
        *("baseline", "other", "ratio", "verdict", "parity", "conditions", "path", "report"),
        *("trace", "warnings"),
    }


@pytest.mark.usefixtures("without_report")
def test_quiet_writes_the_comparison_and_prints_nothing(
    make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    assert cli.main(["finish", str(directory), "--quiet"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")
    assert (directory / rundir.COMPARISON).exists()


@pytest.mark.usefixtures("without_report")
def test_a_broken_run_of_a_comparison_is_exit_code_1_and_the_rest_is_shown(
    make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    (directory.parent / "run-1-0" / rundir.RUN).write_text("{")
    assert cli.main(["finish", str(directory)]) == 1
    printed = capsys.readouterr().err
    assert "PyTorch eager, round 1: can't be read" in printed
    assert "One pair of runs, no verdict" in printed
    assert printed.splitlines()[-1].startswith("error: ")


def test_a_failed_run_is_finished_and_told(
    make_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(status="failed", error=RunError("crash", "it broke"), result=None)
    assert cli.main(["finish", str(run), "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "is not finished: its status is failed (it broke)" in printed.err
    document = msgspec.json.decode(printed.out)
    assert document["warnings"] == []
    assert document["runs"][0]["status"] == "failed"


def test_a_profile_that_cannot_be_read_is_exit_code_1(
    make_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run()
    assert cli.main(["finish", str(run), "--format", "json"]) == 1
    printed = capsys.readouterr()
    assert "holds no profile" in printed.err.splitlines()[-1]
    assert len(msgspec.json.decode(printed.out)["warnings"]) == 1


def test_what_is_no_run_is_exit_code_2_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["finish", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_finish_imports_no_framework_though_they_are_installed(
    make_run: Any, tmp_path: Path
) -> None:
    run = make_run()
    make_run.add_profile(run)
    for name in ("torch", "tensorflow", "matplotlib"):
        (tmp_path / "installed" / name).mkdir(parents=True)
        (tmp_path / "installed" / name / "__init__.py").write_text("raise SystemExit('loaded')\n")
    done = run_module("finish", str(run), path=str(tmp_path / "installed"))
    assert done.returncode == 0, done.stderr
    assert "Top operations" in done.stderr
    assert (run / rundir.TENSORBOARD).exists()


def test_a_reader_that_has_seen_enough_is_no_error(make_run: Any) -> None:
    steps = [make_run.step("timed", number, 1.0) for number in range(50)]
    runs = [make_run(f"run-{number}", steps=steps) for number in range(60)]
    command = [sys.executable, "-m", "analysis", "finish", "--quiet", "--format", "json"]
    process = subprocess.Popen(
        [*command, *map(str, runs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    assert "Traceback" not in errors
    process.wait()
