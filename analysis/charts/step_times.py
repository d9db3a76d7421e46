"""How long the steps of every run took, so that one sees how far the runs agree."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import side as sides_of
from analysis.charts import style, words
from analysis.charts.sheet import MUTED, TEXT, empty, plot

HEAD_PT = style.LINE_PT + 5
ROW_PT = 17.0
LOW_ROW_PT = 13.0
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
    times, strips, hidden = _strips(times, known)
    spans = spans.assign(**{c: spans[c].astype(float) for c in ("median_ms", "low_ms", "high_ms")})
    row = ROW_PT if len(strips) <= 12 else LOW_ROW_PT
    known = [side for side in known if any(strip.side is side for strip in strips)]
    far = max(strip.median_ms for strip in strips) * FAR
    stride = max(1, math.ceil(len(times) / MOST_POINTS))
    near = times.loc[times["step_ms"] <= far, "step_ms"]
    left = words.widest_pt([strip.name for strip in strips]) + 8
    made, axes = plot(
        width,
        note,
        height=(HEAD_PT + 4) * len(known) + row * len(strips),
        left=left,
        right=12,
        top=0,
        label=_label(times, spans, window, (far, stride, hidden)),
        limits=_limits([*near, *(s.median_ms for s in strips)], spans),
    )
    y = 0.0
    for side in known:
        span = spans[spans["side"] == side.number]
        head = _head(side, span, made.width)
        made.text(0, y + style.LINE_PT / 2, head, colour=side.text, bold=True)
        y += HEAD_PT
        own = [strip for strip in strips if strip.side is side]
        _band(axes, side, span, y, y + row * len(own))
        for strip in own:
            made.text(left - 6, y + row / 2, strip.name, colour=MUTED, align="right")
            _draw_strip(axes, strip, strip.step_ms[strip.step_ms <= far][::stride], y, row)
            y += row
        y += 4
    return made.figure


@dataclass(frozen=True)
class Strip:
    """A run: its name and its steps' times."""

    side: sides_of.Side
    name: str
    step_ms: np.ndarray

    @property
    def median_ms(self) -> float:
        """Where its tick stands."""
        return float(np.median(self.step_ms))


def _strips(
    times: pd.DataFrame, known: Sequence[sides_of.Side]
) -> tuple[pd.DataFrame, list[Strip], int]:
    """The rows of the runs to draw, these runs, and how many others there are."""
    rank = times.groupby("side")["run"].rank("dense")
    kept = times[rank <= MOST_RUNS]
    hidden = len(times[rank > MOST_RUNS].drop_duplicates(["side", "run"]))
    found = []
    for side in known:
        for run, rows in kept[kept["side"] == side.number].groupby("run"):
            name = f"run {run}, flagged" if rows["flagged"].any() else f"run {run}"
            found.append(Strip(side, name, rows["step_ms"].to_numpy(float)))
    return kept, found, hidden


def _limits(shown: Sequence[float], spans: pd.DataFrame) -> tuple[float, float]:
    """From and to of the axis: all points, ticks and bands, and some room."""
    ends = [*shown, *spans["low_ms"], *spans["high_ms"]]
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    spare = (high - low) * 0.03 or high * 0.02 or 1.0
    return low - spare, high + spare


def _draw_strip(axes: Axes, strip: Strip, points: np.ndarray, y: float, row: float) -> None:
    """Points, shifted up and down so that they can be told apart, and the tick of the median."""
    middle = y + row / 2
    jitter = np.array([0.3 * row * math.sin(7.3 * at) for at in range(len(points))])
    look = {**strip.side.point, "markeredgewidth": 0.8 if strip.side.hollow else 0}
    size = 3.4 if row == ROW_PT else 3.0
    axes.plot(points, middle + jitter, ls="", ms=size, alpha=0.75, **look)
    tick = [middle - row * 0.4, middle + row * 0.4]
    axes.plot([strip.median_ms] * 2, tick, color=TEXT, lw=1.6)


def _label(
    times: pd.DataFrame, spans: pd.DataFrame, window: int, left_out: tuple[float, int, int]
) -> str:
    """What the axis, ticks and bands are, and what is not drawn: far points, every n-th, runs."""
    far, stride, hidden = left_out
    means = f"mean of each {window} steps" if window > 1 else "each step"
    label = f"step time, ms ({means}; tick: median of the run"
    if spans[["low_ms", "high_ms"]].notna().all(axis=1).any():
        label += "; band: 95 % interval"
    label += ")"
    beyond = int((times["step_ms"] > far).sum())
    if beyond:
        label += f"; {wording.counted(beyond, 'point')} above {wording.number(far)} ms not drawn"
    if stride > 1:
        label += f"; one point of {stride} drawn"
    if hidden:
        label += f"; {wording.counted(hidden, 'more run')} not drawn"
    return label


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
