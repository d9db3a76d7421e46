"""A figure over a setting that was varied, with its interval."""

import math

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
    axis_label,
    draw_key,
    empty,
    key_lines,
    label_height,
    linear_ticks,
    sheet,
    sides_key,
)

LEFT_PT = 44.0
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
    below = TICKS_PT + label_height(words.printable(x_label), width * 72)
    made = sheet(width, top + height + below, note)
    draw_key(made, 0, 0, key)
    title = words.fitted(y_label, made.width)
    made.text(0, KEY_LINE_PT * len(key) + style.LINE_PT / 2, title, colour=MUTED)
    axes = made.axes(LEFT_PT, top, made.width - LEFT_PT - RIGHT_PT, height)
    axes.grid(True, axis="both")
    for side in known:
        own = rows[rows["side"] == side.number]
        low, high = (own[name].to_numpy(float) for name in ("low", "high"))
        x = own["x"].to_numpy(float)
        axes.fill_between(x, low, high, color=side.fill, alpha=0.2, lw=0)
        axes.plot(x, own["estimate"].to_numpy(float), color=side.fill, **{**side.point, "ms": 6})
    _scales(axes, rows, made.width - LEFT_PT - RIGHT_PT, height)
    axis_label(made, LEFT_PT, top + height + TICKS_PT, words.printable(x_label))
    return made.figure


def _scales(axes: Axes, rows: pd.DataFrame, length: float, height: float) -> None:
    x = np.unique(rows["x"].to_numpy(float))
    if x[0] > 0 and x[-1] / x[0] >= 8:
        axes.set_xscale("log", base=2)
        axes.minorticks_off()
        spare = (x[-1] / x[0]) ** 0.04
        axes.set_xlim(x[0] / spare, x[-1] * spare)
        texts = [wording.magnitude(value) for value in x]
        every = math.ceil(len(x) * (words.widest_pt(texts) + 8) / length)
        axes.set_xticks(x[::every], texts[::every])
    else:
        spare = (x[-1] - x[0]) * 0.04 or abs(x[0]) * 0.1 or 1.0
        axes.set_xlim(x[0] - spare, x[-1] + spare)
        linear_ticks(axes, length)
    values = rows[["estimate", "low", "high"]].to_numpy(float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0 and high / low >= 50:
        axes.set_yscale("log")
        axes.minorticks_off()
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [10.0**each for each in decades]
        axes.set_ylim(ticks[0], ticks[-1])
        axes.set_yticks(ticks, [wording.magnitude(tick) for tick in ticks])
    else:
        spare = (high - min(low, 0)) * 0.06 or 1.0
        axes.set_ylim(low - spare if low < 0 else 0, high + spare)
        linear_ticks(axes, height, vertical=True, room=30)
