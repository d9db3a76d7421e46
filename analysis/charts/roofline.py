"""How near the operations come to what the machine can do: rate against arithmetic intensity.

Williams, Waterman and Patterson 2009, https://doi.org/10.1145/1498765.1498785
"""

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import placing, style, words
from analysis.charts import side as sides_of
from analysis.charts.sheet import (
    MUTED,
    TICKS_PT,
    Entry,
    axis_label,
    draw_key,
    empty,
    key_lines,
    label_height,
    sheet,
    sides_key,
)

LEFT_PT, RIGHT_PT = 38.0, 14.0
LABEL = "FLOP per byte moved (from shapes)"
UNITS = ((1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s"), (1.0, "FLOP/s"))
MOST_POINTS = 40
Limits = tuple[float, float, float, float]


@style.styled
def draw(
    sides: pd.DataFrame, points: pd.DataFrame, roofs: pd.DataFrame, note: str, width: float
) -> Figure:
    """Points under the measured roofs, both axes logarithmic; the same name is joined by a line.

    `points` has side, name, flops_per_byte and flops_per_second, `roofs` has side,
    peak_flops_per_second and peak_bytes_per_second. Of too many names the fastest are shown.
    """
    known = sides_of.listed(sides)
    values = ["flops_per_byte", "flops_per_second"]
    points = sides_of.usable(points, known, values)
    points = points[(points[values] > 0).all(axis=1)]
    if points.empty:
        return empty("No operation has a known number of floating-point operations.", note, width)
    peaks = ["peak_flops_per_second", "peak_bytes_per_second"]
    roofs = sides_of.usable(roofs, known, peaks)
    roofs = roofs[(roofs[peaks] > 0).all(axis=1)]
    fastest = points.groupby("name")["flops_per_second"].max().sort_values(ascending=False)
    kept = list(fastest.index[:MOST_POINTS])
    points = points[points["name"].isin(kept)]
    limits = _limits(points, roofs)
    scale, unit = next(pair for pair in UNITS if pair[0] <= limits[3] / 3 or pair[0] == 1.0)
    entries = sides_key([side for side in known if side.number in set(points["side"])])
    if len(fastest) > len(kept):
        rest = wording.counted(len(fastest) - len(kept), "slower operation")
        entries.append(Entry(f"{rest} left out", MUTED))
    key = key_lines(entries, width * 72)
    height = 190.0 if width < style.NARROW_INCHES else 230.0
    top = 13.0 * len(key) + style.LINE_PT + 6
    made = sheet(width, top + height + TICKS_PT + label_height(LABEL, width * 72), note)
    draw_key(made, 0, 0, key)
    made.text(0, 13.0 * len(key) + style.LINE_PT / 2, unit, colour=MUTED)
    axes = made.axes(LEFT_PT, top, made.width - LEFT_PT - RIGHT_PT, height)
    _scales(axes, limits, scale)
    _roofs(axes, roofs, known, limits, scale, unit)
    _points(axes, points, known, (made.width - LEFT_PT - RIGHT_PT, height), limits)
    axis_label(made, LEFT_PT, top + height + TICKS_PT, LABEL)
    return made.figure


def _limits(points: pd.DataFrame, roofs: pd.DataFrame) -> Limits:
    """From and to of both axes: all points and the roof's edge, with some room."""
    x = [*points["flops_per_byte"]]
    y = [*points["flops_per_second"], *roofs["peak_flops_per_second"]]
    x += [*(roofs["peak_flops_per_second"] / roofs["peak_bytes_per_second"])]
    return min(x) / 2, max(x) * 2.5, min(y) / 2, max(y) * 2


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each power of ten, or fewer where the powers are many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = last - first
    steps = (1, 2, 5) if decades <= 2 else (1,)
    every = math.ceil(decades / 6)
    found = [step * 10.0**power for power in range(first, last + 1, every) for step in steps]
    return [tick for tick in found if low <= tick <= high]


def _scales(axes: Axes, limits: Limits, scale: float) -> None:
    x_low, x_high, y_low, y_high = limits
    axes.set(xscale="log", yscale="log", xlim=(x_low, x_high), ylim=(y_low, y_high))
    axes.minorticks_off()
    x_ticks = _ticks(x_low, x_high)
    axes.set_xticks(x_ticks, [wording.magnitude(tick) for tick in x_ticks])
    y_ticks = [tick * scale for tick in _ticks(y_low / scale, y_high / scale)]
    axes.set_yticks(y_ticks, [wording.magnitude(tick / scale) for tick in y_ticks])
    axes.grid(True, axis="both")


def _roofs(
    axes: Axes,
    roofs: pd.DataFrame,
    known: Sequence[sides_of.Side],
    limits: Limits,
    scale: float,
    unit: str,
) -> None:
    """One roof where all sides have the same, else each side's in its colour."""
    colour = {side.number: side for side in known}
    different = roofs.drop_duplicates(["peak_flops_per_second", "peak_bytes_per_second"])
    for side, peak, band in zip(
        different["side"],
        different["peak_flops_per_second"],
        different["peak_bytes_per_second"],
        strict=True,
    ):
        own = len(different) > 1
        line, text = (colour[side].fill, colour[side].text) if own else (MUTED, MUTED)
        x = [limits[0], peak / band, limits[1]]
        axes.plot(x, [x[0] * band, peak, peak], color=line, lw=1.6, zorder=1.5)
        axes.annotate(
            f"{colour[side].mark + ' ' if own else ''}{wording.number(peak / scale)} {unit}",
            (limits[1], peak),
            (0, 4),
            textcoords="offset points",
            ha="right",
            color=text,
            fontsize=style.SMALL_PT,
        )


def _points(
    axes: Axes,
    points: pd.DataFrame,
    known: Sequence[sides_of.Side],
    size: tuple[float, float],
    limits: Limits,
) -> None:
    """Points with the sign of their side, and each name once where there is a place for it."""
    for side in known:
        own = points[points["side"] == side.number]
        axes.plot(
            own["flops_per_byte"], own["flops_per_second"], ls="", **{**side.point, "ms": 6.5}
        )
    spans = [math.log(limits[1] / limits[0]), math.log(limits[3] / limits[2])]
    at = pd.DataFrame(
        {
            "name": points["name"],
            "x": [math.log(x / limits[0]) / spans[0] * size[0] for x in points["flops_per_byte"]],
            "y": [math.log(y / limits[2]) / spans[1] * size[1] for y in points["flops_per_second"]],
        }
    )
    for _, own in points.groupby("name", sort=False):
        axes.plot(
            own["flops_per_byte"],
            own["flops_per_second"],
            color=MUTED,
            lw=0.7,
            marker="",
            zorder=1.8,
        )
    taken = [placing.Box(x - 4, y - 4, x + 4, y + 4) for x, y in zip(at["x"], at["y"], strict=True)]
    highest = at.loc[at.groupby("name")["y"].idxmax()].sort_values("y", ascending=False)
    names = [words.fitted(name, 110, style.SMALL_PT) for name in highest["name"]]
    wanted = [
        (x, y, words.width_pt(name, style.SMALL_PT), 10.0)
        for x, y, name in zip(highest["x"], highest["y"], names, strict=True)
    ]
    boxes = placing.placed(wanted, taken, placing.Box(0, 0, *size), 6.0)
    for name, box in zip(names, boxes, strict=True):
        if box:
            place = (box.left / size[0], (box.low + box.high) / 2 / size[1])
            axes.text(
                *place,
                name,
                transform=axes.transAxes,
                va="center_baseline",
                color=MUTED,
                fontsize=style.SMALL_PT,
            )
