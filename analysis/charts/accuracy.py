"""Test accuracy against the time that training took to get there."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.charts import side as sides_of
from analysis.charts import style
from analysis.charts.sheet import (
    KEY_LINE_PT,
    MUTED,
    TICKS_PT,
    axis_label,
    draw_key,
    empty,
    key_lines,
    label_height,
    sheet,
    sides_key,
    x_ticks,
    y_numbers,
)

RIGHT_PT = 14.0
LABEL = "training time, s"
TITLE = "test accuracy, % of the test samples"


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A point per run and measurement, those of one run joined by a thin line.

    `rows` has side, run, seconds of training and accuracy on the test data, 0 to 1.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["seconds", "accuracy"])
    if rows.empty:
        return empty("No test accuracy was measured.", note, width)
    known = [side for side in known if side.number in set(rows["side"])]
    percent = rows["accuracy"].to_numpy(float) * 100
    low, high = float(np.min(percent)), float(np.max(percent))
    spare = (high - low) * 0.15 or 1.0
    limits = (max(0.0, low - spare), min(100.0 + spare * 0.2, high + spare))
    height = 130.0 if width < style.NARROW_INCHES else 170.0
    numbers, texts, left = y_numbers(*limits, height, room=28)
    key = key_lines(sides_key(known), width * 72)
    top = KEY_LINE_PT * len(key) + style.LINE_PT + 6
    made = sheet(width, top + height + TICKS_PT + label_height(LABEL, width * 72), note)
    draw_key(made, 0, 0, key)
    made.text(0, KEY_LINE_PT * len(key) + style.LINE_PT / 2, TITLE, colour=MUTED)
    axes = made.axes(left, top, made.width - left - RIGHT_PT, height)
    axes.grid(True, axis="both")
    for side in known:
        for _, run in rows[rows["side"] == side.number].groupby("run"):
            run = run.sort_values("seconds")
            points = run["seconds"].to_numpy(float), run["accuracy"].to_numpy(float) * 100
            axes.plot(*points, color=side.fill, lw=0.8, **{**side.point, "ms": 7})
    axes.set(ylim=limits, xlim=(0, float(rows["seconds"].max()) * 1.05 or 1.0))
    axes.set_yticks(numbers, texts)
    x_ticks(made, axes)
    axis_label(made, left, top + height + TICKS_PT, LABEL)
    return made.figure
