"""Measures the steps that a backend takes: one row for each step, or for a window of steps."""

import math
import time
from dataclasses import dataclass
from typing import Any

from profilers.backend import Backend
from profilers.recorder import Recorder
from profilers.records import Step
from workloads.batches import BatchLog, BatchOrder

MINIMUM_STEPS = 100


@dataclass(frozen=True)
class Extent:
    """How long a phase lasts: a number of steps, else seconds with at least 100 steps."""

    steps: int | None
    seconds: float = 0.0

    def is_over(self, steps: int, elapsed_ns: int) -> bool:
        """Whether enough was done."""
        if self.steps is not None:
            return steps >= self.steps
        return steps >= MINIMUM_STEPS and elapsed_ns >= self.seconds * 1e9


class RowWriter:
    """Turns times and losses into rows, and hands these to the recorder."""

    def __init__(self, backend: Backend, order: BatchOrder, recorder: Recorder) -> None:
        self.backend = backend
        self._order = order
        self._recorder = recorder
        self._sync = "device" if backend.asynchronous else "none needed"

    def write(
        self,
        phase: str,
        index: int,
        began: int,
        ended: int,
        *,
        count: int = 1,
        batch: int = 0,
        handles: list[Any] | None = None,
        samples: int | None = None,
        profiled: bool = False,
        graph_ops: int | None = None,
        done: int,
    ) -> Step:
        """The row of `count` steps between two readings of the monotonic clock."""
        row = Step(
            phase=phase,
            epoch=batch // self._order.steps_per_epoch,
            index=index,
            kind="step" if count == 1 else "window",
            count=count,
            start_ns=self._recorder.unix_ns(began),
            duration_ns=ended - began,
            samples=samples or count * self._order.batch_size,
            loss=self._loss(handles, f"{phase} step {index}"),
            sync=self._sync,
            profiled=profiled,
            graph_ops=graph_ops,
        )
        self._recorder.step(row, done)
        return row

    def _loss(self, handles: list[Any] | None, where: str) -> float | None:
        if not handles or handles[0] is None:
            return None
        loss = self.backend.mean_loss(handles)
        if not math.isfinite(loss):
            self._recorder.warn_once("loss", f"the loss is {loss} in {where}")
        return loss


class Rows:
    """An Observer that has a row made for every `window` steps, until the extent is over.

    The first `skipped` steps are no part of it. `index` and `batch` are the numbers of the first
    step that is measured, and of its batch. The log of the batches is settled between rows.
    """

    def __init__(
        self,
        writer: RowWriter,
        phase: str,
        wanted: Extent,
        log: BatchLog,
        *,
        window: int = 1,
        index: int = 0,
        batch: int = 0,
        skipped: int = 0,
        profiled: bool = False,
        graph_ops: int | None = None,
    ) -> None:
        self.made: list[Step] = []
        self.done = 0
        self._writer = writer
        self._phase, self._profiled, self._graph_ops = phase, profiled, graph_ops
        self._wanted, self._window, self._log = wanted, window, log
        self._index, self._batch = index, batch
        self._to_skip = skipped
        self._handles: list[Any] = []
        self._size = self._next_size()
        self._first_began = 0
        self._began = 0

    def begins(self) -> None:
        """Read the clock, if this step is the first of a row."""
        if not self._handles:
            self._began = time.monotonic_ns()

    def ends(self, loss: object) -> bool:
        """Make a row, if this step was the last one of it; whether the extent is over."""
        if self._to_skip:
            self._to_skip -= 1
            if not self._to_skip and loss is not None:
                self._writer.backend.mean_loss([loss])
            return False
        self._handles.append(loss)
        if len(self._handles) < self._size:
            return False
        if self._writer.backend.asynchronous:
            self._writer.backend.synchronise()
        ended = time.monotonic_ns()
        self._log.settle()
        self._first_began = self._first_began or self._began
        row = self._writer.write(
            self._phase,
            self._index + self.done,
            self._began,
            ended,
            count=self._size,
            batch=self._batch + self.done,
            handles=self._handles,
            profiled=self._profiled,
            graph_ops=self._graph_ops,
            done=self.done + self._size,
        )
        self.made.append(row)
        self.done += self._size
        self._handles = []
        self._size = self._next_size()
        return self._wanted.is_over(self.done, ended - self._first_began)

    def _next_size(self) -> int:
        if self._wanted.steps is None:
            return self._window
        return max(1, min(self._window, self._wanted.steps - self.done))

    def median_step_ms(self) -> float:
        """The median over the rows of a step's length; a window counts as its mean step."""
        ordered = sorted(row.duration_ns / row.count for row in self.made)
        middle = len(ordered) // 2
        if len(ordered) % 2:
            return ordered[middle] / 1e6
        return (ordered[middle - 1] + ordered[middle]) / 2e6
