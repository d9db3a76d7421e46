"""The energy that each side takes for the same number of samples."""

import pandas as pd
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import side as sides_of
from analysis.charts import style, words
from analysis.charts.sheet import TEXT, empty, plot

ROW_PT = style.LINE_PT + 22
BAR_PT = 14.0


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A bar from zero per side, with a whisker over its interval.

    `rows` has side, joules_per_1000, low and high; low and high are empty without an interval.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["joules_per_1000"])
    rows = rows.drop_duplicates("side").set_index("side")
    known = [side for side in known if side.number in rows.index]
    if not known:
        return empty("No energy was measured.", note, width)
    texts = []
    for side in known:
        joules, low, high = (float(rows.at[side.number, name]) for name in rows.columns[:3])
        texts.append(f"{wording.number(joules)} J")
        if low == low and high == high:
            texts[-1] += f" ({wording.range_beside(joules, low, high)})"
    ends = rows[["joules_per_1000", "high"]].max(axis=1)
    made, axes = plot(
        width,
        note,
        height=ROW_PT * len(known) + 2,
        left=0,
        right=10,
        top=0,
        label="J per 1,000 samples; whisker: 95 % interval",
        limits=(0, float(ends.max()) * 1.02 or 1.0),
    )
    for number, (side, text) in enumerate(zip(known, texts, strict=True)):
        head = ROW_PT * number + style.LINE_PT / 2 + 2
        wide = words.width_pt(text, bold=True)
        title = words.fitted(side.title, made.width - wide - 12, bold=True)
        made.text(0, head, title, colour=side.text, bold=True)
        made.text(words.width_pt(title, bold=True) + 8, head, text, bold=True)
        y = head + style.LINE_PT / 2 + BAR_PT / 2 + 2
        axes.barh(y, rows.at[side.number, "joules_per_1000"], height=BAR_PT, color=side.fill)
        span = [float(rows.at[side.number, name]) for name in ("low", "high")]
        axes.plot(span, [y, y], color=TEXT, lw=1.2)
        axes.plot(span, [y, y], "|", color=TEXT, ms=7, mew=1.2)
    return made.figure
