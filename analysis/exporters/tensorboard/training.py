"""The steps of a run as curves and histograms."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis import statistics
from analysis.exporters.tensorboard.series import Float64, Series
from profilers.records import Result, Step

MOST_HISTOGRAMS, LEAST_ROWS = 20, 50
"""A phase is shown in so many histograms at most, with so many rows in each at least."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """Step times of a part of a phase; `step` is the number of its last step."""

    tag: str
    values_ms: Float64
    step: int
    wall_seconds: float


def curves(steps: Iterable[Step]) -> Iterator[Series]:
    """Loss and length of each step of the timed phase, by its number."""
    rows = [row for row in statistics.rows_of(steps, "timed") if row.count > 0]
    number = np.array([row.index + row.count - 1 for row in rows], dtype=np.int64)
    wall = np.array([_end_seconds(row) for row in rows])
    known = np.array([row.loss is not None for row in rows], dtype=bool)
    losses = np.array([row.loss for row in rows if row.loss is not None])
    yield Series("train/loss", number[known], wall[known], losses)
    yield Series("train/step_ms", number, wall, statistics.step_times_ms(rows))


def evaluated(steps: Iterable[Step], result: Result | None) -> Iterator[Series]:
    """Accuracy and loss over the test data, at the last step that was trained."""
    if result is None:
        return
    end_seconds = max(map(_end_seconds, steps), default=0.0)
    for tag, value in (("eval/accuracy", result.accuracy), ("eval/loss", result.test_loss)):
        if value is not None:
            step = np.array([result.trained_steps])
            yield Series(tag, step, np.array([end_seconds]), np.array([value]))


def histograms(steps: Iterable[Step]) -> Iterator[Histogram]:
    """Step times of each phase; of a long one part by part, so that a drift is seen."""
    phases: dict[str, list[Step]] = {}
    for row in steps:
        if row.count > 0:
            phases.setdefault(_phase(row), []).append(row)
    for phase, rows in phases.items():
        if len(rows) < 2:
            continue
        parts = min(MOST_HISTOGRAMS, max(1, len(rows) // LEAST_ROWS))
        edges = np.linspace(0, len(rows), parts + 1).astype(np.intp).tolist()
        for begin, end in pairwise(edges):
            last = rows[end - 1]
            times_ms = statistics.step_times_ms(rows[begin:end])
            number = last.index + last.count - 1
            yield Histogram(f"step_ms/{phase}", times_ms, number, _end_seconds(last))


def _phase(row: Step) -> str:
    """The phase of a step; inference is of batches of several sizes."""
    return f"inference_of_{row.samples}" if row.phase == "inference" else row.phase


def _end_seconds(row: Step) -> float:
    return (row.start_ns + row.duration_ns) / 1e9
