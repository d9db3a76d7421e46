"""Opens runs and comparisons in TensorBoard, a process of its own on this machine."""

import json
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlencode

from analysis import wording
from analysis.serve import ADDRESS
from analysis.view import logdir, tensorboard_server
from analysis.view.logdir import Shown
from analysis.view.pattern import literal
from analysis.view.session import announce, until_interrupted
from profilers.rundir import CheckFailedError

END_LIMIT_SECONDS = 5
LAST_LINES = 3
SAFE = "/:@,()|"
PINNED = ("train/step_ms", "train/loss", "resources/rss_mib", "resources/vram_mib")
"""The curves that stand at the top; TensorBoard leaves out those that no run has."""


def show(targets: Sequence[Path], *, browser: bool) -> None:
    """Run TensorBoard on the event files of runs and comparisons until Ctrl-C.

    Args:
        targets: runs, and comparisons, which stand for all their complete runs, too.
        browser: whether to open the default browser, too.

    Raises:
        ProfileError: a run has no event files, or a comparison has no complete run.
        CheckFailedError: TensorBoard ended by itself.
    """
    found, problems = logdir.shown(targets)
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr, flush=True)
    with TemporaryDirectory(prefix="crossprof-", ignore_cleanup_errors=True) as folder:
        logdir.link(found, Path(folder))
        command = [sys.executable, "-P", "-m", tensorboard_server.__name__, page(found)]
        command += ["--logdir", folder, "--host", ADDRESS, "--port", "0"]
        with until_interrupted(), _running(command) as child:
            _follow(child, browser)


def page(found: Sequence[Shown]) -> str:
    """The page to open, as the end of an address.

    For a run alone that has a profile, and for profiles alone, that is the trace viewer; for all
    else Time Series, with the main curves at the top and the sides of a comparison in a colour
    each. The tab Profile begins with the trace viewer, as the page that it would begin with needs
    a network.
    """
    query = {"tag": "trace_viewer@", "smoothing": "0"}
    query["pinnedCards"] = json.dumps(
        [{"plugin": "scalars", "tag": tag} for tag in PINNED], separators=(",", ":")
    )
    sides = list(dict.fromkeys(each.side for each in found if each.side))
    if len(sides) > 1:
        query["runColorGroup"] = f"regex:({'|'.join(map(literal, sides))})"
    alone = len(found) == 1 and found[0].profiled
    tab = "profile" if alone or not any(each.has_curves for each in found) else "timeseries"
    return f"?{urlencode(query, safe=SAFE, quote_via=quote)}#{tab}"


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
        env={**os.environ, "PYTHONPATH": _path()},
    ) as child:
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(END_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def _path() -> str:
    """Where a process of ours finds this package, before what the user has it search."""
    own = Path(__file__).resolve().parents[2]
    return os.pathsep.join(filter(None, (str(own), os.environ.get("PYTHONPATH"))))


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
