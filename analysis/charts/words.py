"""Texts that fit: what the charts' font can't show is replaced, and what is too long is cut."""

import functools
import unicodedata
from collections.abc import Sequence

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from analysis import wording
from analysis.charts import style

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that charts are the same everywhere."""

SLACK = 1.03
"""Drawn texts are a little wider than measured ones, by whole pixels for each."""


@functools.cache
def _font(bold: bool) -> FT2Font:
    wanted = font_manager.FontProperties(family=FONT, weight="bold" if bold else "normal")
    return FT2Font(font_manager.findfont(wanted))


@functools.cache
def _glyphs() -> frozenset[int]:
    return frozenset(_font(False).get_charmap()) & frozenset(_font(True).get_charmap())


def printable(text: object) -> str:
    """A text on one line without control characters; "?" stands for what the font lacks."""
    spaced = "".join(" " if letter.isspace() else letter for letter in str(text))
    plain = unicodedata.normalize("NFC", wording.plain(spaced))
    return "".join(letter if ord(letter) in _glyphs() else "?" for letter in plain)


@functools.cache
def _advance(letter: str, bold: bool) -> float:
    """From one letter to the next, in parts of the font's size, without hinting and kerning."""
    font = _font(bold)
    font.set_size(100, 72)
    return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 100


def width_pt(text: str, size_pt: float = style.TEXT_PT, bold: bool = False) -> float:
    """How wide a printable text is."""
    return sum(_advance(letter, bold) for letter in text) * size_pt * SLACK


def widest_pt(texts: Sequence[str], bold: bool = False) -> float:
    """How wide the widest of several texts is, 0 if there are none."""
    return max((width_pt(text, bold=bold) for text in texts), default=0.0)


def fitted(text: object, room_pt: float, size_pt: float = style.TEXT_PT, bold: bool = False) -> str:
    """A printable text that is at most so wide; a longer one loses its middle."""
    shown = printable(text)
    fits = len(shown)
    if width_pt(shown, size_pt, bold) <= room_pt:
        return shown
    low = 1
    while low < fits:
        middle = (low + fits + 1) // 2
        if width_pt(wording.shortened(shown, middle), size_pt, bold) <= room_pt:
            low = middle
        else:
            fits = middle - 1
    return wording.shortened(shown, low)


def wrapped(
    text: object, room_pt: float, size_pt: float = style.TEXT_PT, bold: bool = False
) -> list[str]:
    """A text in lines that are at most so wide, broken at spaces."""
    lines: list[str] = []
    for word in printable(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_pt(longer, size_pt, bold) <= room_pt:
            lines[-1] = longer
        else:
            lines.append(fitted(word, room_pt, size_pt, bold))
    return lines
