from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from analysis.view.tensorboard_server import leading_to

PAGE = "?tag=trace_viewer@#profile"


def own(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/html")])
    return [b"TensorBoard itself"]


def asked(path: str, query: str) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and content of an answer."""
    heard: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
        heard.append((status, dict(headers)))

    environ = {"PATH_INFO": path, "QUERY_STRING": query}
    content = b"".join(leading_to(PAGE, own)(environ, start))  # type: ignore[arg-type]
    [(status, headers)] = heard
    return status, headers, content


def test_the_bare_address_leads_to_the_page() -> None:
    status, headers, content = asked("/", "")
    assert (status, content) == ("302 Found", b"")
    assert headers["Location"] == f"/{PAGE}"
    assert headers["Cache-Control"] == "no-store"  # the next one may lead elsewhere


@pytest.mark.parametrize(
    ("path", "query"), [("/", "tag=trace_viewer@"), ("/data/runs", ""), ("/index.js", "")]
)
def test_all_else_is_tensorboards(path: str, query: str) -> None:
    assert asked(path, query)[::2] == ("200 OK", b"TensorBoard itself")
