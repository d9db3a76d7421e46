"""Runs and times the phases of a run: first step, warm-up, timed, profiled, inference."""

import gc
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profilers.backend import Backend
from profilers.recorder import Recorder
from profilers.records import BatchDigest, Settings
from profilers.rows import Extent, Rows, RowWriter
from workloads.batches import Batches, BatchLog, BatchOrder

TIMED_SECONDS, TIMED_SECONDS_DEVICE = 3.0, 8.0
WINDOW_NS, MINIMUM_WINDOWS = 50_000_000, 30
SIZING_WINDOWS, SIZING_MARGIN = 8, 1.1
UNRECORDED_STEPS = 2
INFERENCE_SECONDS, INFERENCE_WARMUP = 0.5, 5
INFERENCE_RUNS, INFERENCE_MOST_RUNS = 30, 2000
COMPARED_STEPS = 30
UNBOUNDED = 2**31


def extent(settings: Settings, steps_per_epoch: int, asynchronous: bool) -> Extent:
    """--steps or --epochs where given, else three seconds on the CPU and eight on a device."""
    steps = settings.steps
    if settings.epochs is not None:
        steps = settings.epochs * steps_per_epoch
    return Extent(steps, TIMED_SECONDS_DEVICE if asynchronous else TIMED_SECONDS)


class Measurement:
    """One model under one framework, phase by phase."""

    def __init__(self, backend: Backend, order: BatchOrder, recorder: Recorder) -> None:
        self.backend = backend
        self.digests: list[BatchDigest] = []
        self._order = order
        self._recorder = recorder
        self._writer = RowWriter(backend, order, recorder)
        self._log = BatchLog()

    def first_step(self) -> None:
        """Tracing, compiling and allocating: the step that costs more than all others."""
        with self._recorder.phase("first_step"):
            self._steps("first_step", 0, Extent(1))

    def warm_up(self, steps: int) -> int:
        """The steps that nobody times; returns the window size for the timed phase."""
        window = 1
        with self._recorder.phase("warmup", steps=steps):
            if steps:
                self._steps("warmup", 1, Extent(steps))
            if self.backend.asynchronous:
                window = self._fitting_window(1 + steps)
        self._note_digests("warmup")
        return window

    def _fitting_window(self, begin: int) -> int:
        """Steps between two synchronisations that last at least 50 ms, found by running them.

        The last window run is the one after tuning that is not timed.
        """
        window = 1
        for _ in range(SIZING_WINDOWS):
            (row,) = self._steps("warmup", begin, Extent(window), window=window).made
            begin += window
            if row.duration_ns >= WINDOW_NS:
                break
            window = math.ceil(window * WINDOW_NS * SIZING_MARGIN / max(row.duration_ns, 1))
        return window

    def timed(self, wanted: Extent, window: int) -> tuple[int, float]:
        """Run from the initial weights, unprofiled; (steps done, median step in ms)."""
        self.backend.restart()
        self._log = BatchLog()
        window = self._bounded_window(window, wanted.steps)
        with _no_collection(), self._recorder.phase("timed", wanted.steps, wanted.seconds):
            rows = self._steps("timed", 0, wanted, window=window)
        self._note_digests("timed")
        return rows.done, rows.median_step_ms()

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
        skipped = UNRECORDED_STEPS
        with self._recorder.phase("profiled", steps=steps):
            if self.backend.prepare_profiling():
                wanted = Extent(COMPARED_STEPS)
                rows = self._steps("profiled", begin, wanted, index=0, skipped=skipped)
                build_ms = rows.median_step_ms()
                begin += skipped + COMPARED_STEPS
            graph_ops = self.backend.graph_ops()
            rows = Rows(
                self._writer,
                "profiled",
                Extent(steps),
                self._log,
                batch=begin + skipped,
                skipped=skipped,
                profiled=True,
                graph_ops=graph_ops,
            )
            batches = Batches(self._order, begin, skipped + steps, self._log)
            self._wait()
            self.backend.record(batches, rows, raw, skipped)
        return build_ms

    def _steps(
        self,
        phase: str,
        begin: int,
        wanted: Extent,
        *,
        index: int | None = None,
        window: int = 1,
        skipped: int = 0,
    ) -> Rows:
        """Measure steps from batch `begin` on, after some that are not; they have its number."""
        first = begin + skipped
        rows = Rows(
            self._writer,
            phase,
            wanted,
            self._log,
            window=window,
            index=first if index is None else index,
            batch=first,
            skipped=skipped,
        )
        count = UNBOUNDED if wanted.steps is None else skipped + wanted.steps
        self._wait()
        self.backend.run(Batches(self._order, begin, count, self._log), rows)
        return rows

    def _wait(self) -> None:
        """Nothing that was begun before may still be at work when the first step begins."""
        if self.backend.asynchronous:
            self.backend.synchronise()

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
            self._writer.write("inference", done, began, ended, samples=size, done=done + 1)
            done += 1

    def _note_digests(self, phase: str) -> None:
        """What the steps of a phase were given: the first ten, the first hundred, and all."""
        log = self._log
        for steps, digest in log.early.items():
            if steps < log.steps:
                self.digests.append(BatchDigest(phase, steps, digest))
        self.digests.append(BatchDigest(phase, log.steps, log.sha256()))


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
