import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.report import state
from analysis.report.subject import Subject
from profilers import rundir
from profilers.records import RunRecord


def ended(compared: Any, status: str) -> Subject:
    """The second run of the second side did not get to its end."""
    run = compared.record.compared[1].runs[1]
    problem = f"{status} (it broke)"
    failed = msgspec.structs.replace(run, complete=False, problem=problem)
    runs = [compared.record.compared[1].runs[0], failed, compared.record.compared[1].runs[2]]
    side = msgspec.structs.replace(compared.record.compared[1], runs=runs)
    record = msgspec.structs.replace(compared.record, compared=[compared.record.compared[0], side])
    kept = [each for each in compared.runs if each.measured.run.name != "run-2-1"]
    found = type(compared)(compared.directory, record, kept, compared.partitions)
    return Subject(found)


def write_run(compared: Any, record: RunRecord, status: str) -> Path:
    path: Path = compared.directory.parent / "run-2-1"
    rundir.write_json(path / rundir.RUN, msgspec.structs.replace(record, status=status))
    (path / "child.log").write_text("\n".join(f"line {n}\x1b[0m" for n in range(50)))
    return path


def test_a_failed_run_is_red_with_the_end_of_its_log(make_compared: Any, make_record: Any) -> None:
    compared = make_compared()
    write_run(compared, make_record(), "failed")
    [banner] = state.banners(ended(compared, "failed"))
    assert banner.kind == "failed"
    assert banner.text.startswith("TensorFlow function, round 2: failed (it broke); what is left")
    assert banner.log == [f"line {n}[0m" for n in range(30, 50)]
    assert banner.log_of == "TensorFlow function, round 2"


def test_a_stopped_run_is_amber(make_compared: Any, make_record: Any) -> None:
    compared = make_compared()
    write_run(compared, make_record(), "interrupted")
    [banner] = state.banners(ended(compared, "interrupted"))
    assert banner.kind == "stopped"
    assert banner.text == (
        "Stopped by you in run 6 of 6. Shown: 5 complete runs (3 PyTorch eager, 2 TensorFlow "
        "function)."
    )
    assert banner.log == []


def test_a_log_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    assert state.last_lines(tmp_path / "child.log") == []


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "child.log"
    path.write_bytes(b"x" * 10_000_000 + b"\nlast \xff")
    lines = state.last_lines(path)
    assert lines[-1] == "last \ufffd"
    assert max(map(len, lines)) <= 400


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_all_went_well(rounds: int, make_compared: Any) -> None:
    assert state.banners(Subject(make_compared(rounds=rounds))) == []


def test_a_page_on_a_run_that_failed_says_how_to_repeat_it(
    make_compared: Any, make_record: Any, page_of: Any, html_of: Any
) -> None:
    compared = make_compared.alone()
    rundir.write_json(compared.directory / rundir.RUN, make_record(status="failed"))
    [side] = compared.record.compared
    run = msgspec.structs.replace(side.runs[0], complete=False, problem="failed (it broke)")
    side = msgspec.structs.replace(side, runs=[run], settings=None, data=None, environment=None)
    record = msgspec.structs.replace(
        compared.record, compared=[side], figures=[], anatomies=[None], profiles=[None]
    )
    failed = type(compared)(compared.directory, record, [], [[]])
    page = page_of(failed)
    assert [banner.kind for banner in page.hero.banners] == ["failed"]
    assert page.hero.answers[0].sentence == "No run is complete"
    assert page.repeat.commands[0].startswith("python profile.py --framework torch")
    assert page.step.rows == []
    assert list(page.charts()) == []
    assert "There are no step times to show." in html_of(failed)


def test_a_log_that_is_a_link_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    (tmp_path / "child.log").symlink_to("elsewhere")
    os.mkfifo(tmp_path / "pipe")
    assert [state.last_lines(tmp_path / name) for name in ("child.log", "pipe")] == [[], []]
