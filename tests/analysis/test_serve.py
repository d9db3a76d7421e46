"""The server's rules, asked of a real one over a socket."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.serve import Site, files_below

TRACE = bytes(range(256)) * 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pages, with a link that leads out of them to secret.txt, and one that does not."""
    pages = tmp_path / "pages"
    (pages / "v1").mkdir(parents=True)
    (pages / "index.html").write_text("<title>start</title>")
    (pages / "v1" / "app.js").write_text("1")
    (pages / "v1" / "engine.wasm").write_bytes(b"\0asm")
    (pages / "v1" / "same.css").symlink_to(pages / "v1" / "app.js")
    (tmp_path / "secret.txt").write_text("secret")
    (pages / "out.txt").symlink_to(tmp_path / "secret.txt")
    (pages / "out").symlink_to(tmp_path)
    return pages


@pytest.fixture
def site(folder: Path, tmp_path: Path) -> Iterator[Site]:
    trace = tmp_path / "trace.json.gz"
    trace.write_bytes(TRACE)
    files = files_below(folder)
    with Site({**files, "": files["index.html"], "a run.json.gz": trace}) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.01,))
        thread.start()
        yield site
        site.shutdown()
        thread.join()


class Answer:
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()


def ask(site: Site, path: str, method: str = "GET", **headers: Any) -> Answer:
    """A request as it stands: the path is not tidied, Host is ours unless it is given."""
    host, port = site.server_address[:2]
    connection = http.client.HTTPConnection(str(host), port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, values in ({"Host": f"{host}:{port}"} | headers).items():
            for value in [values] if isinstance(values, str) else values:
                connection.putheader(name, value)
        connection.endheaders()
        return Answer(connection.getresponse())
    finally:
        connection.close()


def raw(site: Site, request: str) -> str:
    """All that the server sends before it closes the connection."""
    with socket.create_connection(site.server_address[:2], timeout=10) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")


def test_browsers_can_be_sent_on_from_the_start_alone(site: Site) -> None:
    assert ask(site, secret_path(site)).body == b"<title>start</title>"
    site.leads_to = f"{site.url}index.html?a=1#b"
    for method in ("GET", "HEAD"):
        answer = ask(site, secret_path(site), method)
        assert (answer.status, answer.body) == (302, b"")
        assert answer.headers["Location"] == site.leads_to
        assert answer.headers["Cache-Control"] == "no-store"
    for path in ("index.html", "?a=1", "v1/app.js"):
        assert ask(site, secret_path(site) + path).headers["Location"] is None
    assert ask(site, "/").status == 404


def secret_path(site: Site) -> str:
    return "/" + site.url.split("/", 3)[3]


def test_a_folder_is_listed_without_what_leads_out_of_it(folder: Path) -> None:
    listed = files_below(folder)
    assert set(listed) == {"index.html", "v1/app.js", "v1/engine.wasm", "v1/same.css"}
    assert listed["v1/same.css"].name == "app.js"


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("", "text/html; charset=utf-8", b"<title>start</title>"),
        ("?testing=1", "text/html; charset=utf-8", b"<title>start</title>"),
        ("v1/app.js", "text/javascript; charset=utf-8", b"1"),
        ("v1/engine.wasm", "application/wasm", b"\0asm"),
        ("a%20run.json.gz", "application/octet-stream", TRACE),
    ],
)
def test_a_listed_file_is_sent_as_what_it_is(
    name: str, content_type: str, body: bytes, site: Site
) -> None:
    answer = ask(site, secret_path(site) + name)
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Length"] == str(len(body))
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(("name", "status"), [("a%20run.json.gz", 200), ("missing", 404)])
def test_head_sends_the_head_alone(name: str, status: int, site: Site) -> None:
    host = f"Host: 127.0.0.1:{site.server_address[1]}"
    received = raw(site, f"HEAD {secret_path(site)}{name} HTTP/1.1\r\n{host}\r\n\r\n")
    head, _, body = received.partition("\r\n\r\n")
    assert f" {status} " in head.splitlines()[0]
    assert "Content-Length: " in head
    assert body == ""


