"""A chart of the page: what it is drawn from, and the words around it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

Given = pd.DataFrame | float | int | str | None


@dataclass(frozen=True)
class Chart:
    """What a chart of analysis.charts is given; `module` is which one, `name` that of its files.

    `label` is for those who can't see it, `caption` says what a mark is, `note` stands beside
    every number. `shown` is False for a chart whose rows the page shows as a table.
    """

    name: str
    module: str
    given: Mapping[str, Given]
    label: str
    caption: str
    note: str
    shown: bool = True
