"""The energy that each side takes for the same number of samples."""

import pandas as pd
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import side as sides_of
from analysis.charts import style, words
from analysis.charts.sheet import TEXT, empty, plot

ROW_PT = style.LINE_PT + 22
BAR_PT = 14.0
FIGURES = ("joules_per_1000", "low", "high")
NET = "net_joules_per_1000"
IDLE_ALPHA = 0.4


LABEL = "J per 1,000 samples; whisker: 95 % interval"
IDLE_LABEL = "; fainter: power before the run"


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A bar from zero per side, with a whisker over its interval; what is idle power is fainter.

    `rows` has side, joules_per_1000, low and high; low and high are empty without an interval. It
    may have net_joules_per_1000, empty where it is not known.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["joules_per_1000"])
    spans = {
        int(side): (float(joules), float(low), float(high))
        for side, joules, low, high in zip(
            rows["side"], *(rows[name].astype(float) for name in FIGURES), strict=True
        )
    }
    known = [side for side in known if side.number in spans]
    net = _net(rows)
    if not known:
        return empty("No energy was measured.", note, width)
    longest = max(max(joules, high if high == high else 0.0) for joules, _, high in spans.values())
    made, axes = plot(
        width,
        note,
        height=ROW_PT * len(known) + 2,
        left=0,
        right=10,
        top=0,
        label=LABEL + (IDLE_LABEL if net else ""),
        limits=(0, longest * 1.02 or 1.0),
    )
    for number, side in enumerate(known):
        joules, low, high = spans[side.number]
        text = f"{wording.number(joules)} J"
        if low == low and high == high:
            text += f" ({wording.range_beside(joules, low, high)})"
        head = ROW_PT * number + style.LINE_PT / 2 + 2
        room = made.width - words.width_pt(text, bold=True) - 12
        title = words.fitted(side.title, room, bold=True)
        made.text(0, head, title, colour=side.text, bold=True)
        made.text(words.width_pt(title, bold=True) + 8, head, text, bold=True)
        y = head + style.LINE_PT / 2 + BAR_PT / 2 + 2
        own = min(net.get(side.number, joules), joules)
        axes.barh(y, own, height=BAR_PT, color=side.fill)
        if own < joules:
            idle = joules - own
            axes.barh(y, idle, left=own, height=BAR_PT, color=side.fill, alpha=IDLE_ALPHA)
        axes.plot([low, high], [y, y], color=TEXT, lw=1.2)
        axes.plot([low, high], [y, y], "|", color=TEXT, ms=7, mew=1.2)
    return made.figure


def _net(rows: pd.DataFrame) -> dict[int, float]:
    """By side, what is above the power before the run, where that is known."""
    if NET not in rows:
        return {}
    known = rows.dropna(subset=NET)
    return {int(side): float(net) for side, net in zip(known["side"], known[NET], strict=True)}
