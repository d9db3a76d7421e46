"""The page that hands a trace to another Perfetto, in a real browser; and what it may be told."""

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from analysis.serve import Site
from analysis.view import hand_over, perfetto
from profilers import rundir
from profilers.rundir import ProfileError
from tests import perfetto_ui
from tests.analysis.view.serving import viewing

WAIT_SECONDS = 20
TRACE = bytes(range(256)) * 500
STAND_IN = b"""<!doctype html><title>stand-in</title><script>
self.heard = [];
addEventListener("message", ({data, origin, source}) => {
  heard.push([typeof data === "string" ? data : Object.keys(data).join(), origin]);
  if (data === "PING" && self.ready) source.postMessage("PONG", origin);
  if (data.perfetto) self.got = data.perfetto;
});
</script>"""
IMPOSTOR = b"""<!doctype html><title>impostor</title><script>
self.heard = [];
addEventListener("message", ({data}) => heard.push(data));
setInterval(() => opener.postMessage("PONG", "*"), 20);
</script>"""

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves one page at every path of an origin of its own, or sends to another address."""
    with _servers() as start:

        def page(content: bytes, elsewhere: str | None = None) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(302 if elsewhere else 200)
                    self.send_header("Content-Type", "text/html")
                    if elsewhere:
                        self.send_header("Location", elsewhere)
                    self.end_headers()
                    self.wfile.write(content)

                def log_message(self, *_: object) -> None:
                    pass

            return start(Handler)

        yield page


@contextmanager
def _servers() -> Iterator[Callable[[Any], str]]:
    """Starts servers, whose origins it returns, and ends them."""
    servers: list[ThreadingHTTPServer] = []

    def start(handler: Any) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    try:
        yield start
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@contextmanager
def shown(browser: Any, folder: Path, to: str, limit_seconds: int = 30) -> Iterator[Path]:
    """The page in the browser; the file of the trace."""
    trace, start = folder / "a.pftrace.gz", folder / "index.html"
    trace.write_bytes(TRACE)
    page = hand_over.render(to, trace.name, len(TRACE), [folder], limit_seconds)
    start.write_text(page.html, encoding="utf-8")
    with Site({"": start, trace.name: trace}, page.policy) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.01,))
        thread.start()
        try:
            browser.get(site.url)
            yield trace
        finally:
            site.shutdown()
            thread.join()


def until(browser: Any, true: Callable[[Any], Any]) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, WAIT_SECONDS, poll_frequency=0.05).until(true)


def status(browser: Any) -> str:
    text: str = browser.find_element("id", "status").text
    return text


def marks(browser: Any) -> list[str]:
    """How each of the three steps is marked."""
    names = ("opened", "answered", "handed")
    return [browser.find_element("id", name).get_attribute("class") for name in names]


def press(browser: Any) -> tuple[str, str]:
    """Press the button; the handles of the page and of the window that it opened."""
    before = set(browser.window_handles)
    page = browser.current_window_handle
    browser.find_element("id", "open").click()
    until(browser, lambda driver: set(driver.window_handles) - before)
    (opened,) = set(browser.window_handles) - before
    browser.switch_to.window(page)
    return page, opened


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("ui.perfetto.dev", "https://ui.perfetto.dev"),
        ("https://ui.perfetto.dev/", "https://ui.perfetto.dev"),
        ("HTTPS://UI.Perfetto.dev:443", "https://ui.perfetto.dev"),
        ("https://traces.example.org:8443", "https://traces.example.org:8443"),
        ("https://intranet", "https://intranet"),
        ("http://127.0.0.1:10000", "http://127.0.0.1:10000"),
        ("http://127.0.0.1:00080/", "http://127.0.0.1"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(named: str, meant: str) -> None:
    assert hand_over.origin(named) == meant


@pytest.mark.parametrize(
    "named",
    [
        "",
        "*",
        "perfetto",
        "http://ui.perfetto.dev",
        "http://127.0.0.1",
        "http://127.0.0.1:",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:80@attacker.example",
        "http://127.0.0.1.attacker.example:80",
        "http://localhost:10000",
        "https://ui.perfetto.dev/path",
        "https://ui.perfetto.dev?url=x",
        "https://ui.perfetto.dev#!/viewer",
        "https://user@ui.perfetto.dev",
        "https://-x.dev",
        "https://ui.perfetto.dev\n",
        "https://ui..dev",
        "ftp://ui.perfetto.dev",
        "javascript:alert(1)",
        'https://"onload="alert(1)',
        "https://ünï.dev",
    ],
)
def test_what_is_no_origin_is_refused(named: str) -> None:
    with pytest.raises(ProfileError, match="is nothing that a trace can be handed to") as raised:
        hand_over.origin(named)
    assert "\n" not in str(raised.value)


def test_what_the_user_named_is_text_in_the_page_and_its_policy_names_its_own_code() -> None:
    hostile = Path("<script>alert(1)</script>\u202e\x1b[31m")
    html, policy = hand_over.render(hand_over.PUBLIC, "a.json", 5, [hostile])
    assert html.count("<script>") == 1
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_only_of_the_public_pages_it_is_said_where_the_trace_stays() -> None:
    assert "stays in this browser" in hand_over.render(hand_over.PUBLIC, "a", 5, []).html
    other = hand_over.render("https://traces.example.org", "a", 5, []).html
    assert "stays in this browser" not in other
    assert "is up to the page" in other


@pytest.mark.slow
def test_the_command_hands_a_runs_trace_to_a_page_once_it_answers(
    make_run: Any, browser: Any, serve: Serve
) -> None:
    run = make_run("a run")
    (run / rundir.DERIVED).mkdir()
    (run / rundir.PERFETTO_TRACE).write_bytes(TRACE)
    browser.get("about:blank")
    browser.get_log("performance")
    other = serve(STAND_IN)
    with viewing(str(run), "--no-browser", "--ui", other) as url:
        site = url[: url.index("/", 8)]
        browser.get(url)
        assert status(browser) == "Nothing has been handed over yet."
        page, opened = press(browser)
        assert marks(browser) == ["done", "now", ""]
        assert status(browser).startswith(f"Waiting for {other[7:]} to answer")
        browser.switch_to.window(opened)
        until(browser, lambda driver: driver.execute_script("return heard.length"))
        assert browser.execute_script("return heard.every(([data]) => data === 'PING')")
        browser.execute_script("self.ready = true")
        until(browser, lambda driver: driver.execute_script("return self.got"))
        heard = browser.execute_script("return heard")
        assert heard[-1] == ["perfetto", site]
        got = browser.execute_script(
            "return [got.title, got.fileName, [...new Uint8Array(got.buffer)], document.referrer]"
        )
        assert got == ["a_run.pftrace.gz", "a_run.pftrace.gz", [*TRACE], ""]
        browser.switch_to.window(page)
        assert status(browser).startswith("Handed over: 128,000 bytes.")
        assert marks(browser) == ["done"] * 3
        assert list(browser.get_log("browser")) == []
        assert perfetto_ui.outside_requests(browser, f"{site}/", f"{other}/") == []


@pytest.mark.slow
def test_the_real_perfetto_on_another_port_takes_the_trace(torch_run: Path, browser: Any) -> None:
    try:
        pages = perfetto._pages()["index.html"].parent
    except ProfileError as error:
        pytest.skip(str(error))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with (
        _servers() as start,
        viewing(
            str(torch_run), "--no-browser", "--ui", start(partial(Quiet, directory=str(pages)))
        ) as url,
    ):
        browser.get(url)
        page, opened = press(browser)
        until(browser, lambda driver: status(driver).startswith("Handed over"))
        browser.switch_to.window(opened)
        perfetto_ui.wait_until_loaded(browser)
        assert perfetto_ui.import_errors(browser) == 0
        assert perfetto_ui.query(browser, "select count(*) > 300 from slice") == [[1]]
        assert torch_run.name in browser.title
        until(browser, lambda driver: "torch host" in perfetto_ui.open_groups(driver))
        browser.switch_to.window(page)


@pytest.mark.slow
def test_a_page_that_took_the_others_place_gets_nothing(
    browser: Any, serve: Serve, tmp_path: Path
) -> None:
    with shown(browser, tmp_path, serve(b"", serve(IMPOSTOR)), limit_seconds=1):
        _, opened = press(browser)
        until(browser, lambda driver: "could not be reached" in status(driver))
        assert marks(browser) == ["done", "failed", ""]
        browser.switch_to.window(opened)
        assert browser.title == "impostor"
        assert browser.execute_script("return heard") == []


@pytest.mark.slow
def test_a_late_answer_is_still_an_answer(browser: Any, serve: Serve, tmp_path: Path) -> None:
    with shown(browser, tmp_path, serve(STAND_IN), limit_seconds=1):
        page, opened = press(browser)
        until(browser, lambda driver: "no answer for 1 s" in status(driver))
        browser.switch_to.window(opened)
        browser.execute_script("self.ready = true")
        browser.switch_to.window(page)
        until(browser, lambda driver: status(driver).startswith("Handed over"))


@pytest.mark.slow
def test_a_window_that_is_blocked_or_closed_can_be_tried_again(
    browser: Any, serve: Serve, tmp_path: Path
) -> None:
    with shown(browser, tmp_path, serve(STAND_IN)):
        browser.execute_script("self.kept = self.open; self.open = () => null")
        browser.find_element("id", "open").click()
        assert status(browser).startswith("The browser blocked the new window. Allow pop-ups")
        assert marks(browser) == ["failed", "", ""]
        browser.execute_script("self.open = self.kept")
        page, opened = press(browser)
        browser.switch_to.window(opened)
        browser.close()
        browser.switch_to.window(page)
        until(browser, lambda driver: status(driver).startswith("The new window was closed"))
        _, opened = press(browser)
        browser.switch_to.window(opened)
        browser.execute_script("self.ready = true")
        until(browser, lambda driver: driver.execute_script("return self.got"))


@pytest.mark.slow
def test_a_trace_that_is_gone_is_told(browser: Any, serve: Serve, tmp_path: Path) -> None:
    with shown(browser, tmp_path, serve(STAND_IN)) as trace:
        trace.unlink()
        press(browser)
        until(browser, lambda driver: "could not be read" in status(driver))
        assert marks(browser)[2] == "failed"
        assert browser.find_element("id", "open").is_enabled()
