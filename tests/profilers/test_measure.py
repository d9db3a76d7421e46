"""The phases with a backend that only counts; a device that works on its own is made up here."""

import gc
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from profilers import measure, rundir
from profilers.backend import Observer
from profilers.measure import Measurement
from profilers.protocol import Channel
from profilers.recorder import Recorder
from profilers.records import Mark, Phase, Settings, Step
from profilers.rows import Extent
from workloads.batches import Batches, BatchOrder

LAUNCH_NS, SYNC_NS = 60_000, 400_000


def spend(duration_ns: int) -> None:
    until = time.monotonic_ns() + duration_ns
    while time.monotonic_ns() < until:
        pass


class CountingBackend:
    """Each step takes `step_ns`: at once, or on an asynchronous device at the next waiting.

    On a device a launch takes time of the processor, and waiting takes time of its own.
    """

    def __init__(self, asynchronous: bool = False, step_ns: int = 0, builds: bool = False) -> None:
        self.asynchronous = asynchronous
        self.step_ns, self.builds = step_ns, builds
        self.steps, self.waiting = 0, 0
        self.since_restart: list[int] = []
        self.collecting: list[bool] = []
        self.loss = 1.0
        self.left_waiting: list[int] = []

    def run(self, batches: Batches, observer: Observer) -> None:
        self.left_waiting.append(self.waiting)
        for batch in batches:
            observer.begins()
            batches.log.note(batch)
            if observer.ends(self._step(batch)):
                return

    def record(self, batches: Batches, observer: Observer, raw: Path, unrecorded: int) -> None:
        """To tell the profiler of a step's end takes far longer than the step."""
        for batch in batches:
            observer.begins()
            batches.log.note(batch)
            loss = self._step(batch)
            self.synchronise()
            if observer.ends(loss):
                return
            time.sleep(0.02)

    def _step(self, batch: Any) -> float:
        self.steps += 1
        self.since_restart.append(int(batch[0]))
        self.collecting.append(gc.isenabled())
        self.waiting += self.step_ns
        if self.asynchronous:
            spend(LAUNCH_NS)
        else:
            self.synchronise()
        return self.loss

    def synchronise(self) -> None:
        spend(self.waiting + (SYNC_NS if self.asynchronous else 0))
        self.waiting = 0

    def mean_loss(self, handles: list[float]) -> float:
        assert self.waiting == 0, "losses were read before the device had finished"
        return sum(handles) / len(handles)

    def restart(self) -> None:
        self.since_restart = []
        self.waiting += self.step_ns

    def prepare_profiling(self) -> bool:
        return self.builds

    def graph_ops(self) -> int | None:
        return 7

    def inference(self, batch_size: int) -> Callable[[], None]:
        return lambda: None


class Bench:
    def __init__(self, folder: Path, backend: CountingBackend) -> None:
        recorder = Recorder(folder, Channel(os.open(os.devnull, os.O_WRONLY)))
        self.folder, self.backend, self.recorder = folder, backend, recorder
        self.order = BatchOrder(100, 10, seed=0)
        self.measurement = Measurement(backend, self.order, recorder)  # type: ignore[arg-type]

    def rows(self, phase: str) -> list[Step]:
        rows = rundir.read_rows(self.folder / rundir.STEPS, Step)
        return [row for row in rows if row.phase == phase]


def test_the_timed_steps_begin_at_the_first_batch_with_the_first_weights(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend())
    bench.measurement.first_step()
    bench.measurement.warm_up(3)
    assert bench.measurement.timed(Extent(15, 0), window=1)[0] == 15
    wanted = [int(bench.order.batch(k)[0]) for k in range(15)]
    assert bench.backend.since_restart == wanted
    assert [row.epoch for row in bench.rows("timed")] == [0] * 10 + [1] * 5
    assert [row.index for row in bench.rows("warmup")] == [1, 2, 3]


def test_a_phase_bounded_by_time_has_at_least_a_hundred_steps(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend())
    done, _ = bench.measurement.timed(Extent(None, 0.0), window=1)
    assert done == 100


def test_nothing_is_collected_while_steps_are_timed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend())
    bench.measurement.timed(Extent(5, 0), window=1)
    assert bench.backend.collecting == [False] * 5
    assert gc.isenabled()


def test_the_one_mark_of_the_timed_phase_is_the_collection_before_it(tmp_path: Path) -> None:
    class Littering(CountingBackend):
        def _step(self, batch: Any) -> float:
            self.kept = [[k] for k in range(5000)]
            return super()._step(batch)

    bench = Bench(tmp_path, Littering())
    with bench.recorder.marks.of_collector():
        bench.measurement.timed(Extent(20, 0), window=1)
        bench.measurement.warm_up(20)
    marks = rundir.read_rows(tmp_path / rundir.MARKS, Mark)
    timed, _ = rundir.read_rows(tmp_path / rundir.PHASES, Phase)
    assert marks[0].name == "generation 2"
    assert marks[0].start_ns + marks[0].duration_ns <= timed.start_ns
    assert len(marks) > 1
    assert all(mark.start_ns >= timed.start_ns + timed.duration_ns for mark in marks[1:])


