from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from analysis.view.tensorboard_server import for_own_hosts, leading_to

PAGE = "?tag=trace_viewer@#profile"


def own(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/html")])
    return [b"TensorBoard itself"]


def asked(path: str, query: str, **more: str) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and content of an answer."""
    heard: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
        heard.append((status, dict(headers)))

    ours = {"SERVER_PORT": "6006", "HTTP_HOST": "127.0.0.1:6006"}
    environ = {"PATH_INFO": path, "QUERY_STRING": query, **ours, **more}
    application = for_own_hosts(leading_to(PAGE, own))
    content = b"".join(application(environ, start))  # type: ignore[arg-type]
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


def test_both_names_of_this_machine_are_answered() -> None:
    for host in ("127.0.0.1:6006", "localhost:6006"):
        assert asked("/data/runs", "", HTTP_HOST=host)[0] == "200 OK"


@pytest.mark.parametrize("path", ["/", "/data/runs"])
@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:6006",
        "127.0.0.1.rebound.example:6006",
        "127.0.0.1:6007",
        "localhost",
        "127.0.0.1:6006,rebound.example",
        "",
    ],
)
def test_a_foreign_name_is_refused_in_one_sentence(host: str, path: str) -> None:
    status, headers, content = asked(path, "", HTTP_HOST=host)
    assert status == "403 Forbidden"
    assert headers["Content-Type"].startswith("text/plain")
    assert int(headers["Content-Length"]) == len(content)
    assert content == (
        b"TensorBoard is shown at 127.0.0.1:6006 and localhost:6006 alone; open one of them.\n"
    )
