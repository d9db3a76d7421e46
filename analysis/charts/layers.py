"""The time of each layer, forward paler than backward: two sides mirror each other."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import grouped, style, words
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
    sheet,
    sides_key,
    x_ticks,
)

OPACITY = {"forward": 0.5, "backward": 1.0}
OTHER = 0.25
ROW_PT = 17.0
LABEL = "ms per step, by layer"


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A row per layer in the order of the frame; of too many, those that take longest.

    `rows` has layer, phase, side and time_ms per step.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["time_ms"])
    if rows.empty:
        return empty("No work could be put down to a layer.", note, width)
    most = 12 if width < style.NARROW_INCHES else 20
    order = list(dict.fromkeys(rows["layer"]))
    longest = rows.groupby(["layer", "side"])["time_ms"].sum().groupby("layer").max()
    shown = set(longest.sort_values(ascending=False, kind="stable").index[:most])
    groups = [_group(str(layer), rows[rows["layer"] == layer], known) for layer in order
              if layer in shown]  # fmt: skip
    key = _phases_key(rows)
    if len(order) > most:
        rest = wording.counted(len(order) - most, "smaller layer")
        key.append(Entry(f"{rest} left out", MUTED))
    if len(known) == 2:
        return _mirrored(groups, known, key, note, width)
    return grouped.draw(groups, sides_key(known) + key, LABEL, note, width)


def _group(layer: str, rows: pd.DataFrame, known: Sequence[sides_of.Side]) -> grouped.Group:
    bars = []
    for side in known:
        own = rows[rows["side"] == side.number]
        sums = {phase: float(own.loc[own["phase"] == phase, "time_ms"].sum()) for phase in OPACITY}
        parts = [(sums[phase], opacity) for phase, opacity in OPACITY.items() if sums[phase]]
        other = float(own["time_ms"].sum()) - sum(sums.values())
        if other > 0:
            parts.append((other, OTHER))
        bars.append(grouped.Bar(side, parts or [(0.0, 1.0)] * (len(own) > 0)))
    return grouped.Group(layer, bars)


def _phases_key(rows: pd.DataFrame) -> list[Entry]:
    phases = set(rows.loc[rows["time_ms"] > 0, "phase"])
    found = [
        Entry(phase, MUTED, fill=MUTED, alpha=opacity)
        for phase, opacity in OPACITY.items()
        if phase in phases
    ]
    if phases - set(OPACITY):
        found.append(Entry("other phases", MUTED, fill=MUTED, alpha=OTHER))
    return found


def _mirrored(
    groups: Sequence[grouped.Group],
    both: Sequence[sides_of.Side],
    key: Sequence[Entry],
    note: str,
    width: float,
) -> Figure:
    """Names in the middle, or above their bars on a narrow page; both scales are the same."""
    above = width < style.NARROW_INCHES
    names = [words.printable(group.name) for group in groups]
    full = width * 72
    middle = 24.0 if above else min(0.3 * full, words.widest_pt(names) + 16)
    row = ROW_PT + (style.LINE_PT if above else 0)
    decimals = grouped.decimals_of(groups)
    bars = [bar for group in groups for bar in group.bars]
    values = words.widest_pt([bar.text(decimals) for bar in bars]) + 8
    half = (full - middle) / 2
    titles = [words.wrapped(side.title, half, bold=True) for side in both]
    lines = key_lines(key, full)
    top, height = max(map(len, titles)) * style.LINE_PT + 6, len(groups) * row + 4
    below = TICKS_PT + style.LINE_PT
    made = sheet(width, top + height + below + 4 + KEY_LINE_PT * len(lines), note)
    limit = max(bar.total for bar in bars) or 1.0
    for number, side in enumerate(both):
        left = number == 0
        start, align = (values, "right") if left else (half + middle, "left")
        axes = made.axes(start, top, half - values, height)
        limits = (limit * 1.005, 0) if left else (0, limit * 1.005)
        axes.set(xlim=limits, ylim=(height, 0), yticks=[])
        x_ticks(made, axes)
        axes.grid(False)
        for at, line in enumerate(titles[number]):
            x, y = half if left else half + middle, style.LINE_PT * (at + 0.5)
            made.text(x, y, line, colour=side.text, bold=True, align=align)
        for at, group in enumerate(groups):
            y = row * (at + 1) - ROW_PT / 2
            grouped.draw_bar(axes, group.bars[number], y, decimals, height=11, mirrored=left)
    for at, name in enumerate(names):
        y = top + row * at + (style.LINE_PT / 2 + 2 if above else ROW_PT / 2)
        shown = words.fitted(name, full if above else middle - 8)
        made.text(full / 2, y, shown, align="center")
    axis_label(made, half + middle, top + height + TICKS_PT, LABEL)
    draw_key(made, 0, top + height + below + 4, lines)
    return made.figure
