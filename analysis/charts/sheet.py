"""The sheet that a chart stands on: a figure measured in points from its upper left corner."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from analysis import wording
from analysis.charts import colours, style, words
from analysis.charts.side import Side

MUTED = colours.INK["muted"].light
TEXT = colours.INK["text"].light
PAGE = colours.INK["page"].light
HATCH = "/////"

TICKS_PT = 15.0
"""Room for the numbers under an axis."""

KEY_LINE_PT = 13.0
"""From one line of a key to the next."""


class Entry(NamedTuple):
    """An entry of a key: a text in a colour, and the fill of the square before it, if any."""

    text: str
    colour: str = TEXT
    fill: str | None = None
    hatched: bool = False
    alpha: float = 1.0
    bold: bool = False


@dataclass(frozen=True)
class Sheet:
    """A figure, its size in points, and how to place things on it from the upper left corner."""

    figure: Figure
    width: float
    height: float

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """New axes of so many points."""
        bottom = self.height - top - height
        box = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        colour: str = TEXT,
        size: float = style.TEXT_PT,
        bold: bool = False,
        align: str = "left",
    ) -> None:
        """A line of text whose middle is `y` points below the top."""
        self.figure.text(
            x / self.width,
            1 - y / self.height,
            text,
            color=colour,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            ha=align,
            va="center_baseline",
        )

    def square(self, x: float, y: float, entry: Entry) -> None:
        """The square of a key, its middle `y` points below the top."""
        self.figure.add_artist(
            Rectangle(
                (x / self.width, 1 - (y + 4) / self.height),
                8 / self.width,
                8 / self.height,
                facecolor=entry.fill,
                alpha=entry.alpha,
                hatch=HATCH if entry.hatched else None,
                edgecolor=colours.INK["hatch"].light,
                linewidth=0,
                transform=self.figure.transFigure,
            )
        )


def sheet(width: float, height: float, note: str) -> Sheet:
    """A sheet of `width` inches and `height` points, with the note in lines under that."""
    width_pt = width * 72
    lines = words.wrapped(note, width_pt, style.SMALL_PT)
    full = height + (5 + len(lines) * style.LINE_PT if lines else 2)
    made = Sheet(Figure(figsize=(width, full / 72)), width_pt, full)
    for number, line in enumerate(lines):
        y = height + 5 + (number + 0.5) * style.LINE_PT
        made.text(0, y, line, colour=MUTED, size=style.SMALL_PT)
    return made


def empty(sentence: str, note: str, width: float) -> Figure:
    """A figure that says why it shows nothing."""
    lines = words.wrapped(sentence, width * 72)
    made = sheet(width, len(lines) * style.LINE_PT + 8, note)
    for number, line in enumerate(lines):
        made.text(0, 4 + (number + 0.5) * style.LINE_PT, line, colour=MUTED)
    return made.figure


def plot(
    width: float,
    note: str,
    *,
    height: float,
    left: float,
    right: float,
    top: float,
    label: str,
    limits: tuple[float, float],
) -> tuple[Sheet, Axes]:
    """A sheet with one plot whose y is in points from its top and whose x has linear limits.

    `left`, `right` and `top` are the margins; `label` with its unit stands under the axis.
    """
    below = TICKS_PT + label_height(label, width * 72)
    made = sheet(width, top + height + below, note)
    axes = made.axes(left, top, made.width - left - right, height)
    axes.set(xlim=limits, ylim=(height, 0), yticks=[])
    x_ticks(made, axes)
    axis_label(made, left, top + height + TICKS_PT, label)
    return made, axes


def label_height(label: str, width_pt: float) -> float:
    """How high the lines of an axis' label are together."""
    return len(words.wrapped(label, width_pt)) * style.LINE_PT


def axis_label(made: Sheet, left: float, top: float, label: str) -> None:
    """The label of an axis: below its start where there is room, else from the sheet's edge."""
    lines = words.wrapped(label, made.width)
    x = left if len(lines) == 1 and left + words.width_pt(lines[0]) <= made.width else 0
    for number, line in enumerate(lines):
        made.text(x, top + (number + 0.5) * style.LINE_PT, line, colour=MUTED)


def round_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    """Round numbers from low to high, about so many at most, and how they are written."""
    low, high = min(low, high), max(low, high)
    ticks = MaxNLocator(max(1, most), steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    slack = (high - low) * 1e-6
    values = [float(tick) for tick in ticks if low - slack <= tick <= high + slack]
    return values, tick_texts(values)


def x_ticks(made: Sheet, axes: Axes, *, room: float = 44) -> None:
    """Round numbers along an axis, so few that they can't touch, none over the sheet's edge."""
    box = axes.get_position()
    length = box.width * made.width
    low, high = axes.get_xlim()
    most = int(length // room)
    values, texts = round_ticks(low, high, most)
    while most > 1 and (words.widest_pt(texts) + 8) * (len(texts) - 1) > length:
        most -= 1
        values, texts = round_ticks(low, high, most)
    axes.set_xticks(values, texts)
    for value, label in zip(values, axes.get_xticklabels(), strict=True):
        x = box.x0 * made.width + (value - low) / (high - low) * length
        half = words.width_pt(label.get_text()) / 2
        if x - half < 0:
            label.set_horizontalalignment("left")
        elif x + half > made.width:
            label.set_horizontalalignment("right")


def y_numbers(
    low: float, high: float, height_pt: float, room: float
) -> tuple[list[float], list[str], float]:
    """Round numbers of a vertical axis, how they are written, and what room that takes."""
    values, texts = round_ticks(low, high, int(height_pt // room))
    return values, texts, words.widest_pt(texts) + 6


def tick_texts(values: Sequence[float]) -> list[str]:
    """Numbers of an axis, all with the decimals that tell neighbours apart."""
    if len(values) < 2:
        return [wording.magnitude(value) for value in values]
    step = abs(values[1] - values[0])
    if max(map(abs, values)) >= 1e7 or step < 1e-4:
        return [wording.magnitude(value) for value in values]
    decimals = 0
    while decimals < 6 and not math.isclose(step * 10**decimals % 1, 0, abs_tol=1e-6):
        if math.isclose(step * 10**decimals % 1, 1, abs_tol=1e-6):
            break
        decimals += 1
    return [wording.number(value, decimals) for value in values]


def key_lines(entries: Sequence[Entry], room_pt: float) -> list[list[tuple[float, Entry]]]:
    """Entries of a key in lines: each with where it begins, in points."""
    lines: list[list[tuple[float, Entry]]] = [[]]
    x = 0.0
    for entry in entries:
        square = 12 if entry.fill else 0
        entry = entry._replace(text=words.fitted(entry.text, room_pt - square, bold=entry.bold))
        wide = square + words.width_pt(entry.text, bold=entry.bold)
        if lines[-1] and x + wide > room_pt:
            lines.append([])
            x = 0.0
        lines[-1].append((x, entry))
        x += wide + 14
    return lines if lines[-1] else []


def draw_key(
    made: Sheet, left: float, top: float, lines: Sequence[Sequence[tuple[float, Entry]]]
) -> None:
    """Draw a key's lines below `top`."""
    for number, line in enumerate(lines):
        y = top + (number + 0.5) * KEY_LINE_PT
        for x, entry in line:
            if entry.fill:
                made.square(left + x, y, entry)
            shift = 12 if entry.fill else 0
            made.text(left + x + shift, y, entry.text, colour=entry.colour, bold=entry.bold)


def sides_key(sides: Sequence[Side]) -> list[Entry]:
    """The entries that say which sign and colour is which side."""
    return [Entry(side.title, side.text, bold=True) for side in sides]
