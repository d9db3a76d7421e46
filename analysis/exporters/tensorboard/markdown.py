"""Tables and texts in the Markdown that TensorBoard's Text tab shows."""

import re
from collections.abc import Iterable, Sequence

from analysis import wording

ESCAPED = re.compile(r"[\\`*_{}\[\]|]")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """A text as itself, on one line: nothing in it is taken for Markdown or HTML."""
    plain = wording.well_formed(wording.plain(" ".join(text.split())))
    for sign, entity in ENTITIES.items():
        plain = plain.replace(sign, entity)
    return ESCAPED.sub(r"\\\g<0>", plain)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with all its cells escaped."""
    lines = [_row(map(escaped, head)), _row(["---"] * len(head))]
    for row in rows:
        cells = (wording.MISSING if cell is None else str(cell) for cell in row)
        lines.append(_row(map(escaped, cells)))
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def paragraphs(texts: Iterable[str]) -> str:
    """Texts below each other, as themselves."""
    return "\n\n".join(_block(escaped(text)) for text in texts if text)


def _block(text: str) -> str:
    """A paragraph whose beginning is taken for no heading, list or rule."""
    return re.sub(r"^([#+\-=~:]|\d+(?=\.))", _entity, text)


def _entity(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(letter)};" for letter in found[0])


def items(texts: Iterable[str]) -> str:
    """Texts as a list."""
    return "\n".join(f"* {_block(escaped(text))}" for text in texts)