@pytest.mark.parametrize(
    "name",
    [
        "v1",
        "v1/",
        "missing.js",
        "index.html/",
        "INDEX.HTML",
        "out.txt",
        "out/secret.txt",
        "../secret.txt",
        "v1/../index.html",
        "%2e%2e/secret.txt",
        "v1/%2e%2e/%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "\\..\\secret.txt",
        "index.html%00.js",
        "%69ndex.html",
    ],
)
def test_what_is_not_listed_is_not_there(name: str, site: Site) -> None:
    answer = ask(site, secret_path(site) + name)
    assert (answer.status, answer.body) == (404, b"404 Not Found\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/index.html", "/../", "/wrong/index.html", "*"])
def test_without_the_token_nothing_is_there(path: str, site: Site) -> None:
    assert ask(site, path).status == 404


def test_a_token_that_is_almost_right_is_wrong(site: Site) -> None:
    path = secret_path(site)
    for wrong in (path[:-1], path[:-2] + "/", path.swapcase(), f"/x{path}", site.url):
        assert ask(site, wrong).status == 404


def test_two_sites_share_neither_port_nor_token() -> None:
    with Site({}) as one, Site({}) as other:
        assert one.server_address[0] == "127.0.0.1"
        assert one.server_address != other.server_address
        assert len(secret_path(one)) == 2 + 16  # 96 bits
        assert secret_path(one) != secret_path(other)


def test_the_host_must_be_this_server(site: Site) -> None:
    port = site.server_address[1]
    assert ask(site, secret_path(site), Host=f"localhost:{port}").status == 200
    wrong: list[str | list[str]] = [
        f"attacker.example:{port}",
        "127.0.0.1",
        f"127.0.0.1:{port + 1}",
        f"127.0.0.1:{port}.attacker.example",
        "",
        [],
        [f"127.0.0.1:{port}", "attacker.example"],
    ]
    for host in wrong:
        answer = ask(site, secret_path(site), Host=host)
        assert (answer.status, answer.body) == (403, b"403 Forbidden\n"), host


def test_an_origin_must_be_the_page_itself(site: Site) -> None:
    port = site.server_address[1]
    assert ask(site, secret_path(site), Origin=f"http://127.0.0.1:{port}").status == 200
    wrong: list[str | list[str]] = [
        "http://attacker.example",
        "null",
        f"https://127.0.0.1:{port}",
        f"http://127.0.0.1:{port + 1}",
        f"http://localhost:{port}",
        [f"http://127.0.0.1:{port}", "http://attacker.example"],
    ]
    for origin in wrong:
        assert ask(site, secret_path(site), Origin=origin).status == 403, origin


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "ANY"])
def test_other_methods_are_refused(method: str, site: Site) -> None:
    answer = ask(site, secret_path(site), method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_every_answer_confines_the_page_to_this_server(site: Site) -> None:
    for path in (secret_path(site), "/wrong"):
        headers = ask(site, path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in headers


def test_a_site_of_our_own_pages_may_be_stricter(folder: Path) -> None:
    with Site({"": folder / "index.html"}, "default-src 'none'") as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.01,))
        thread.start()
        for path in (secret_path(site), "/wrong"):
            found = ask(site, path).headers.get_all("Content-Security-Policy")
            assert found == ["default-src 'none'"]
        site.shutdown()
        thread.join()


def test_a_file_that_is_gone_is_not_there(site: Site, folder: Path) -> None:
    (folder / "v1" / "app.js").unlink()
    assert ask(site, secret_path(site) + "v1/app.js").status == 404


@pytest.mark.parametrize(
    ("line", "status"),
    [("GET / NONSENSE", 400), ("GET a b c", 400), ("GET / HTTP/9.9", 505), ("POST /", 400)],
)
def test_what_is_no_request_is_answered_by_a_status(
    line: str, status: int, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    received = raw(site, f"{line}\r\n")
    assert f"{status} " in received
    assert "<" not in received
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "printed"), [(BrokenPipeError("gone"), 0), (OSError("the disk is gone"), 1)]
)
def test_only_a_browser_that_left_is_not_worth_a_line(
    error: OSError, printed: int, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise error
    except OSError:
        site.handle_error(None, None)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == printed
    assert all("the disk is gone" in line for line in lines)
