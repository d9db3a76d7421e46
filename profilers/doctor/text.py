"""The examination as text: a line for each finding under its heading, and a last line on it all."""

import os
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from profilers.doctor import rows
from profilers.doctor.record import Examination
from profilers.doctor.rows import Mark, Row

WIDEST, NARROWEST, NARROW = 100, 40, 64
"""Cells: of a line at most and at least; below the last one texts stand under their labels."""

SIGNS = {Mark.GOOD: "✓", Mark.WARNING: "!", Mark.BAD: "✗", Mark.NONE: "–"}
PLAIN_SIGNS = {Mark.GOOD: "ok", Mark.WARNING: "! ", Mark.BAD: "x ", Mark.NONE: "- "}
STYLES = {Mark.GOOD: "green", Mark.WARNING: "yellow", Mark.BAD: "red", Mark.NONE: "bright_black"}
HEADING = "bold"
FALLBACKS = str.maketrans({"·": "|", "–": "-", "✓": "ok", "✗": "x"})
INDENT, APART, FEWEST = 2, 2, 20


@dataclass(frozen=True)
class Line:
    """A line: its sign with the style of it, if it has one, and the rest."""

    text: str
    sign: str = ""
    style: str = ""


def show(found: Examination, stream: TextIO) -> None:
    """Print it: in colour on a terminal without NO_COLOR, plain and complete elsewhere."""
    is_plain = not _can_show("".join(SIGNS.values()), stream.encoding)
    lines = lines_of(found, _width(stream), is_plain)
    if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        _show_in_colour(lines, stream)
        return
    for line in lines:
        print(f"{line.sign}{line.text}".rstrip(), file=stream)
    sys.stdout.flush()


def lines_of(found: Examination, width: int, is_plain: bool = False) -> Iterator[Line]:
    """The lines, of so many cells at most where words allow it.

    Args:
        found: what to tell.
        width: cells.
        is_plain: write with ASCII signs.
    """
    signs = PLAIN_SIGNS if is_plain else SIGNS
    for text in _joined(rows.machine(found.machine), width):
        yield Line(_written(text, is_plain), style=HEADING)
    for heading, of_section in rows.sections(found):
        yield Line("")
        yield Line(_written(heading, is_plain), style=HEADING)
        label_cells = max((len(row.label) for row in of_section), default=0)
        for row in of_section:
            for line in _row(row, signs[row.mark], label_cells, width):
                yield Line(_written(line.text, is_plain), line.sign, line.style)
    yield Line("")
    for text in textwrap.wrap(rows.summary(found), width):
        style = HEADING if found.ready else STYLES[Mark.BAD]
        yield Line(_written(text, is_plain), style=style)


def _joined(parts: list[str], width: int) -> Iterator[str]:
    """The parts beside each other, a new line beginning with a whole one where there is room."""
    text = parts[0]
    for part in parts[1:]:
        joined = f"{text} · {part}"
        if len(joined) > width:
            yield from textwrap.wrap(text, width, subsequent_indent="  ")
            joined = f"  {part}"
        text = joined
    yield from textwrap.wrap(text, width, subsequent_indent="  ")


def _row(row: Row, sign: str, label_cells: int, width: int) -> Iterator[Line]:
    """A sign, a label, and the text beside it or, on a narrow page, below it."""
    sign = f"{' ' * INDENT}{sign} "
    first, style = f"{row.label:<{label_cells}}", STYLES[row.mark]
    indent = len(sign) + (label_cells + APART if label_cells else 0)
    if width < NARROW and label_cells:
        yield Line(row.label, sign, style)
        first, sign, indent = "", " " * len(sign), len(sign)
    texts = [*_wrapped(row.text, width - indent), *filter(None, [row.command])]
    between = " " * (indent - len(sign) - len(first))
    yield Line(f"{first}{between}{texts[0]}", sign, style)
    for text in texts[1:]:
        yield Line(" " * indent + text)


def _wrapped(text: str, cells: int) -> list[str]:
    """At blanks alone: what is to be copied, such as a path or an option, stays whole."""
    cells = max(cells, FEWEST)
    return textwrap.wrap(text, cells, break_long_words=False, break_on_hyphens=False) or [""]


def _written(text: str, is_plain: bool) -> str:
    return text.translate(FALLBACKS) if is_plain else text


def _can_show(text: str, encoding: str | None) -> bool:
    try:
        text.encode(encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _width(stream: TextIO) -> int:
    """Cells of the terminal, or as COLUMNS says; elsewhere the widest that is ever used."""
    if not stream.isatty() and not os.environ.get("COLUMNS", "").isdecimal():
        return WIDEST
    from rich.console import Console

    return max(NARROWEST, min(WIDEST, Console(file=stream).width))


def _show_in_colour(lines: Iterator[Line], stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for line in lines:
        rest = line.style if not line.sign else ""
        console.print(Text.assemble((line.sign, line.style), (line.text, rest)))