@pytest.fixture
def simulated_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time goes on by a microsecond each time that it is read, however busy the machine is."""
    readings = itertools.count(start=10**12, step=1000)
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(readings))


@pytest.mark.parametrize("warm_up_steps", [0, 5])
@pytest.mark.usefixtures("simulated_clock")
def test_on_a_device_windows_are_long_enough(
    tmp_path: Path, warm_up_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "WINDOW_NS", 15_000_000)
    bench = Bench(tmp_path, CountingBackend(asynchronous=True, step_ns=500_000))
    window = bench.measurement.warm_up(warm_up_steps)
    bench.measurement.timed(Extent(40 * measure.MINIMUM_WINDOWS, 0), window)
    rows = bench.rows("timed")[:-1]
    assert {(row.kind, row.count, row.samples) for row in rows} == {("window", window, window * 10)}
    assert np.median([row.duration_ns for row in rows]) >= 0.95 * measure.WINDOW_NS


@pytest.mark.usefixtures("simulated_clock")
def test_the_last_window_of_the_warm_up_is_of_full_size_and_not_timed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend(asynchronous=True, step_ns=500_000))
    window = bench.measurement.warm_up(5)
    rows = bench.rows("warmup")
    assert [row.count for row in rows[:5]] == [1] * 5
    assert rows[-1].count == window
    assert rows[-1].duration_ns >= measure.WINDOW_NS


def test_a_short_timed_phase_on_a_device_still_has_thirty_windows(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend(asynchronous=True))
    bench.measurement.timed(Extent(100, 0), window=50)
    assert len(bench.rows("timed")) >= 30
    assert "too few for windows of 50 ms" in bench.recorder.warnings[0]


def test_the_batches_of_each_phase_are_hashed(tmp_path: Path) -> None:
    digests = []
    for name, steps in (("a", 120), ("b", 150)):
        (tmp_path / name).mkdir()
        bench = Bench(tmp_path / name, CountingBackend())
        bench.measurement.first_step()
        bench.measurement.warm_up(2)
        bench.measurement.timed(Extent(steps, 0), window=1)
        digests.append(bench.measurement.digests)
    first, second = digests
    assert [(d.phase, d.steps) for d in first] == [
        ("warmup", 3),
        ("timed", 10),
        ("timed", 100),
        ("timed", 120),
    ]
    assert first[:3] == second[:3]
    assert first[3] != second[3]


def test_the_digest_is_of_what_steps_were_given(tmp_path: Path) -> None:
    class Shuffling(CountingBackend):
        def run(self, batches: Batches, observer: Observer) -> None:
            super().run(
                Batches(batches.order, batches.begin + 1, batches.count, batches.log), observer
            )

    digests = []
    for name, backend in (("right", CountingBackend()), ("wrong", Shuffling())):
        (tmp_path / name).mkdir()
        bench = Bench(tmp_path / name, backend)
        bench.measurement.timed(Extent(10, 0), window=1)
        digests.append(bench.measurement.digests)
    assert digests[0] != digests[1]


def test_a_phase_begins_when_the_device_has_nothing_left_to_do(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend(asynchronous=True, step_ns=300_000))
    bench.measurement.timed(Extent(3, 0), window=1)
    assert bench.backend.left_waiting == [0]


def test_profiled_steps_go_on_in_the_order_of_batches(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend())
    bench.measurement.timed(Extent(7, 0), window=1)
    assert bench.measurement.profiled(tmp_path, 4, begin=7) is None
    wanted = [int(bench.order.batch(k)[0]) for k in range(7 + measure.UNRECORDED_STEPS + 4)]
    assert bench.backend.since_restart == wanted
    rows = bench.rows("profiled")
    assert [(row.index, row.profiled, row.graph_ops) for row in rows] == [
        (k, True, 7) for k in range(4)
    ]
    assert all(row.duration_ns < 20_000_000 for row in rows)


def test_a_build_of_its_own_is_timed_unprofiled(tmp_path: Path) -> None:
    bench = Bench(tmp_path, CountingBackend(step_ns=1_000_000, builds=True))
    build_ms = bench.measurement.profiled(tmp_path, 2, begin=0)
    assert build_ms is not None
    assert build_ms >= 1.0
    unprofiled = [row for row in bench.rows("profiled") if not row.profiled]
    assert len(unprofiled) == measure.COMPARED_STEPS


def test_inference_has_rows_for_one_sample_and_for_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "INFERENCE_SECONDS", 0.0)
    bench = Bench(tmp_path, CountingBackend())
    bench.measurement.infer(10)
    counts = np.unique([row.samples for row in bench.rows("inference")], return_counts=True)
    assert [c.tolist() for c in counts] == [[1, 10], [measure.INFERENCE_RUNS] * 2]


def test_epochs_and_steps_bound_the_timed_phase(make_settings: Callable[..., Settings]) -> None:
    assert measure.extent(make_settings(epochs=3), 44, False) == Extent(132, measure.TIMED_SECONDS)
    assert measure.extent(make_settings(steps=7), 44, False).steps == 7
    assert measure.extent(make_settings(), 44, True) == Extent(None, measure.TIMED_SECONDS_DEVICE)
