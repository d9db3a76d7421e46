"""Medians and quartiles of step rows: what one run says about the length of a step."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from profilers.records import Step
from profilers.summaries import Spread

NS_PER_MS = 1e6
OUTLIER_RATIO = 1.5


def rows_of(rows: Iterable[Step], phase: str, *, profiled: bool = False) -> list[Step]:
    """The rows of one phase that were, or were not, taken under the framework's profiler."""
    return [row for row in rows if row.phase == phase and row.profiled is profiled]


def step_times_ms(rows: Iterable[Step]) -> npt.NDArray[np.float64]:
    """The length of one step in each row, in ms; a window counts as its mean step.

    Rows without a step are left out.
    """
    return np.array([row.duration_ns / row.count / NS_PER_MS for row in rows if row.count > 0])


def spread(values_ms: npt.NDArray[np.float64]) -> Spread | None:
    """Median and quartiles, interpolated linearly; None when there is no value."""
    if not len(values_ms):
        return None
    low, median, high = (float(value) for value in np.quantile(values_ms, (0.25, 0.5, 0.75)))
    return Spread(median, low, high, len(values_ms))


def outliers(values_ms: npt.NDArray[np.float64]) -> tuple[int, float]:
    """How many values are above 1.5 times the median, and the mean as a multiple of the median."""
    median = float(np.median(values_ms)) if len(values_ms) else 0.0
    if median <= 0:
        return 0, 1.0
    return int((values_ms > OUTLIER_RATIO * median).sum()), float(values_ms.mean()) / median


def timed_step(rows: Iterable[Step]) -> Spread | None:
    """The unprofiled step of the timed phase: its median is the value of the process."""
    return spread(step_times_ms(rows_of(rows, "timed")))


def profiled_step(rows: Iterable[Step]) -> Spread | None:
    """The step under the profiler, which the tables of operations explain."""
    return spread(step_times_ms(rows_of(rows, "profiled", profiled=True)))


def over_runs(medians_ms: Sequence[float]) -> Spread | None:
    """The median of the processes' values with their whole range; None when there is none."""
    if not medians_ms:
        return None
    values = np.asarray(medians_ms, dtype=np.float64)
    return Spread(
        float(np.median(values)), float(values.min()), float(values.max()), len(medians_ms)
    )
