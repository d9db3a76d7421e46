"""Runs and times the phases of a run: first step, warm-up, timed, profiled, inference."""

import gc
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profilers.backend import Backend, Indices, ProfiledSteps
from profilers.recorder import Recorder
from profilers.rundir import BatchDigest, Settings, Step
from workloads.batches import BatchLog, BatchOrder

MINIMUM_STEPS = 100
TIMED_SECONDS, TIMED_SECONDS_DEVICE = 3.0, 8.0
WINDOW_NS, MINIMUM_WINDOWS = 50_000_000, 30
SIZING_WINDOWS, SIZING_MARGIN = 8, 1.1
UNRECORDED_STEPS = 2
DIGEST_STEPS = 100
INFERENCE_SECONDS, INFERENCE_WARMUP = 0.5, 5
INFERENCE_RUNS, INFERENCE_MOST_RUNS = 30, 2000
COMPARED_STEPS = 30


@dataclass(frozen=True)
class Extent:
    """How long the timed phase lasts: a number of steps, else seconds with at least 100 steps."""

    steps: int | None
    seconds: float

    def is_over(self, steps: int, elapsed_ns: int) -> bool:
        """Whether enough was done."""
        if self.steps is not None:
            return steps >= self.steps
        return steps >= MINIMUM_STEPS and elapsed_ns >= self.seconds * 1e9


def extent(settings: Settings, steps_per_epoch: int, asynchronous: bool) -> Extent:
    """--steps or --epochs where given, else three seconds on the CPU and eight on a device."""
    steps = settings.steps
    if settings.epochs is not None:
        steps = settings.epochs * steps_per_epoch
    return Extent(steps, TIMED_SECONDS_DEVICE if asynchronous else TIMED_SECONDS)


