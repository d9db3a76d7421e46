"""A web server for this machine alone: named files below a secret path, and nothing else."""

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import BinaryIO
from urllib.parse import quote

ADDRESS = "127.0.0.1"
METHODS = ("GET", "HEAD")
TOKEN_BYTES = 12
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
BINARY = "application/octet-stream"
SAME_SITE = "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; frame-ancestors 'none'"
"""The policy of pages that others wrote: they may load from and talk to this server alone."""

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer, beside the content security policy."""


def own_hosts(port: int | str) -> tuple[str, str]:
    """What the Host header of a request to a server of this machine may say.

    A page elsewhere whose name was made to resolve to 127.0.0.1 sends that name, and could read
    all that is served.
    """
    return f"{ADDRESS}:{port}", f"localhost:{port}"


class Site(ThreadingTCPServer):
    """Serves files at `url`, a random port of 127.0.0.1 and a path that can't be guessed.

    It answers GET and HEAD, for the exact names it was given, to requests that name this server
    in their Host header (a foreign name that resolves to 127.0.0.1 does not) and, if they have an
    Origin header, come from its own pages. All others get a status and no more.

    `leads_to` may be set: where browsers that open `url` are sent. It keeps short what users see.
    """

    daemon_threads = True

    def __init__(self, files: Mapping[str, Path], policy: str = SAME_SITE) -> None:
        """Listen, so that `url` is valid; requests are answered once `serve_forever` runs.

        Args:
            files: the file behind each path below `url`; it is opened anew for each request.
            policy: the content security policy, sent with every answer.
        """
        super().__init__((ADDRESS, 0), _Handler)
        port = self.server_address[1]
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.url = f"http://{ADDRESS}:{port}/{token}/"
        self.policy = policy
        self.leads_to = ""
        self.start = f"/{token}/"
        self.hosts = own_hosts(port)
        self.files = {f"/{token}/{quote(name)}": path for name, path in files.items()}

    def handle_error(self, request: object, client_address: object) -> None:
        """Say in one line what went wrong; a browser that left before the end is no error."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            print(f"warning: a request was not answered in full ({error}).", file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Site
    timeout = 60

    def parse_request(self) -> bool:
        """Read the request's head; answer it and return False if it may not go on."""
        if not super().parse_request():
            return False
        refusal = self._refusal()
        if refusal is not None:
            self.send_error(refusal)
        return refusal is None

    def _refusal(self) -> HTTPStatus | None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            return HTTPStatus.FORBIDDEN
        if any(origin != f"http://{hosts[0]}" for origin in self.headers.get_all("Origin", [])):
            return HTTPStatus.FORBIDDEN
        return None if self.command in METHODS else HTTPStatus.METHOD_NOT_ALLOWED

    def do_GET(self) -> None:
        """Send a file, or to the page that the site leads to."""
        if self.server.leads_to and self.path == self.server.start:
            self._send_head(HTTPStatus.FOUND, BINARY, 0, {"Location": self.server.leads_to})
            return
        path = self.server.files.get(self.path.partition("?")[0])
        file = _opened(path) if path else None
        if path is None or file is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            content_type = CONTENT_TYPES.get(path.suffix, BINARY)
            self._send_head(HTTPStatus.OK, content_type, os.fstat(file.fileno()).st_size, {})
            if self.command == "GET":
                shutil.copyfileobj(file, self.wfile)

    def do_HEAD(self) -> None:
        """Send what a GET would be answered with, without the content."""
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send a status with its name as plain text."""
        status = HTTPStatus(code)
        body = f"{status.value} {status.phrase}\n".encode()
        refused = status is HTTPStatus.METHOD_NOT_ALLOWED
        more = {"Allow": ", ".join(METHODS)} if refused else {}
        self._send_head(status, "text/plain; charset=utf-8", len(body), more)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_head(
        self, status: HTTPStatus, content_type: str, size_bytes: int, more: Mapping[str, str]
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(size_bytes))
        self.send_header("Content-Security-Policy", self.server.policy)
        for name, value in {**HEADERS, **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def version_string(self) -> str:
        """Name no version of the server."""
        return "crossprof"

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except OSError:
        return None


def files_below(folder: Path) -> dict[str, Path]:
    """The files in a folder and its subfolders by their paths from it, with `/`.

    Links that lead out of the folder, and what is not a plain file, are left out.

    Raises:
        OSError: the folder can't be read.
    """
    root = folder.resolve(strict=True)
    found = ((path.relative_to(root), path.resolve()) for path in sorted(root.rglob("*")))
    return {
        name.as_posix(): path
        for name, path in found
        if path.is_relative_to(root) and path.is_file()
    }
