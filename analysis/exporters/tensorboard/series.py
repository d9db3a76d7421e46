"""A curve for TensorBoard, in no more points than a page can show."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.resources.sample_folds import any_set

MAX_POINTS = 2_000

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """One curve: its tag, its x axis, when each point was taken, and its values.

    Of a curve that `peaks` counts for, a point that stands for several shows the largest, of one
    whose values are `flags` each bit that was set.
    """

    tag: str
    step: Int64
    wall_seconds: Float64
    values: Float64
    peaks: bool = False
    flags: bool = False


def thinned(series: Series, limit: int = MAX_POINTS) -> Series:
    """The series in at most `limit` points, each for a bucket of rows as even as can be.

    A point has the last row's step and time, and the mean of the bucket, its largest value or its
    bits.
    """
    rows = len(series.values)
    if rows <= limit:
        return series
    edges = np.linspace(0, rows, limit + 1).astype(np.intp)
    last = edges[1:] - 1
    if series.flags:
        values = any_set(series.values, edges[:-1])
    elif series.peaks:
        values = np.maximum.reduceat(series.values, edges[:-1])
    else:
        values = np.add.reduceat(series.values, edges[:-1]) / np.diff(edges)
    return replace(
        series, step=series.step[last], wall_seconds=series.wall_seconds[last], values=values
    )
