import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from profilers import rundir
from profilers.protocol import Channel
from profilers.recorder import Recorder
from profilers.records import Step
from profilers.rows import MINIMUM_STEPS, Extent, Rows, RowWriter
from workloads.batches import BatchLog, BatchOrder


class Device:
    """Counts how often it was waited for."""

    def __init__(self, asynchronous: bool) -> None:
        self.asynchronous = asynchronous
        self.waited = 0
        self.read: list[list[float]] = []

    def synchronise(self) -> None:
        self.waited += 1

    def mean_loss(self, handles: list[float]) -> float:
        self.read.append(list(handles))
        return sum(handles) / len(handles)


class Sheet:
    def __init__(self, folder: Path, asynchronous: bool = False) -> None:
        self.device = Device(asynchronous)
        self.recorder = Recorder(folder, Channel(os.open(os.devnull, os.O_WRONLY)))
        self.order = BatchOrder(100, 10, seed=0)
        self.writer = RowWriter(self.device, self.order, self.recorder)  # type: ignore[arg-type]
        self._folder = folder

    def take(self, steps: int, *what: Any, loss: object = 1.0, **options: Any) -> Rows:
        self.log = BatchLog()
        rows = Rows(self.writer, *what, self.log, **options)
        for _ in range(steps):
            rows.begins()
            self.log.note(np.zeros(10))
            if rows.ends(loss):
                break
        return rows

    def written(self) -> list[Step]:
        self.recorder.flush()
        return rundir.read_rows(self._folder / rundir.STEPS, Step)


def test_each_step_is_a_row_until_there_are_enough(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path)
    rows = sheet.take(9, "timed", Extent(4))
    assert rows.done == 4
    assert [(row.index, row.kind, row.samples) for row in sheet.written()] == [
        (k, "step", 10) for k in range(4)
    ]
    assert sheet.device.waited == 0
    assert sheet.log.steps == 4


def test_a_device_is_waited_for_once_a_window(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path, asynchronous=True)
    rows = sheet.take(99, "timed", Extent(10), window=4)
    assert [(row.index, row.kind, row.count) for row in rows.made] == [
        (0, "window", 4),
        (4, "window", 4),
        (8, "window", 2),
    ]
    assert sheet.device.waited == 3
    assert {row.sync for row in rows.made} == {"device"}


def test_a_row_ends_after_the_wait_for_the_device(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path, asynchronous=True)
    sheet.device.synchronise = lambda: time.sleep(0.005)  # type: ignore[method-assign]
    rows = sheet.take(6, "timed", Extent(6), window=2)
    assert all(row.duration_ns >= 5_000_000 for row in rows.made)
    ends = [row.start_ns + row.duration_ns for row in rows.made]
    assert all(end <= row.start_ns for end, row in zip(ends, rows.made[1:], strict=False))
    lengths = sorted(row.duration_ns for row in rows.made)
    assert rows.median_step_ms() == lengths[1] / 2 / 1e6


def test_the_last_skipped_loss_is_read_so_that_a_running_mean_begins_anew(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path)
    sheet.take(5, "profiled", Extent(2), skipped=3)
    assert sheet.device.read == [[1.0], [1.0], [1.0]]


def test_skipped_steps_are_no_rows(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path)
    rows = sheet.take(9, "profiled", Extent(3), skipped=2, batch=12, profiled=True, graph_ops=5)
    assert [(row.index, row.epoch, row.profiled, row.graph_ops) for row in rows.made] == [
        (0, 1, True, 5),
        (1, 1, True, 5),
        (2, 1, True, 5),
    ]


def test_a_phase_bounded_by_time_has_its_least_number_of_steps(tmp_path: Path) -> None:
    assert Sheet(tmp_path).take(500, "timed", Extent(None, 0.0)).done == MINIMUM_STEPS


def test_a_loss_that_is_no_number_is_told_once(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path)
    sheet.take(5, "timed", Extent(5), loss=float("nan"))
    assert sheet.recorder.warnings == ["the loss is nan in timed step 0"]


@pytest.mark.parametrize(("loss", "written"), [(None, None), (2.5, 2.5)])
def test_a_step_without_a_loss_has_none(
    tmp_path: Path, loss: float | None, written: float | None
) -> None:
    sheet = Sheet(tmp_path)
    sheet.take(2, "timed", Extent(2), loss=loss)
    assert [row.loss for row in sheet.written()] == [written] * 2
