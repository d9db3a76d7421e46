"""Runs and times the phases of a run: first step, warm-up, timed, profiled, inference."""

import gc
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profilers.backend import Backend
from profilers.recorder import Recorder
from profilers.rows import Extent, Rows, RowWriter
from profilers.rundir import BatchDigest, Settings
from workloads.batches import Batches, BatchOrder

TIMED_SECONDS, TIMED_SECONDS_DEVICE = 3.0, 8.0
WINDOW_NS, MINIMUM_WINDOWS = 50_000_000, 30
SIZING_WINDOWS, SIZING_MARGIN = 8, 1.1
UNRECORDED_STEPS = 2
DIGEST_STEPS = 100
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

    def first_step(self) -> None:
        """Tracing, compiling and allocating: the step that costs more than all others."""
        with self._recorder.phase("first_step"):
            self._steps("first_step", 0, 1)

    def warm_up(self, steps: int) -> int:
        """The steps that nobody times; returns the window size for the timed phase."""
        window, done = 1, 1 + steps
        with self._recorder.phase("warmup", steps=steps):
            self._steps("warmup", 1, steps)
            if self.backend.asynchronous:
                window, done = self._fitting_window(done)
        self._note_digest("warmup", done)
        return window

    def _fitting_window(self, begin: int) -> tuple[int, int]:
        """(steps between two synchronisations that last at least 50 ms, steps done by then).

        It is found by running them: the last window run is the one after tuning that is not timed.
        """
        window = 1
        for _ in range(SIZING_WINDOWS):
            (row,) = self._steps("warmup", begin, window, window).made
            begin += window
            if row.duration_ns >= WINDOW_NS:
                break
            window = math.ceil(window * WINDOW_NS * SIZING_MARGIN / max(row.duration_ns, 1))
        return window, begin

    def timed(self, wanted: Extent, window: int) -> tuple[int, float]:
        """Run from the initial weights, unprofiled; (steps done, median step in ms)."""
        self.backend.restart()
        rows = Rows(
            self._writer, "timed", wanted, window=self._bounded_window(window, wanted.steps)
        )
        with _no_collection(), self._recorder.phase("timed", wanted.steps, wanted.seconds):
            self.backend.run(Batches(self._order, 0, wanted.steps or UNBOUNDED), rows)
        self._note_digest("timed", min(rows.done, DIGEST_STEPS))
        self._note_digest("timed", rows.done)
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
        with self._recorder.phase("profiled", steps=steps):
            if self.backend.prepare_profiling():
                rows = self._steps("profiled", begin, COMPARED_STEPS, skipped=UNRECORDED_STEPS)
                build_ms = rows.median_step_ms()
                begin += UNRECORDED_STEPS + COMPARED_STEPS
            rows = Rows(
                self._writer,
                "profiled",
                Extent(steps),
                batch=begin + UNRECORDED_STEPS,
                skipped=UNRECORDED_STEPS,
                profiled=True,
                graph_ops=self.backend.graph_ops(),
            )
            batches = Batches(self._order, begin, UNRECORDED_STEPS + steps)
            self.backend.record(batches, rows, raw, UNRECORDED_STEPS)
        return build_ms

    def _steps(self, phase: str, begin: int, count: int, window: int = 1, skipped: int = 0) -> Rows:
        """Measure steps, numbered as their batches are, after `skipped` that are not."""
        first = begin + skipped
        rows = Rows(
            self._writer,
            phase,
            Extent(count),
            window=window,
            index=first,
            batch=first,
            skipped=skipped,
        )
        if count:
            self.backend.run(Batches(self._order, begin, skipped + count), rows)
        return rows

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

    def _note_digest(self, phase: str, steps: int) -> None:
        """Hash the batches of a phase that began with batch 0; two of one length are one."""
        digest = BatchDigest(phase, steps, Batches(self._order, 0, steps).sha256())
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
