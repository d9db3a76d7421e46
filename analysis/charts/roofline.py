"""How near the operations come to what the machine can do: rate against arithmetic intensity.

Williams, Waterman and Patterson 2009, https://doi.org/10.1145/1498765.1498785
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import placing, style, words
from analysis.charts import side as sides_of
from analysis.charts.sheet import (
    KEY_LINE_PT,
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

LEFT_PT, RIGHT_PT = 44.0, 14.0
LABEL = "FLOP per byte moved (from shapes)"
UNITS = ((1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s"), (1.0, "FLOP/s"))
MOST_NAMES = 40
RATE, INTENSITY = "flops_per_second", "flops_per_byte"
PEAK, BAND = "peak_flops_per_second", "peak_bytes_per_second"


@dataclass(frozen=True)
class Plane:
    """Both logarithmic axes: from and to, and their length in points."""

    x: tuple[float, float]
    y: tuple[float, float]
    size: tuple[float, float]

    def place(self, intensity: float, rate: float) -> tuple[float, float]:
        """Where a point is, in points from the lower left corner."""
        across = math.log(intensity / self.x[0]) / math.log(self.x[1] / self.x[0])
        up = math.log(rate / self.y[0]) / math.log(self.y[1] / self.y[0])
        return across * self.size[0], up * self.size[1]


@style.styled
def draw(
    sides: pd.DataFrame, points: pd.DataFrame, roofs: pd.DataFrame, note: str, width: float
) -> Figure:
    """Points under the measured roofs, both axes logarithmic; the same name is joined by a line.

    `points` has side, name, flops_per_byte and flops_per_second, `roofs` has side,
    peak_flops_per_second and peak_bytes_per_second. Of too many names the fastest are shown.
    """
    known = sides_of.listed(sides)
    points = sides_of.usable(points, known, [INTENSITY, RATE])
    points = points[(points[[INTENSITY, RATE]] > 0).all(axis=1)].reset_index(drop=True)
    if points.empty:
        return empty("No operation has a known number of floating-point operations.", note, width)
    roofs = sides_of.usable(roofs, known, [PEAK, BAND])
    roofs = roofs[(roofs[[PEAK, BAND]] > 0).all(axis=1)].drop_duplicates([PEAK, BAND])
    fastest = points.groupby("name")[RATE].max().sort_values(ascending=False)
    points = points[points["name"].isin(fastest.index[:MOST_NAMES])]
    length = width * 72 - LEFT_PT - RIGHT_PT
    plane = _plane(points, roofs, (length, 190.0 if width < style.NARROW_INCHES else 230.0))
    scale, unit = next(pair for pair in UNITS if pair[0] <= plane.y[1] / 3 or pair[0] == 1.0)
    entries = sides_key([side for side in known if side.number in set(points["side"])])
    entries += _roofs_key(roofs, known, scale, unit)
    if len(fastest) > MOST_NAMES:
        rest = wording.counted(len(fastest) - MOST_NAMES, "slower operation")
        entries.append(Entry(f"{rest} left out", MUTED))
    key = key_lines(entries, width * 72)
    top = KEY_LINE_PT * len(key) + style.LINE_PT + 6
    bottom = top + plane.size[1] + TICKS_PT
    made = sheet(width, bottom + label_height(LABEL, width * 72), note)
    draw_key(made, 0, 0, key)
    made.text(0, KEY_LINE_PT * len(key) + style.LINE_PT / 2, unit, colour=MUTED)
    axes = made.axes(LEFT_PT, top, *plane.size)
    _scales(axes, plane, scale)
    _draw_roofs(axes, roofs, known, plane)
    _draw_points(axes, points, known)
    _draw_names(axes, points, roofs, plane)
    axis_label(made, LEFT_PT, bottom, LABEL)
    return made.figure


def _plane(points: pd.DataFrame, roofs: pd.DataFrame, size: tuple[float, float]) -> Plane:
    """A plane with all points, the roofs' edges, and some room."""
    x = [*points[INTENSITY], *(roofs[PEAK] / roofs[BAND])]
    y = [*points[RATE], *roofs[PEAK]]
    return Plane((min(x) / 2, max(x) * 2.5), (min(y) / 2, max(y) * 2), size)


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each power of ten, or fewer where the powers are many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 2 else (1,)
    every = math.ceil((last - first) / 6)
    found = [step * 10.0**power for power in range(first, last + 1, every) for step in steps]
    return [tick for tick in found if low <= tick <= high]


