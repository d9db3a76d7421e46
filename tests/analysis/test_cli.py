import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis import cli
from profilers import rundir

ROOT = Path(__file__).parents[2]


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


def test_help_loads_neither_numpy_nor_rich() -> None:
    code = (
        "import sys\nfrom analysis import cli\n"
        "try:\n    cli.main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "assert not {'numpy', 'rich', 'pyarrow', 'scipy', 'tensorboard'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
