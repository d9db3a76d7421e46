"""From the baseline's step to the other side's: what each kind of work adds or takes away."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import side as sides_of
from analysis.charts import style, words
from analysis.charts.sheet import HATCH, MUTED, PAGE, TEXT, empty, plot

ROW_PT = 20.0
BAR_PT = 12.0
NAMES = {
    "gap": "Host gap",
    "idle": "Device idle",
    "unmapped": "Unmapped",
    "overhead": "Profiler overhead",
}
"""What a row is called that has no key of its own."""


class Row(NamedTuple):
    """A bar of the waterfall, in ms."""

    name: str
    kind: str
    difference: float


@style.styled
def draw(
    sides: pd.DataFrame,
    rows: pd.DataFrame,
    baseline_ms: float,
    other_ms: float,
    note: str,
    width: float,
) -> Figure:
    """A bar per row, each from where the one above ends, then one for the whole step.

    `rows` has key, kind (work, gap, idle, unmapped, overhead) and difference_ms of the other side
    less the baseline, in the order to show them. What they leave of the steps' difference is a
    row of its own; the smallest of too many rows are shown as one.
    """
    both = sides_of.listed(sides)
    total = float(other_ms - baseline_ms)
    if len(both) != 2 or math.isnan(total):
        return empty("A difference of steps needs two sides with a step time each.", note, width)
    bars = _bars(rows, total, most=10 if width < style.NARROW_INCHES else 14)
    ends = list(itertools.accumulate((bar.difference for bar in bars), initial=0.0))
    limits = _limits([*ends, total], baseline_ms)
    bars.append(Row("Step", "step", total))
    left = min(width * 72 * 0.36, words.widest_pt([words.printable(b.name) for b in bars]) + 8)
    decimals = _decimals(bars, other_ms)
    figures = [wording.signed(bar.difference, decimals) for bar in bars]
    right = words.widest_pt(figures, bold=True) + 8
    heads = _heads(both, (baseline_ms, other_ms), limits, (left, width * 72 - right), width * 72)
    top = (max(line for *_, line in heads) + 1) * style.LINE_PT + 6
    made, axes = plot(
        width,
        note,
        height=ROW_PT * len(bars) + 2,
        left=left,
        right=right,
        top=top,
        label=f"ms per step: to the right {both[1].label} spends more, to the left {both[0].label}",
        limits=limits,
    )
    for side, (text, x, line) in zip(both, heads, strict=True):
        made.text(x, (line + 0.5) * style.LINE_PT, text, colour=side.text, bold=True)
    axes.axvline(0, color=MUTED, lw=0.9, zorder=0.9)
    axes.axvline(total, color=MUTED, lw=0.9, ls="--", zorder=0.9)
    for number, bar in enumerate(bars):
        start = 0.0 if bar.kind == "step" else ends[number]
        y = ROW_PT * (number + 0.5) + 2
        _draw_bar(axes, bar, start, y, (both[0].fill, both[1].fill), decimals)
        name = words.fitted(bar.name, left - 6, bold=bar.kind == "step")
        made.text(left - 6, y + top, name, bold=bar.kind == "step", align="right")
    return made.figure


def _limits(ends: Sequence[float], step_ms: float) -> tuple[float, float]:
    """From and to of the axis, with some room on both sides, also where there is no difference."""
    low, high = min(ends), max(ends)
    spare = (high - low) * 0.03 or max(abs(step_ms), 0.1) * 0.05
    return low - spare, high + spare


def _bars(rows: pd.DataFrame, total: float, most: int) -> list[Row]:
    """The rows that have a figure; what they leave and what is too small are rows of their own."""
    rows = rows[np.isfinite(rows["difference_ms"].astype(float))]
    found = [
        Row(key if key and isinstance(key, str) else NAMES.get(kind, "Unmapped"), kind, difference)
        for key, kind, difference in zip(
            rows["key"], rows["kind"], rows["difference_ms"].astype(float), strict=True
        )
    ]
    if len(found) > most:
        order = sorted(range(len(found)), key=lambda at: -abs(found[at].difference))
        large = sorted(order[: most - 1])
        rest = math.fsum(found[at].difference for at in order[most - 1 :])
        name = f"{len(found) - len(large)} smaller rows"
        found = [*(found[at] for at in large), Row(name, "unmapped", rest)]
    left = total - sum(row.difference for row in found)
    largest = max([abs(total), *(abs(row.difference) for row in found)])
    if abs(left) > 0.005 * largest:
        found.append(Row("Not explained", "unmapped", left))
    return found


def _decimals(bars: Sequence[Row], step_ms: float) -> int:
    """Those of a step's time, or more where they leave the largest row less than two digits."""
    largest = max((abs(bar.difference) for bar in bars), default=0.0)
    return max(wording.decimals_for(step_ms), wording.decimals_for(largest) - 1 if largest else 0)


def _draw_bar(
    axes: Axes, bar: Row, start: float, y: float, fills: tuple[str, str], decimals: int
) -> None:
    """The bar in the colour of the side that spends more, its line down, and its figure."""
    own = bar.kind in ("unmapped", "overhead")
    axes.barh(
        y,
        bar.difference,
        left=start,
        height=BAR_PT,
        color=MUTED if own else fills[1 if bar.difference > 0 else 0],
        hatch=HATCH if bar.kind in ("gap", "idle") else None,
        edgecolor=PAGE,
        linewidth=0,
    )
    end = start + bar.difference
    if bar.kind != "step":
        axes.plot([end, end], [y - BAR_PT / 2, y + ROW_PT + BAR_PT / 2], color=MUTED, lw=0.7)
    axes.annotate(
        wording.signed(bar.difference, decimals),
        (max(start, end), y),
        (5, 0),
        textcoords="offset points",
        va="center_baseline",
        weight="bold",
        color=TEXT,
        annotation_clip=False,
        bbox={"facecolor": PAGE, "pad": 0.6, "linewidth": 0},
    )


def _heads(
    both: Sequence[sides_of.Side],
    steps_ms: tuple[float, float],
    limits: tuple[float, float],
    ends: tuple[float, float],
    width_pt: float,
) -> list[tuple[str, float, int]]:
    """Text, place and line of both steps' names over their lines: on one line if they fit."""
    found: list[tuple[str, float, int]] = []
    for side, step_ms in zip(both, steps_ms, strict=True):
        share = (step_ms - steps_ms[0] - limits[0]) / (limits[1] - limits[0])
        text = f"{side.title}, {wording.number(step_ms)} ms"
        text = words.fitted(text, width_pt, bold=True)
        wide = words.width_pt(text, bold=True)
        x = max(0.0, min(ends[0] + share * (ends[1] - ends[0]), width_pt - wide))
        found.append((text, x, 0))
    (first, x1, _), (second, x2, _) = found
    apart = x1 + words.width_pt(first, bold=True) + 10 <= x2
    apart = apart or x2 + words.width_pt(second, bold=True) + 10 <= x1
    return [found[0], (second, x2, 0 if apart else 1)]
