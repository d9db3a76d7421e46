"""A page that opens another copy of Perfetto and hands it a trace, within the browser.

The way is that of https://perfetto.dev/docs/visualization/deep-linking-to-perfetto-ui: the page
opens a window, asks PING until it answers PONG, and posts the trace to it. Messages go to, and are
taken from, that one origin alone.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from analysis import wording
from analysis.page_policy import hashed
from analysis.view.traces import command
from profilers.rundir import ProfileError

PUBLIC = "https://ui.perfetto.dev"
LIMIT_SECONDS = 30
LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
ORIGIN = re.compile(
    rf"(?P<start>https://{LABEL}(?:\.{LABEL})*|http://127\.0\.0\.1(?=:))(?::(?P<port>\d{{1,5}}))?/?"
)
PORTS = {"https": 443, "http": 80}
LARGEST_PORT = 65535


class Page(NamedTuple):
    """The page, and the content security policy that it works under."""

    html: str
    policy: str


def origin(ui: str) -> str:
    """The origin, as browsers write it, of the Perfetto that `--ui` names.

    Raises:
        ProfileError: it is neither https nor on this machine, more than an origin, or a word alone.
    """
    is_word = not set("./:") & set(ui)  # it is rather meant as a name than as a host
    text = ui.lower() if "://" in ui else f"https://{ui.lower()}"
    found = None if is_word else ORIGIN.fullmatch(text)
    port = int(found["port"] or 0) if found else None
    if found is None or port is None or port > LARGEST_PORT or (found["port"] and not port):
        raise ProfileError(
            f"--ui {ui!r} is nothing that a trace can be handed to; name ui.perfetto.dev, "
            "https://HOST or http://127.0.0.1:PORT."
        )
    usual = PORTS[text.partition(":")[0]]
    return found["start"] if port in (0, usual) else f"{found['start']}:{port}"


def render(
    to: str,
    name: str,
    size_bytes: int,
    targets: Sequence[Path],
    limit_seconds: int = LIMIT_SECONDS,
    commands: str = "",
) -> Page:
    """The page.

    Args:
        to: the origin of the other Perfetto.
        name: the trace's name; the page fetches it from beside itself.
        size_bytes: the size of its file.
        targets: what the user named, for the command that does without the network.
        limit_seconds: how long there may be no answer before the page says so.
        commands: what the other Perfetto is to do once it has the trace, as a part of its address.
    """
    style, script = _asset("hand_over.css"), _asset("hand_over.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    html = environment.from_string(_asset("hand_over.html")).render(
        style=Markup(style),
        script=Markup(script),
        to=to,
        host=to.partition("://")[2],
        is_public=to == PUBLIC,
        name=name,
        size=wording.memory(size_bytes),
        limit_seconds=limit_seconds,
        commands=commands,
        offline=wording.plain(command("view", *targets)),
    )
    return Page(
        html,
        f"default-src 'none'; style-src {hashed(style)}; script-src {hashed(script)}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
    )


@cache
def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
