import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import cli
from analysis.comparison import command
from analysis.exporters import command as export
from profilers import rundir
from profilers.records import RunError

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "a" * 300],
        ["report", "one", "--output", "file/report.html"],
        ["report", "one", "--output", "one"],
        ["compare", "a" * 300, "one"],
        ["compare", "one", "one", "--output", "a" * 300],
        ["compare", "one", "one", "--output", "file/below"],
        ["compare", "one", "one", "--output", os.fsdecode(b"no\xff")],
        ["report", os.fsdecode(b"no\xff")],
    ],
    ids=lambda arguments: " ".join(arguments)[:40].encode("ascii", "replace").decode(),
)
def test_a_place_that_cannot_be_used_is_exit_code_2_in_one_sentence(
    make_run: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    make_run("one")
    monkeypatch.chdir(make_run.output)
    Path("file").write_text("")
    assert cli.main(arguments) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert printed.count("\n") == 1


def test_names_in_errors_cannot_steer_the_terminal(
    make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    text = (directory / rundir.ROUNDS).read_text()
    named = "../../\\n\\u001b[2J\\u202eelsewhere"
    (directory / rundir.ROUNDS).write_text(text.replace("../run-1-0", named))
    assert cli.main(["finish", str(directory)]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert not set("\x1b\u202e") & set(printed)


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(command.name in printed for command in cli.COMMANDS)


def test_the_help_of_ops_says_what_its_options_need(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["ops", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "A and B too" in printed
    assert "parquet needs --output" in printed
    assert "no pipe" in printed


@pytest.mark.parametrize("option", ["--top", "--rank"])
@pytest.mark.parametrize("number", ["-1", "x", "1.5", "9" * 30])
def test_numbers_of_ops_are_whole(
    option: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["ops", "x.json", f"{option}={number}"])
    assert ended.value.code == 2
    assert "is no whole number from 0 on" in capsys.readouterr().err


def test_compare_is_asked_for_as_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[command.Request, str]] = []

    def run(request: command.Request, form: str) -> tuple[bool, list[str]]:
        asked.append((request, form))
        return True, []

    monkeypatch.setattr(command, "run", run)
    assert cli.main(["compare", "a", "b"]) == 0
    assert cli.main(["compare", "a", "--output", "c", "--exclude-dirty", "--format", "json"]) == 0
    assert asked == [
        (command.Request([Path("a"), Path("b")]), "table"),
        (command.Request([Path("a")], Path("c"), exclude_flagged=True), "json"),
    ]


@pytest.mark.parametrize(
    ("comparable", "problems", "code"),
    [(True, [], 0), (False, [], 1), (True, ["one\x1b", "two"], 1), (False, ["one"], 1)],
)
def test_compare_ends_with_1_where_sides_are_not_comparable_or_something_failed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    comparable: bool,
    problems: list[str],
    code: int,
) -> None:
    monkeypatch.setattr(command, "run", lambda *_: (comparable, problems))
    assert cli.main(["compare", "a", "b"]) == code
    told = [f"error: {problem}".replace("\x1b", "") for problem in problems]
    assert capsys.readouterr().err.splitlines() == told


@pytest.mark.parametrize(("problems", "code"), [([], 0), (["one"], 1)])
def test_report_is_asked_for_as_typed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problems: list[str],
    code: int,
) -> None:
    asked: list[tuple[list[Path], Path | None]] = []

    def report(paths: list[Path], output: Path | None) -> tuple[Path, list[str]]:
        asked.append((paths, output))
        return Path("there"), problems

    monkeypatch.setattr(command, "report", report)
    assert cli.main(["report", "a"]) == code
    assert cli.main(["report", "a", "b", "--output", "page.html"]) == code
    assert asked == [([Path("a")], None), ([Path("a"), Path("b")], Path("page.html"))]
    printed = capsys.readouterr()
    assert printed.out == "there\nthere\n"
    assert printed.err == "".join(f"error: {problem}\n" for problem in problems * 2)


@pytest.mark.parametrize(
    "arguments",
    [["compare"], ["report"], ["compare", "a", "b", "--format", "csv"], ["report", "a", "--quiet"]],
)
def test_what_compare_and_report_do_not_know_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_export_is_asked_for_as_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[export.Request] = []

    def run(request: export.Request) -> str:
        asked.append(request)
        return "there\x1b[2J"

    monkeypatch.setattr(export, "run", run)
    assert cli.main(["export", "a", "b", "--to", "perfetto"]) == 0
    assert cli.main(["export", "a", "b", "--to", "perfetto", "--align", "wall"]) == 0
    assert cli.main(["export", "a", "--to", "csv", "--output", "c"]) == 0
    assert asked == [
        export.Request([Path("a"), Path("b")], "perfetto", None, None),
        export.Request([Path("a"), Path("b")], "perfetto", None, "wall"),
        export.Request([Path("a")], "csv", Path("c"), None),
    ]
    assert capsys.readouterr().out == "there[2J\n" * 3


@pytest.mark.parametrize(
    "arguments",
    [["a"], ["--to", "csv"], ["a", "--to", "pdf"], ["a", "--to", "perfetto", "--align", "x"]],
)
def test_what_export_does_not_know_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["export", *arguments])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_what_can_not_be_exported_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["export", str(tmp_path / "gone"), "--to", "perfetto"])
    assert code == 2
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith("error: ")
    assert str(tmp_path / "gone") in said


def test_help_loads_neither_numpy_nor_rich() -> None:
    code = (
        "import sys\nfrom analysis import cli\n"
        "try:\n    cli.main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "assert not {'numpy', 'rich', 'pyarrow', 'scipy', 'tensorboard'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)


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
