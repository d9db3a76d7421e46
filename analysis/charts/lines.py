"""Samples as lines: they end where samples are missing."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.charts.sheet import linear_ticks

LONG = 3.0
"""A pause of so many usual intervals is a gap."""


def with_gaps(seconds: pd.Series, values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Both in order of time, with a point without a value in each gap.

    A sample without a value is a gap too.
    """
    x, y = seconds.to_numpy(float), values.to_numpy(float)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    y = np.where(np.isfinite(y), y, np.nan)
    if len(x) < 3:
        return x, y
    between = np.diff(x)
    at = np.flatnonzero(between > LONG * np.median(between)) + 1
    return np.insert(x, at, (x[at - 1] + x[at]) / 2), np.insert(y, at, np.nan)


def value_axis(axes: Axes, largest: float, height_pt: float) -> None:
    """A vertical axis from zero, with few numbers and a pale line at each."""
    axes.set_ylim(0, largest * 1.08 if largest > 0 else 1.0)
    linear_ticks(axes, height_pt, vertical=True, room=22)
    axes.grid(True, axis="y")


def single_points(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which values stand alone between gaps, where a line would show nothing."""
    known = np.isfinite(y)
    before = np.r_[False, known[:-1]]
    after = np.r_[known[1:], False]
    alone: np.ndarray = known & ~before & ~after & np.isfinite(x)
    return alone
