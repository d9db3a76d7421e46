"""TensorBoard for this machine's own names, whose bare address leads to a page.

Users need not see, or copy, what opens the page.
"""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from analysis.serve import own_hosts

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def leading_to(page: str, application: "WSGIApplication") -> "WSGIApplication":
    """The application; who asks for its root without a query is sent to the page.

    Args:
        page: the query and the fragment of TensorBoard's own address.
        application: TensorBoard.
    """

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") in ("", "/") and not environ.get("QUERY_STRING"):
            start(
                "302 Found",
                [("Location", f"/{page}"), ("Cache-Control", "no-store"), ("Content-Length", "0")],
            )
            return []
        return application(environ, start)

    return answer


def for_own_hosts(application: "WSGIApplication") -> "WSGIApplication":
    """The application; requests whose Host header names another server are refused."""

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        hosts = own_hosts(environ["SERVER_PORT"])
        if environ.get("HTTP_HOST") in hosts:
            return application(environ, start)
        sentence = f"TensorBoard is shown at {' and '.join(hosts)} alone; open one of them.\n"
        content = sentence.encode()
        start(
            "403 Forbidden",
            [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Cache-Control", "no-store"),
                ("Content-Length", str(len(content))),
            ],
        )
        return [content]

    return answer


def main(page: str, arguments: list[str]) -> None:
    """Run TensorBoard as its own command does, until it is ended."""
    from absl import app
    from tensorboard import default, main_lib, program

    class Server(program.WerkzeugServer):  # type: ignore[misc]
        def __init__(self, application: "WSGIApplication", flags: object) -> None:
            super().__init__(for_own_hosts(leading_to(page, application)), flags)

    main_lib.global_init()
    board = program.TensorBoard(plugins=default.get_plugins(), server_class=Server)
    app.run(board.main, argv=["tensorboard", *arguments], flags_parser=board.configure)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
