"""TensorBoard as `python -m analysis view --tensorboard` opens it."""

import json
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

from analysis import cli, finish
from analysis.comparison import finishing
from analysis.view import tensorboard
from analysis.view.logdir import Shown
from profilers import rundir
from profilers.rundir import CheckFailedError
from tests.analysis.view.serving import led_to, read, viewing

WAIT_SECONDS = 60


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none"], "is not there"),
        (["notes.txt"], "python -m analysis export notes.txt --to tensorboard makes"),
        (["folder"], "is no run and no comparison of profile.py; name one, or show all"),
        (["empty"], "has no event files for TensorBoard; make them with"),
        (["logs"], "is no run and no comparison of profile.py; name one, or"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "logs" / rundir.TENSORBOARD).mkdir(parents=True)
    (tmp_path / "empty" / rundir.TENSORBOARD).mkdir(parents=True)
    (tmp_path / "empty" / rundir.RUN).write_text("{}")
    (tmp_path / "notes.txt").write_text("notes")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["view", "--tensorboard", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert words in printed.err


def test_a_comparison_without_a_complete_run_is_one_sentence(
    make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(None,), (3.0,)], profiled=False)
    (directory.parent / "run-1-1" / rundir.RUN).unlink()
    assert cli.main(["view", str(directory), "--tensorboard"]) == 2
    assert "has no complete run" in capsys.readouterr().err


def shown(name: str, side: str = "", profiled: bool = False, curves: bool = True) -> Shown:
    files = {"plugins/profile/now/host.xplane.pb": Path("x")} if profiled else {}
    if curves:
        files["events.out.tfevents.1.crossprof"] = Path("y")
    return Shown(name, files, side)


def query_of(page: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page).query)


def test_a_run_alone_opens_its_profile_where_it_has_one() -> None:
    assert urlsplit(tensorboard.page([shown("one", profiled=True)])).fragment == "profile"
    assert urlsplit(tensorboard.page([shown("one")])).fragment == "timeseries"


def test_profiles_alone_open_in_the_trace_viewer() -> None:
    profiles = [shown(name, profiled=True, curves=False) for name in ("one", "two")]
    assert urlsplit(tensorboard.page(profiles)).fragment == "profile"
    assert query_of(tensorboard.page(profiles))["tag"] == ["trace_viewer@"]
    assert urlsplit(tensorboard.page([*profiles, shown("three")])).fragment == "timeseries"


def test_a_comparison_opens_its_curves_with_a_colour_for_each_side() -> None:
    sides = ["PyTorch eager", "batch (1|2)"]
    found = [shown("comparison"), *(shown(f"{side}, round 1", side) for side in sides)]
    page = tensorboard.page([*found, shown("more", sides[0], profiled=True)])
    assert urlsplit(page).fragment == "timeseries"
    query = query_of(page)
    assert query["smoothing"] == ["0"]
    [colours] = query["runColorGroup"]
    pattern = re.compile(colours.removeprefix("regex:"))
    assert [pattern.search(each.name)[1] for each in found[1:]] == sides  # type: ignore[index]
    assert pattern.search("comparison") is None
    pinned = [each["tag"] for each in json.loads(query["pinnedCards"][0])]
    assert pinned[:2] == ["train/step_ms", "train/loss"]


def test_runs_that_are_no_sides_have_a_colour_each() -> None:
    page = tensorboard.page([shown("one"), shown("two")])
    assert "runColorGroup" not in query_of(page)
    assert " " not in page
    assert '"' not in page


def test_a_program_that_ends_by_itself_is_told_with_its_last_words() -> None:
    command = [sys.executable, "-c", "print('noise\\n' * 9); raise SystemExit('no port is free')"]
    with tensorboard._running(command) as child, pytest.raises(CheckFailedError) as raised:
        tensorboard._follow(child, browser=False)
    assert "exit code 1" in str(raised.value)
    assert "no port is free" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_tensorboard_shows_runs_by_their_names_until_it_is_ended(
    end: signal.Signals, make_comparison: Any, without_report: None, tmp_path: Path
) -> None:
    alone = make_comparison.make_run("alone")
    finish.finish(alone)
    comparison = make_comparison([(2.0,), (3.0,)], profiled=False)
    finishing.finish_all([comparison])
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    arguments = [str(alone), str(comparison), "--tensorboard", "--no-browser"]
    with viewing(*arguments, end=end, TMPDIR=str(temporary)) as address:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        page = led_to(address)
        assert page.startswith("/?tag=")
        assert page.endswith("#timeseries")
        assert b"<title>TensorBoard</title>" in read(address)
        assert b"<title>TensorBoard</title>" in read(address.replace("127.0.0.1", "localhost"))
        rebound = Request(f"{address}data/runs", headers={"Host": "rebound.example"})
        with pytest.raises(HTTPError, match="403") as refused:
            urlopen(rebound, timeout=20)
        assert f"is shown at {urlsplit(address).netloc} and ".encode() in refused.value.read()
        limit = time.monotonic() + WAIT_SECONDS
        tags: dict[str, Any] = {}
        while len(tags) < 3 and time.monotonic() < limit:  # it loads the files after it answers
            tags = json.loads(read(f"{address}data/plugin/scalars/tags"))
        above = "compare-1/"
        assert set(tags) == {"alone", f"{above}PyTorch eager", f"{above}TensorFlow function"}
        assert "train/loss" in tags["alone"]
        assert list(temporary.glob("crossprof-*"))
    assert not list(temporary.glob("crossprof-*"))
