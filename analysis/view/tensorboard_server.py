"""TensorBoard whose bare address leads to a page: users need not see, or copy, what opens it."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

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


def main(page: str, arguments: list[str]) -> None:
    """Run TensorBoard as its own command does, until it is ended."""
    from absl import app
    from tensorboard import default, main_lib, program

    class Server(program.WerkzeugServer):  # type: ignore[misc]
        def __init__(self, application: "WSGIApplication", flags: object) -> None:
            super().__init__(leading_to(page, application), flags)

    main_lib.global_init()
    board = program.TensorBoard(plugins=default.get_plugins(), server_class=Server)
    app.run(board.main, argv=["tensorboard", *arguments], flags_parser=board.configure)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
