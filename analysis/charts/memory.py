"""Memory over the time of a run, all sides in one plot per kind of memory."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import lines, style, words
from analysis.charts import side as sides_of
from analysis.charts.sheet import (
    KEY_LINE_PT,
    TICKS_PT,
    axis_label,
    draw_key,
    empty,
    key_lines,
    sheet,
    sides_key,
    x_ticks,
)

PLOT_PT = 84.0
LABEL = "seconds since the start of the run"
MARKS = 6
"""Signs on a line, so that it needs no colour to be told apart."""


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A plot per series, from zero, headed by its peaks; missing samples part a line.

    `rows` has side, series ("RSS", "allocated", "VRAM"), seconds, bytes, and low and high, between
    which there is a band where they differ.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["seconds"])
    if rows["bytes"].dropna().empty:
        return empty("No memory was sampled.", note, width)
    series = list(dict.fromkeys(rows.dropna(subset="bytes")["series"]))
    key = key_lines(sides_key(known), width * 72)
    heads = [_head(name, known, rows[rows["series"] == name]) for name in series]
    heights = [len(words.wrapped(head, width * 72)) * style.LINE_PT + 4 for head in heads]
    top = KEY_LINE_PT * len(key) + 4
    full = top + sum(heights) + (PLOT_PT + TICKS_PT) * len(series) + style.LINE_PT
    made = sheet(width, full, note)
    draw_key(made, 0, 0, key)
    until = float(rows["seconds"].max()) or 1.0
    scales = {name: _scale(rows[rows["series"] == name]) for name in series}
    left = max(room for *_, room in scales.values())
    for name, head, height in zip(series, heads, heights, strict=True):
        for number, line in enumerate(words.wrapped(head, width * 72)):
            made.text(0, top + (number + 0.5) * style.LINE_PT, line)
        top += height
        own = rows[rows["series"] == name]
        unit_bytes = _unit(own)[1]
        axes = made.axes(left, top, made.width - left - 14, PLOT_PT)
        end, numbers, texts, _ = scales[name]
        axes.set(xlim=(0, until), ylim=(0, end))
        axes.set_yticks(numbers, texts)
        axes.grid(True, axis="y")
        x_ticks(made, axes)
        for side in known:
            mine = own[own["side"] == side.number]
            columns = (mine[each] / unit_bytes for each in ("bytes", "low", "high"))
            x, y, low, high = lines.with_gaps(mine["seconds"], *columns)
            lines.band(axes, x, low, high, side.fill)
            at = np.flatnonzero(np.isfinite(y))
            every = max(1, len(at) // MARKS)
            marked = [int(place) for place in at[every // 2 :: every]]
            axes.plot(x, y, color=side.fill, markevery=marked, ms=5, **side.point)
        top += PLOT_PT + TICKS_PT
    axis_label(made, left, top, LABEL)
    return made.figure


def _unit(rows: pd.DataFrame) -> tuple[str, int]:
    return wording.memory_unit(float(rows["high"].max()))


def _scale(rows: pd.DataFrame) -> tuple[float, list[float], list[str], float]:
    return lines.from_zero(float(rows["high"].max()) / _unit(rows)[1], PLOT_PT)


def _head(name: str, known: list[sides_of.Side], rows: pd.DataFrame) -> str:
    """The series, its unit, and the peak of each side."""
    unit, unit_bytes = _unit(rows)
    peaks = rows.groupby("side")["high"].max().dropna() / unit_bytes
    shown = [
        f"{side.mark} {wording.number(float(peaks[side.number]))}"
        for side in known
        if side.number in peaks.index
    ]
    return f"{name}, {unit}; peak: {', '.join(shown)}"
