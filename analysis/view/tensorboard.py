"""Shows curves of runs in TensorBoard, a process of its own on this machine."""

import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis import wording
from analysis.serve import ADDRESS, files_below
from analysis.view.session import announce, until_interrupted
from analysis.view.traces import command, complete_runs
from profilers import rundir
from profilers.rundir import CheckFailedError, ProfileError

EVENT_FILE = "tfevents"
END_LIMIT_SECONDS = 5
LAST_LINES = 3


def show(runs: Sequence[Path], *, browser: bool) -> None:
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
        request = [sys.executable, "-P", "-m", "tensorboard.main", "--logdir", folder]
        request += ["--host", ADDRESS, "--port", "0"]
        with until_interrupted(), _running(request) as child:
            _follow(child, browser)


def _runs_of(target: Path) -> list[Path]:
    """All complete runs of a comparison; what is none, itself."""
    if not (target / rundir.ROUNDS).is_file():
        return [target]
    return [run for runs in complete_runs(target) for run in runs]


def _event_files(run: Path) -> dict[str, Path]:
    """What a run has for TensorBoard, by path."""
    if not run.is_dir():
        raise ProfileError(f"{run} is no folder; --tensorboard shows runs of profile.py.")
    folder = run / rundir.TENSORBOARD
    files = files_below(folder) if folder.is_dir() else {}
    if not any(EVENT_FILE in path.name for path in files.values()):
        finish = command("finish", run)
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
            announce("TensorBoard", address[1], browser)
    words = wording.plain(" ".join(filter(None, last)))
    raise CheckFailedError(f"TensorBoard ended by itself (exit code {child.wait()}): {words}")
