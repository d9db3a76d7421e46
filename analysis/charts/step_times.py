"""How long the steps of every run took, so that one sees how far the runs agree."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import side as sides_of
from analysis.charts import style, words
from analysis.charts.sheet import MUTED, TEXT, empty, plot

HEAD_PT = style.LINE_PT + 5
MOST_RUNS = 12
MOST_POINTS = 1500
"""So many points can be told apart at most; of more, every n-th is drawn."""

FAR = 2.0
"""Points beyond so many times the largest median of a run are counted, not drawn."""


@style.styled
def draw(
    sides: pd.DataFrame,
    times: pd.DataFrame,
    spans: pd.DataFrame,
    window: int,
    note: str,
    width: float,
) -> Figure:
    """A strip of points per run, a tick at its median, and a band over each side's interval.

    `times` has side, run (from 1), flagged and step_ms, the mean of `window` steps; `spans` has
    side, median_ms, low_ms and high_ms, the last two empty where there is no interval.
    """
    known = sides_of.listed(sides)
    times = sides_of.usable(times, known, ["step_ms"])
    if times.empty:
        return empty("No step times were recorded.", note, width)
    runs = times.groupby(["side", "run"], sort=True)["step_ms"]
    medians = runs.median()
    known = [side for side in known if side.number in medians.index.get_level_values(0)]
    drawn = {side.number: list(medians[side.number].index[:MOST_RUNS]) for side in known}
    row = 17.0 if len(medians) <= 12 else 13.0
    label, far, stride = _label(times, window, float(medians.max()) * FAR)
    flagged = times.groupby(["side", "run"])["flagged"].any()
    left = words.width_pt("run 10, flagged" if flagged.any() else "run 10") + 8
    near = times.loc[times["step_ms"] <= far, "step_ms"]
    ends = [*near, *medians, *spans["low_ms"], *spans["high_ms"]]
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    spare = (high - low) * 0.03 or high * 0.02 or 1.0
    heights = {n: HEAD_PT + row * len(found) + 4 for n, found in drawn.items()}
    made, axes = plot(
        width,
        note,
        height=sum(heights.values()),
        left=left,
        right=12,
        top=0,
        label=label,
        limits=(low - spare, high + spare),
    )
    top = 0.0
    for side in known:
        found = drawn[side.number]
        span = spans[spans["side"] == side.number]
        bottom = top + HEAD_PT + row * len(found)
        _band(axes, side, span, top + HEAD_PT, bottom)
        hidden = len(medians[side.number]) - len(found)
        made.text(
            0, top + style.LINE_PT / 2, _head(side, span, made.width), colour=side.text, bold=True
        )
        if hidden:
            rest = f"{wording.counted(hidden, 'more run')} not drawn"
            made.text(made.width, top + style.LINE_PT / 2, rest, colour=MUTED, align="right")
        for number, run in enumerate(found):
            y = top + HEAD_PT + row * (number + 0.5)
            points = runs.get_group((side.number, run)).to_numpy()
            shown = points[points <= far][::stride]
            jitter = [0.3 * row * math.sin(7.3 * at) for at in range(len(shown))]
            size = 3.4 if row > 15 else 3.0
            look = {**side.point, "markeredgewidth": 0 if side.mark in "●◆■▲" else 0.8}
            axes.plot(shown, y + np.array(jitter), ls="", ms=size, alpha=0.75, **look)
            median = medians[(side.number, run)]
            axes.plot([median, median], [y - row * 0.4, y + row * 0.4], color=TEXT, lw=1.6)
            name = f"run {run}, flagged" if flagged[(side.number, run)] else f"run {run}"
            made.text(left - 6, y, name, colour=MUTED, align="right")
        top += heights[side.number]
    return made.figure


def _label(times: pd.DataFrame, window: int, far: float) -> tuple[str, float, int]:
    """The axis' label, up to where points are drawn, and that each n-th is."""
    means = f"mean of each {window} steps" if window > 1 else "each step"
    label = f"step time, ms ({means}; tick: median of the run; band: range of the medians)"
    beyond = int((times["step_ms"] > far).sum())
    if beyond:
        label += f"; {wording.counted(beyond, 'point')} above {wording.number(far)} ms not drawn"
    stride = max(1, math.ceil(len(times) / MOST_POINTS))
    if stride > 1:
        label += f"; one point of {stride} drawn"
    return label, far, stride


def _head(side: sides_of.Side, span: pd.DataFrame, room: float) -> str:
    """The side, its step and the interval, which is left to the band where it has no room."""
    if span.empty:
        return words.fitted(side.title, room, bold=True)
    median, low, high = (float(span[f"{name}_ms"].iloc[0]) for name in ("median", "low", "high"))
    text = f": {wording.number(median)} ms"
    interval = (
        f" ({wording.range_beside(median, low, high)})" if low == low and high == high else ""
    )
    if words.width_pt(side.title + text + interval, bold=True) <= room:
        text += interval
    return words.fitted(side.title, room - words.width_pt(text, bold=True), bold=True) + text


def _band(axes: Axes, side: sides_of.Side, span: pd.DataFrame, top: float, bottom: float) -> None:
    if span.empty or span[["low_ms", "high_ms"]].isna().any(axis=None):
        return
    low, high = float(span["low_ms"].iloc[0]), float(span["high_ms"].iloc[0])
    axes.fill_betweenx([top, bottom], low, high, color=side.fill, alpha=0.2, lw=0)
