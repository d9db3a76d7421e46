"""A figure over a setting that was varied, with its interval."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import side as sides_of
from analysis.charts import style, words
from analysis.charts.sheet import (
    KEY_LINE_PT,
    MUTED,
    TICKS_PT,
    Sheet,
    axis_label,
    draw_key,
    empty,
    key_lines,
    label_height,
    round_ticks,
    sheet,
    sides_key,
)

RIGHT_PT = 14.0


@style.styled
def draw(
    sides: pd.DataFrame, rows: pd.DataFrame, x_label: str, y_label: str, note: str, width: float
) -> Figure:
    """A line per side with a band over its intervals.

    `rows` has side, x, estimate, low and high, the last two empty without an interval. Axes are
    logarithmic where values reach over a factor of 8 (x) or 50 (y), else y begins at zero.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["x", "estimate"]).sort_values("x")
    if rows.empty:
        return empty("Nothing was measured over this setting.", note, width)
    known = [side for side in known if side.number in set(rows["side"])]
    key = key_lines(sides_key(known), width * 72)
    height = 150.0 if width < style.NARROW_INCHES else 190.0
    top = KEY_LINE_PT * len(key) + style.LINE_PT + 6
    label = words.printable(x_label)
    made = sheet(width, top + height + TICKS_PT + label_height(label, width * 72), note)
    draw_key(made, 0, 0, key)
    title = words.fitted(y_label, made.width)
    made.text(0, KEY_LINE_PT * len(key) + style.LINE_PT / 2, title, colour=MUTED)
    scale = _y_scale(rows, height)
    left = words.widest_pt(scale.texts) + 6
    axes = made.axes(left, top, made.width - left - RIGHT_PT, height)
    axes.grid(True, axis="both")
    for side in known:
        own = rows[rows["side"] == side.number]
        low, high = (own[name].to_numpy(float) for name in ("low", "high"))
        x = own["x"].to_numpy(float)
        axes.fill_between(x, low, high, color=side.fill, alpha=0.2, lw=0)
        axes.plot(x, own["estimate"].to_numpy(float), color=side.fill, **{**side.point, "ms": 6})
    axes.set_yscale(scale.name)
    axes.set_ylim(scale.limits)
    axes.set_yticks(scale.ticks, scale.texts)
    _x_scale(made, axes, np.unique(rows["x"].to_numpy(float)))
    axes.minorticks_off()
    axis_label(made, left, top + height + TICKS_PT, label)
    return made.figure


class Scale(NamedTuple):
    """A vertical axis: linear or log, from and to, its numbers and how they are written."""

    name: str
    limits: tuple[float, float]
    ticks: list[float]
    texts: list[str]


def _y_scale(rows: pd.DataFrame, height: float) -> Scale:
    values = rows[["estimate", "low", "high"]].to_numpy(float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0 and high / low >= 50:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [10.0**each for each in powers]
        texts = [wording.magnitude(tick) for tick in ticks]
        return Scale("log", (ticks[0], ticks[-1]), ticks, texts)
    spare = (max(high, 0) - min(low, 0)) * 0.06 or 1.0
    limits = (low - spare if low < 0 else 0.0, max(high, 0) + spare)
    return Scale("linear", limits, *round_ticks(*limits, int(height // 30)))


def _x_scale(made: Sheet, axes: Axes, x: np.ndarray) -> None:
    """The values that were measured, as many as there is room for."""
    low, high = float(x[0]), float(x[-1])
    if low > 0 and high / low >= 8:
        axes.set_xscale("log", base=2)
        spare = (high / low) ** 0.04
        axes.set_xlim(low / spare, high * spare)
    else:
        spare = (high - low) * 0.04 or abs(low) * 0.1 or 1.0
        axes.set_xlim(low - spare, high + spare)
    shown: list[float] = []
    end = -math.inf
    for value in map(float, x):
        at = float(axes.transData.transform((value, 0))[0]) * 72 / made.figure.dpi
        half = words.width_pt(wording.magnitude(value)) / 2
        if at - half >= end:
            shown.append(value)
            end = at + half + 8
    axes.set_xticks(shown, [wording.magnitude(value) for value in shown])
