"""Prints lines of text to stderr: with colour on a terminal, plain and complete elsewhere."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from analysis import wording

HEADING = "bold"
MUTED = "bright_black"
WARNING = "yellow"

WIDTH = 120
"""Cells a line where nobody says how wide the page is."""

FALLBACKS = str.maketrans(
    {
        "█": "#",
        "░": "-",
        "–": "-",
        "−": "-",
        "×": "x",
        "·": "|",
        "…": "~",
        "µ": "u",
        "✓": "ok",
        "●": "o",
        "◆": "*",
        "■": "@",
        "▲": "^",
        **dict(zip("○◇□△▽▷◁◎", "abcdefgh", strict=True)),
    }
)


@dataclass(frozen=True)
class Line:
    """A line as pieces of (text, style), where a style is one of rich or empty."""

    pieces: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(text for text, _ in self.pieces).rstrip()


@dataclass(frozen=True)
class Page:
    """What lines are written on: how many cells wide it is, and what it can show."""

    width: int = WIDTH
    encoding: str | None = "utf-8"


def page(stream: TextIO) -> Page:
    """The page that a stream is: as wide as its terminal, or as COLUMNS says."""
    if not stream.isatty() and not os.environ.get("COLUMNS", "").isdecimal():
        return Page(encoding=stream.encoding)
    from rich.console import Console

    return Page(Console(file=stream).width or WIDTH, stream.encoding)


def line(*pieces: str | tuple[str, str]) -> Line:
    """A line of plain texts and (text, style) pairs."""
    return Line(tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces))


def show(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Print to stderr, or to `stream`; colour needs a terminal, and NO_COLOR not to be set."""
    stream = sys.stderr if stream is None else stream
    if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        _show_in_colour(lines, stream)
        return
    for each in lines:
        print(encodable(each.text, stream.encoding), file=stream)


def show_error(sentence: str) -> None:
    """Print to stderr, without what a terminal would obey: names may come from files."""
    print(f"error: {wording.plain(sentence)}", file=sys.stderr)


def _show_in_colour(lines: Iterable[Line], stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for each in lines:
        pieces = [(encodable(text, stream.encoding), style) for text, style in each.pieces]
        console.print(Text.assemble(*pieces))


def encodable(text: str, encoding: str | None) -> str:
    """The text in signs that the encoding has: # and - for bars, escapes for what has no likeness.

    Half a surrogate pair, which no encoding has, is escaped too.
    """
    try:
        text.encode(encoding or "ascii")
    except UnicodeEncodeError:
        text = text.translate(FALLBACKS)
        return text.encode(encoding or "ascii", "backslashreplace").decode(encoding or "ascii")
    return text
