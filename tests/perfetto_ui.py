"""Perfetto's own pages in a browser: what they loaded, counted, complained of and asked for."""

import json
import re
from typing import Any

WAIT_SECONDS = 60
LOADED = "return Boolean(self.app && self.app.trace && !self.app.isLoadingTrace)"
IMPORT_ERRORS = "return self.app.trace.traceInfo.importErrors"
QUERY = """
const done = arguments[arguments.length - 1];
const plain = (value) => (typeof value === "bigint" ? Number(value) : value);
self.app.trace.engine.query(arguments[0]).then((found) => {
    const columns = found.columns(), rows = [];
    for (const row = found.iter({}); row.valid(); row.next()) {
        rows.push(columns.map((column) => plain(row.get(column))));
    }
    done(rows);
}).catch((error) => done(String(error)));
"""
"""`self.app` is the pages' own object, not a public interface."""


def wait_until_loaded(browser: Any) -> None:
    """Wait until the trace is there, and with it its tracks."""
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, WAIT_SECONDS).until(lambda driver: driver.execute_script(LOADED))


def query(browser: Any, sql: str) -> list[list[Any]]:
    """The rows of an answer of the pages' engine."""
    rows = browser.execute_async_script(QUERY, sql)
    assert isinstance(rows, list), rows
    return rows


def import_errors(browser: Any) -> int:
    """How many the pages count."""
    count: int = browser.execute_script(IMPORT_ERRORS)
    return count


def severe_complaints(browser: Any) -> list[str]:
    """What the page's console calls severe, without what our policy keeps the page from."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE"
        and not re.search(r"Content.Security.Policy", entry["message"])
    ]


def outside_requests(browser: Any, *sites: str) -> list[str]:
    """Addresses outside of these sites that were asked for, and not refused by a page's policy."""
    asked: dict[str, str] = {}
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        values = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            asked[values["requestId"]] = values["request"]["url"]
        elif message["method"] == "Network.loadingFailed" and values.get("blockedReason") == "csp":
            asked.pop(values["requestId"], None)
    inside = ("data:", *sites, *(f"blob:{site}" for site in sites))
    return [url for url in asked.values() if not url.startswith(inside)]


SELECT = """
self.app.trace.selection.selectSqlEvent("slice", arguments[0], {scrollToSelection: true});
"""
PANEL = "return document.body.innerText"
EXPAND = """
const open = (track, depth) => {
  if (depth > 0) { track.expand(); track.children.forEach((child) => open(child, depth - 1)); }
  else track.collapse();
};
(self.app.trace.currentWorkspace || self.app.trace.workspace).children.forEach((track) => {
  const title = track.name ?? track.title;
  const depth = arguments[0].find(([start]) => title.startsWith(start));
  open(track, depth ? depth[1] : 0);
});
self.app.raf.scheduleFullRedraw();
"""


OPEN_GROUPS = """
const found = [];
const walk = (track) => {
  if (track.expanded && track.hasChildren) found.push(track.name);
  track.children.forEach(walk);
};
(self.app.trace.currentWorkspace || self.app.trace.workspace).children.forEach(walk);
return found;
"""
VISIBLE = """
const { start, end } = self.app.trace.timeline.visibleWindow.toTimeSpan();
return [start, end].map((time) => String(time));
"""


def open_groups(browser: Any) -> list[str]:
    """Names of the groups of tracks that are open."""
    names: list[str] = browser.execute_script(OPEN_GROUPS)
    return names


def visible_ns(browser: Any) -> list[int]:
    """When what is on the screen begins and ends."""
    return [int(time) for time in browser.execute_script(VISIBLE)]


def select_slice(browser: Any, number: int) -> str:
    """Select a slice, as a click does; what the panel then says of it."""
    from selenium.webdriver.support.wait import WebDriverWait

    browser.execute_script(SELECT, number)
    WebDriverWait(browser, WAIT_SECONDS).until(
        lambda driver: f"slice[{number}]" in driver.execute_script(PANEL)
    )
    text: str = browser.execute_script(PANEL)
    return text


def expand(browser: Any, *levels: tuple[str, int]) -> None:
    """Open the groups whose names begin so, as many levels deep, and close all others."""
    browser.execute_script(EXPAND, levels)
