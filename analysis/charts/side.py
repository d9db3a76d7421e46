"""A side as charts show it: number, label, sign and colours; and the rows that belong to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.charts import colours, words

MARKERS: Mapping[str, str] = {
    "●": "o", "◆": "D", "■": "s", "▲": "^", "○": "o", "◇": "D",
    "□": "s", "△": "^", "▽": "v", "▷": ">", "◁": "<", "◎": "h",
}  # fmt: skip
HOLLOW = frozenset("○◇□△▽▷◁◎")


@dataclass(frozen=True)
class Side:
    """A side; `fill` and `text` are light colours, `marker` is matplotlib's name of the sign."""

    number: int
    label: str
    mark: str
    marker: str
    fill: str
    text: str

    @property
    def title(self) -> str:
        """Its sign and its label."""
        return f"{self.mark} {self.label}"

    @property
    def hollow(self) -> bool:
        """Whether its sign is an outline."""
        return self.mark in HOLLOW

    @property
    def point(self) -> dict[str, Any]:
        """How its points are drawn: filled, or as a ring where the sign is one."""
        hollow = self.hollow
        return {
            "marker": self.marker,
            "markerfacecolor": colours.INK["page"].light if hollow else self.fill,
            "markeredgecolor": self.fill if hollow else colours.INK["page"].light,
            "markeredgewidth": 1.2 if hollow else 0.6,
        }


def listed(sides: pd.DataFrame) -> list[Side]:
    """The sides of a frame (side, label, framework, mark) by number, the baseline first."""
    ordered = sides.sort_values("side")
    names = colours.side_names([str(each) for each in ordered["framework"]])
    return [
        Side(
            number=int(number),
            label=words.printable(label),
            mark=words.printable(mark),
            marker=MARKERS.get(mark, "o"),
            fill=colours.SIDES[name].fill.light,
            text=colours.SIDES[name].text.light,
        )
        for number, label, mark, name in zip(
            ordered["side"], ordered["label"], ordered["mark"], names, strict=True
        )
    ]


def usable(rows: pd.DataFrame, sides: Sequence[Side], values: Sequence[str]) -> pd.DataFrame:
    """The rows of known sides whose values are all numbers."""
    numbers = rows[list(values)].astype(float)
    kept = rows["side"].isin([side.number for side in sides]).to_numpy(bool)
    found: pd.DataFrame = rows[kept & np.isfinite(numbers.to_numpy()).all(axis=1)]
    return found
