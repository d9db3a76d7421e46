"""Samples as lines: they end where samples are missing."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.charts.sheet import y_numbers

LONG = 3.0
"""A pause of so many usual intervals is a gap."""


def with_gaps(seconds: pd.Series, *values: pd.Series) -> tuple[np.ndarray, ...]:
    """All in order of time, with a point without values in each gap.

    A sample without a value is a gap too.
    """
    x = seconds.to_numpy(float)
    order = np.argsort(x, kind="stable")
    x = x[order]
    ys = [each.to_numpy(float)[order] for each in values]
    ys = [np.where(np.isfinite(y), y, np.nan) for y in ys]
    if len(x) < 3:
        return x, *ys
    between = np.diff(x)
    at = np.flatnonzero(between > LONG * np.median(between)) + 1
    return np.insert(x, at, (x[at - 1] + x[at]) / 2), *(np.insert(y, at, np.nan) for y in ys)


def band(axes: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    """What lies between the least and the most, where points stand for several samples."""
    if (high > low).any():
        axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)


def from_zero(largest: float, height_pt: float) -> tuple[float, list[float], list[str], float]:
    """A vertical axis: its end, its numbers, how they are written, and what room they take."""
    end = largest * 1.08 if largest > 0 else 1.0
    return end, *y_numbers(0.0, end, height_pt, room=22)


def single_points(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which values stand alone between gaps, where a line would show nothing."""
    known = np.isfinite(y)
    before = np.r_[False, known[:-1]]
    after = np.r_[known[1:], False]
    alone: np.ndarray = known & ~before & ~after & np.isfinite(x)
    return alone
