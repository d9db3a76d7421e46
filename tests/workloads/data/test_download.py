import hashlib
import io
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workloads.data import download, mnist
from workloads.data.dataset import DataSet, Download
from workloads.spec import WorkloadError

CONTENT = bytes(range(256)) * 1000
pytestmark = pytest.mark.usefixtures("own_cache")


class Home(BaseHTTPRequestHandler):
    """Gives CONTENT, or what goes wrong according to the name asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "missing" in self.path:
            self.send_error(404)
            return
        content = CONTENT
        if "other" in self.path:
            content = b"<html>Please log in</html>"
        if "endless" in self.path:
            content = CONTENT * 20
        self.send_response(200)
        promised = len(content) * (2 if "short" in self.path else 1)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that left early is what some tests are about: nothing is printed."""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = type("Handler", (Home,), {"asked": []})
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def dataset(home: str, *names: str) -> DataSet:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    files = tuple(Download(f"{home}/{name}", sha256, len(CONTENT)) for name in names)
    return replace(mnist.DATASET, downloads=files)


def test_files_are_fetched_once_and_then_used(home: str, own_cache: Path) -> None:
    wanted = dataset(home, "a.gz", "b.gz")
    paths = download.fetch(wanted, quiet=False)
    assert paths == [own_cache / "downloads" / "mnist" / name for name in ("a.gz", "b.gz")]
    assert all(path.read_bytes() == CONTENT for path in paths)
    unreachable = dataset("http://127.0.0.1:1", "a.gz", "b.gz")
    assert download.fetch(unreachable, quiet=False) == paths
    assert download.present(unreachable) == paths


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.gz", r"can't be fetched \(404 Client Error: Not Found\)"),
        ("other.gz", r"is not other\.gz: its length or its SHA-256"),
        ("endless.gz", r"is not endless\.gz: its length or its SHA-256"),
        ("short.gz", r"can't be fetched \(the transfer broke off\)"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_nothing_stays(
    name: str, words: str, home: str, own_cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WorkloadError, match=words) as caught:
        download.fetch(dataset(home, name), quiet=False)
    assert str(caught.value).isprintable()
    assert f"put {name} into {own_cache / 'downloads' / 'mnist'} by hand" in str(caught.value)
    assert [path for path in own_cache.rglob("*") if path.is_file()] == []
    assert capfd.readouterr() == ("", "")


def test_without_a_network_it_is_said_where_to_put_the_files(own_cache: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        for home in (url, "http://nowhere.invalid"):
            with pytest.raises(WorkloadError, match=r"\(no connection\); put a\.gz into .*mnist"):
                download.fetch(dataset(home, "a.gz"), quiet=True)
    assert [path for path in own_cache.rglob("*") if path.is_file()] == []


def test_a_cache_that_can_not_be_written_is_said(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CROSSPROF_CACHE", str(tmp_path / "file"))
    with pytest.raises(WorkloadError, match=r"can't be written to .* CROSSPROF_CACHE"):
        download.fetch(dataset(home, "a.gz"), quiet=True)


def test_a_damaged_file_is_fetched_anew_if_that_was_asked(home: str, own_cache: Path) -> None:
    place = own_cache / "downloads" / "mnist"
    place.mkdir(parents=True)
    (place / "a.gz").write_bytes(CONTENT[:-1])
    wanted = dataset(home, "a.gz")
    with pytest.raises(WorkloadError, match=r"is not the file that belongs there.*--download"):
        download.present(wanted)
    download.fetch(wanted, quiet=True)
    assert [path.read_bytes() for path in download.present(wanted)] == [CONTENT]


def test_without_the_files_both_ways_to_get_them_are_said(home: str) -> None:
    with pytest.raises(WorkloadError, match="fetch them with --download, or name their folder"):
        download.present(dataset(home, "a.gz"))


def test_a_bar_is_shown_on_a_terminal_only(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for quiet in (False, True):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        download.fetch(dataset(home, f"{quiet}.gz"), quiet)
        assert (f"{quiet}.gz" in terminal.getvalue()) is not quiet
