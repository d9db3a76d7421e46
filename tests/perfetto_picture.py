"""Takes the README's picture of Perfetto with two frameworks, step by step.

python -m tests.perfetto_picture COMPARISON PICTURE.png --without Threads "System CPU"
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import browsing, perfetto_ui
from tests.analysis.view.serving import viewing

SIZE = {"width": 1600, "height": 900, "deviceScaleFactor": 1, "mobile": False}
SHOWN_STEPS = 3
DRAWING_SECONDS = 3
OPEN = (("Compare: ", 1), ("Run ", 1))
STEPS = """
select min(ts), max(ts + dur) from slice join track on slice.track_id = track.id
where track.name glob 'steps, *' and slice.name in ({})
"""
PROFILED = "select distinct name from slice where name glob 'profiled step *' order by ts"
ZOOM = """
const margin = (arguments[1] - arguments[0]) / 50;
const moment = (nanoseconds) => self.app.trace.traceInfo.start + BigInt(Math.round(nanoseconds));
self.app.trace.timeline.setViewportTime(
  moment(arguments[0] - margin), moment(arguments[1] + margin)
);
"""
PLAIN = """
if (self.app.sidebar.visible) self.app.sidebar.toggleVisibility();
self.app.trace.selection.clearSelection();
const leaveOut = (track) => {
  if (arguments[0].some((name) => track.name.startsWith(name))) track.remove();
  else [...track.children].forEach(leaveOut);
};
[...(self.app.trace.currentWorkspace || self.app.trace.workspace).children].forEach(leaveOut);
self.app.raf.scheduleFullRedraw();
"""
"""`self.app` is the pages' own object, not a public interface."""


def take(browser: Any, picture: Path, without: Sequence[str]) -> None:
    """A picture of some profiled steps in the middle, without tracks whose names begin so."""
    names = [row[0] for row in perfetto_ui.query(browser, PROFILED)]
    middle = max(0, (len(names) - SHOWN_STEPS) // 2)
    shown = ", ".join(f"'{name}'" for name in names[middle : middle + SHOWN_STEPS])
    ((begin, end),) = perfetto_ui.query(browser, STEPS.format(shown).replace("\n", " "))
    ((first,),) = perfetto_ui.query(browser, "select trace_start()")
    perfetto_ui.expand(browser, *OPEN)
    browser.execute_script(PLAIN, ["System", *without])
    browser.execute_script(ZOOM, begin - first, end - first)
    time.sleep(DRAWING_SECONDS)  # what is drawn on the canvas can't be asked for
    browser.save_screenshot(str(picture))


def main() -> None:
    """Read the command line, open the comparison in Perfetto, and take the picture."""
    parser = argparse.ArgumentParser(description="The README's picture of Perfetto.")
    parser.add_argument("comparison", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--without", nargs="*", default=[], metavar="TRACK")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        browsing.chromium(Path(folder)) as browser,
        viewing(str(arguments.comparison.resolve()), "--no-browser") as url,
    ):
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
        browser.get(url)
        perfetto_ui.wait_until_loaded(browser)
        take(browser, arguments.picture, arguments.without)


if __name__ == "__main__":
    main()