def _scales(axes: Axes, plane: Plane, scale: float) -> None:
    axes.set(xscale="log", yscale="log", xlim=plane.x, ylim=plane.y)
    axes.minorticks_off()
    x_ticks = _ticks(*plane.x)
    axes.set_xticks(x_ticks, [wording.magnitude(tick) for tick in x_ticks])
    y_ticks = _ticks(plane.y[0] / scale, plane.y[1] / scale)
    axes.set_yticks([tick * scale for tick in y_ticks], [wording.magnitude(t) for t in y_ticks])
    axes.grid(True, axis="both")


def _roofs_key(
    roofs: pd.DataFrame, known: Sequence[sides_of.Side], scale: float, unit: str
) -> list[Entry]:
    """What the roofs are: the side's sign and colour where sides have different ones."""
    found = []
    for number, peak, band in zip(roofs["side"], roofs[PEAK], roofs[BAND], strict=True):
        side = next(side for side in known if side.number == number)
        what = f"{wording.number(peak / scale)} {unit}, {wording.number(band / 1e9)} GB/s"
        several = len(roofs) > 1
        found.append(
            Entry(
                f"roof {side.mark} {what}" if several else f"roof: {what}",
                side.text if several else MUTED,
            )
        )
    return found


def _draw_roofs(
    axes: Axes, roofs: pd.DataFrame, known: Sequence[sides_of.Side], plane: Plane
) -> None:
    fills = {side.number: side.fill for side in known}
    for number, peak, band in zip(roofs["side"], roofs[PEAK], roofs[BAND], strict=True):
        colour = fills[number] if len(roofs) > 1 else MUTED
        x = [plane.x[0], peak / band, plane.x[1]]
        axes.plot(x, [x[0] * band, peak, peak], color=colour, lw=1.6, zorder=1.5)


def _draw_points(axes: Axes, points: pd.DataFrame, known: Sequence[sides_of.Side]) -> None:
    """Points with the sign of their side; what sides have one point each of is joined."""
    once = points[~points.duplicated(["name", "side"], keep=False)]
    for _, own in once.groupby("name", sort=False):
        axes.plot(own[INTENSITY], own[RATE], color=MUTED, lw=0.7, zorder=1.8)
    for side in known:
        own = points[points["side"] == side.number]
        axes.plot(own[INTENSITY], own[RATE], **{**side.point, "ms": 6.5, "ls": ""})


def _draw_names(axes: Axes, points: pd.DataFrame, roofs: pd.DataFrame, plane: Plane) -> None:
    """Each name once, beside its fastest point, where there is a place for it."""
    places = [plane.place(*pair) for pair in zip(points[INTENSITY], points[RATE], strict=True)]
    taken = [placing.Box(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    for peak, band in zip(roofs[PEAK], roofs[BAND], strict=True):
        for step in range(200):
            across = plane.x[0] * (plane.x[1] / plane.x[0]) ** (step / 199)
            x, y = plane.place(across, min(peak, across * band))
            taken.append(placing.Box(x - 2, y - 2, x + 2, y + 2))
    fastest = points.sort_values(RATE, ascending=False).drop_duplicates("name")
    names = [words.fitted(name, 110, style.SMALL_PT) for name in fastest["name"]]
    wanted = [
        (*plane.place(intensity, rate), words.width_pt(name, style.SMALL_PT), 10.0)
        for intensity, rate, name in zip(fastest[INTENSITY], fastest[RATE], names, strict=True)
    ]
    boxes = placing.placed(wanted, taken, placing.Box(0, 0, *plane.size), 6.0)
    for name, box in zip(names, boxes, strict=True):
        if box:
            axes.text(
                box.left / plane.size[0],
                (box.low + box.high) / 2 / plane.size[1],
                name,
                transform=axes.transAxes,
                va="center_baseline",
                color=MUTED,
                fontsize=style.SMALL_PT,
            )