class Measurement:
    """One model under one framework, step by step; every step goes through `_row`."""

    def __init__(self, backend: Backend, order: BatchOrder, recorder: Recorder) -> None:
        self.backend = backend
        self.digests: list[BatchDigest] = []
        self._order = order
        self._recorder = recorder
        self._log = BatchLog()
        self._sync = "device" if backend.asynchronous else "none needed"

    def first_step(self) -> None:
        """Tracing, compiling and allocating: the step that costs more than all others."""
        with self._recorder.phase("first_step"):
            self._row("first_step", 0, 1, 0)

    def warm_up(self, steps: int) -> int:
        """The steps that nobody times; returns the window size for the timed phase."""
        window = 1
        with self._recorder.phase("warmup", steps=steps):
            for index in range(1, 1 + steps):
                self._row("warmup", index, 1, index)
            if self.backend.asynchronous:
                window = self._fitting_window(1 + steps)
        self._note_digest("warmup")
        return window

    def _fitting_window(self, begin: int) -> int:
        """Steps between two synchronisations that last at least 50 ms, found by running them.

        The last window run is the one after tuning that is not timed.
        """
        window = 1
        for _ in range(SIZING_WINDOWS):
            duration_ns = self._row("warmup", begin, window, begin).duration_ns
            begin += window
            if duration_ns >= WINDOW_NS:
                break
            window = math.ceil(window * WINDOW_NS * SIZING_MARGIN / max(duration_ns, 1))
        return window

    def timed(self, wanted: Extent, window: int) -> tuple[int, float]:
        """Train from the initial weights, unprofiled; (steps done, median step in ms)."""
        self.backend.restart()
        self._log = BatchLog()
        window = self._bounded_window(window, wanted.steps)
        durations: list[float] = []
        done = 0
        with _no_collection(), self._recorder.phase("timed", wanted.steps, wanted.seconds):
            began = time.monotonic_ns()
            while not wanted.is_over(done, time.monotonic_ns() - began):
                count = window if wanted.steps is None else min(window, wanted.steps - done)
                row = self._row("timed", done, count, done)
                durations.append(row.duration_ns / count)
                done += count
        self._note_digest("timed")
        return done, _median(durations) / 1e6

    def _bounded_window(self, window: int, steps: int | None) -> int:
        """Thirty windows at least, also where --steps or --epochs leaves few steps."""
        if steps is None or window <= steps // MINIMUM_WINDOWS:
            return window
        bounded = max(1, steps // MINIMUM_WINDOWS)
        if bounded < window:
            self._recorder.warn(
                f"{steps:,} timed steps are too few for windows of 50 ms; windows of {bounded} "
                "are measured less exactly."
            )
        return bounded

    def profiled(self, raw: Path, steps: int, begin: int) -> float | None:
        """Record steps with the framework's profiler, going on from batch `begin`.

        Where the profiled steps need a build of their own, returns its median unprofiled step
        in ms.
        """
        build_ms = None
        with self._recorder.phase("profiled", steps=steps):
            if self.backend.prepare_profiling():
                build_ms = self._time_build(begin)
                begin += UNRECORDED_STEPS + COMPARED_STEPS
            with self.backend.profiling(raw, UNRECORDED_STEPS, steps) as under_profiler:
                for index in range(-UNRECORDED_STEPS, steps):
                    self._profiled_row(under_profiler, index, begin + UNRECORDED_STEPS + index)
                    under_profiler.advance()
        return build_ms

    def _time_build(self, begin: int) -> float:
        for index in range(UNRECORDED_STEPS):
            self.backend.train_step(self._consume(begin + index, "profiled"))
        begin += UNRECORDED_STEPS
        rows = [self._row("profiled", i, 1, begin + i) for i in range(COMPARED_STEPS)]
        return _median([row.duration_ns for row in rows]) / 1e6

    def _profiled_row(self, under_profiler: ProfiledSteps, index: int, batch: int) -> None:
        numbers = self._consume(batch, "profiled")
        began = time.monotonic_ns()
        loss = under_profiler.step(numbers, index)
        ended = time.monotonic_ns()
        if index >= 0:
            row = self._step("profiled", index, 1, batch, began, ended, [loss], profiled=True)
            self._recorder.step(row, index + 1)

    def infer(self, batch_size: int) -> None:
        """Latency at batch 1, then throughput at the batch size; one row per call."""
        sizes = sorted({1, batch_size})
        with self._recorder.phase("inference", seconds=INFERENCE_SECONDS * len(sizes)):
            for size in sizes:
                self._infer_at(size)

    def _infer_at(self, size: int) -> None:
        run = self.backend.inference(size)
        for _ in range(INFERENCE_WARMUP):
            run()
        self.backend.synchronise()
        done, elapsed = 0, 0
        while done < INFERENCE_RUNS or elapsed < INFERENCE_SECONDS * 1e9:
            if done == INFERENCE_MOST_RUNS:
                break
            began = time.monotonic_ns()
            run()
            self.backend.synchronise()
            ended = time.monotonic_ns()
            elapsed += ended - began
            row = self._step("inference", done, 1, 0, began, ended, [], samples=size)
            done += 1
            self._recorder.step(row, done)

    def _row(self, phase: str, index: int, count: int, batch: int) -> Step:
        """Train on `count` batches from `batch` on between two synchronisations; record it."""
        batches = [self._consume(batch + offset, phase) for offset in range(count)]
        train_step = self.backend.train_step
        began = time.monotonic_ns()
        losses = [train_step(numbers) for numbers in batches]
        if self.backend.asynchronous:
            self.backend.synchronise()
        ended = time.monotonic_ns()
        row = self._step(phase, index, count, batch, began, ended, losses)
        self._recorder.step(row, index + count)
        return row

    def _step(
        self,
        phase: str,
        index: int,
        count: int,
        batch: int,
        began: int,
        ended: int,
        losses: list[Any],
        *,
        samples: int | None = None,
        profiled: bool = False,
    ) -> Step:
        values = self.backend.losses(losses) if losses else []
        loss = math.fsum(values) / len(values) if values else None
        if loss is not None and not math.isfinite(loss):
            self._warn_once(f"the loss is {loss} in {phase} step {index}")
        return Step(
            phase=phase,
            epoch=batch // self._order.steps_per_epoch,
            index=index,
            kind="step" if count == 1 else "window",
            count=count,
            start_ns=self._recorder.unix_ns(began),
            duration_ns=ended - began,
            samples=samples or count * self._order.batch_size,
            loss=loss,
            sync=self._sync,
            profiled=profiled,
        )

    def _consume(self, batch: int, phase: str) -> Indices:
        numbers = self._order.batch(batch)
        self._log.add(numbers)
        if phase == "timed" and self._log.steps == DIGEST_STEPS:
            self._note_digest(phase)
        return numbers

    def _warn_once(self, message: str) -> None:
        if not any(text.startswith("the loss is") for text in self._recorder.warnings):
            self._recorder.warn(message)

    def _note_digest(self, phase: str) -> None:
        digest = BatchDigest(phase, self._log.steps, self._log.sha256())
        if digest not in self.digests:
            self.digests.append(digest)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect garbage before, and not during, the timed steps."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
