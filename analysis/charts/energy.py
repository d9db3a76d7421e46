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


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A bar from zero per side, with a whisker over its interval.

    `rows` has side, joules_per_1000, low and high; low and high are empty without an interval.
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
        label="J per 1,000 samples; whisker: 95 % interval",
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
        axes.barh(y, joules, height=BAR_PT, color=side.fill)
        axes.plot([low, high], [y, y], color=TEXT, lw=1.2)
        axes.plot([low, high], [y, y], "|", color=TEXT, ms=7, mew=1.2)
    return made.figure
