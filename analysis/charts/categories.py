"""What a step is spent on: one bar per side, stacked by kind of work."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import wording
from analysis.categories.rules import TITLES
from analysis.charts import colours, style, words
from analysis.charts import side as sides_of
from analysis.charts.sheet import HATCH, KEY_LINE_PT, PAGE, Entry, draw_key, empty, key_lines, plot

BAR_PT = 22.0
ROW_PT = BAR_PT + style.LINE_PT + 12
HATCHED = {"gap": "Host gap", "idle": "Device idle"}
NAMES: Mapping[str, str] = {
    **{str(category): title for category, title in TITLES.items()},
    "other": "Other",
    "": "Unmapped",
    **HATCHED,
}
LAST = ("other", "", "gap", "idle")
"""Stand at the end of the bar, whatever their size."""


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A stacked bar per side, in the same order on all: the largest category first.

    `rows` has side, category ("" unmapped, "gap" of the host, "idle" device) and time_ms per step.
    The smallest of too many categories are shown as "Other".
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["time_ms"])
    rows = rows[rows["time_ms"] > 0]
    if rows.empty:
        return empty("No time was recorded for any kind of work.", note, width)
    times = _times(rows, most=8 if width < style.NARROW_INCHES else 11)
    totals = times.sum()
    shown = [f"{wording.number(float(totals.get(side.number, 0.0)))} ms" for side in known]
    lines = key_lines([_entry(str(name)) for name in times.index], width * 72)
    right = words.widest_pt(shown, bold=True) + 8
    made, axes = plot(
        width,
        note,
        height=ROW_PT * len(known) + 2,
        left=0,
        right=right,
        top=len(lines) * KEY_LINE_PT + 2,
        label="ms per step, by kind of work",
        limits=(0, float(totals.max()) * 1.002),
    )
    axes.grid(False)
    draw_key(made, 0, 0, lines)
    points_per_ms = (made.width - right) / float(totals.max())
    for number, (side, total) in enumerate(zip(known, shown, strict=True)):
        head = ROW_PT * number + 7
        title = words.fitted(side.title, made.width, bold=True)
        made.text(0, len(lines) * KEY_LINE_PT + 2 + head + 4, title, colour=side.text, bold=True)
        y = head + style.LINE_PT + BAR_PT / 2 + 1
        if side.number in times:
            _stack(axes, times[side.number], y, points_per_ms)
        axes.annotate(
            total,
            (float(totals.get(side.number, 0.0)), y),
            (5, 0),
            textcoords="offset points",
            va="center_baseline",
            weight="bold",
            annotation_clip=False,
        )
    return made.figure


def _times(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Times by category and side: the largest categories first, then the others, gaps and idle."""
    known = [name if name in NAMES else "" for name in rows["category"]]
    times = rows.assign(category=known).pivot_table(
        index="category", columns="side", values="time_ms", aggfunc="sum", fill_value=0.0
    )
    order = times.sum(axis=1).sort_values(ascending=False, kind="stable").index
    work = [name for name in order if name not in LAST]
    if len(work) > most:
        times.loc["other"] = times.loc[work[most - 1 :]].sum()
        work = work[: most - 1]
    return times.loc[[*work, *(name for name in LAST if name in times.index)]]


def _fill(category: str) -> str:
    shade = colours.INK["idle"] if category in HATCHED else colours.CATEGORIES[category]
    return shade.light


def _entry(category: str) -> Entry:
    return Entry(NAMES[category], fill=_fill(category), hatched=category in HATCHED)


def _stack(axes: Axes, times: pd.Series, y: float, points_per_ms: float) -> None:
    """The parts of a bar, with name and figure inside where they fit."""
    start = 0.0
    for category, time_ms in times.items():
        if not time_ms > 0:
            continue
        hatched = category in HATCHED
        axes.barh(
            y,
            time_ms,
            left=start,
            height=BAR_PT,
            color=_fill(str(category)),
            hatch=HATCH if hatched else None,
            edgecolor=colours.INK["hatch"].light if hatched else PAGE,
            linewidth=0 if hatched else 0.8,
        )
        figure, room = wording.number(time_ms), time_ms * points_per_ms - 5
        named = f"{NAMES[str(category)]} {figure}"
        text = next((t for t in (named, figure) if words.width_pt(t, style.SMALL_PT) < room), "")
        if text and not hatched:
            axes.text(
                start + time_ms / 2,
                y,
                text,
                ha="center",
                va="center_baseline",
                fontsize=style.SMALL_PT,
                color=colours.INK["label"].light,
            )
        start += time_ms
