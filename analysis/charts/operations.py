"""The operations that take longest, on all sides beside each other."""

import pandas as pd
from matplotlib.figure import Figure

from analysis import wording
from analysis.charts import grouped, style
from analysis.charts import side as sides_of
from analysis.charts.sheet import MUTED, Entry, empty, sides_key


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A group of bars per operation, the longest first.

    `rows` has op, side and time_ms per step; an operation has at most one row per side.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["time_ms"])
    if rows.empty:
        return empty("No operations were recorded.", note, width)
    most = 8 if width < style.NARROW_INCHES else 12
    times = rows.pivot_table(index="op", columns="side", values="time_ms", aggfunc="sum")
    order = times.max(axis=1).sort_values(ascending=False, kind="stable").index
    groups = []
    for op in order[:most]:
        found = times.loc[op].dropna()
        bars = [
            grouped.Bar(side, [(float(found[side.number]), 1.0)] if side.number in found else [])
            for side in known
        ]
        groups.append(grouped.Group(str(op), bars))
    key = sides_key(known)
    if len(order) > most:
        rest = wording.counted(len(order) - most, "smaller operation")
        key.append(Entry(f"{rest} left out", MUTED))
    return grouped.draw(groups, key, "ms per step, by operation", note, width)
