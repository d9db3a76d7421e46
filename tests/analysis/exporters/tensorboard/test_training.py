from typing import Any

import msgspec
import numpy as np
import pytest

from analysis.exporters.tensorboard import training


def timed(make_run: Any, durations: list[float]) -> list[Any]:
    return [make_run.step("timed", number, ms) for number, ms in enumerate(durations)]


def test_a_window_counts_as_its_mean_step_at_its_last_step(make_run: Any) -> None:
    row = make_run.step("timed", 10, 8.0, kind="window", count=4)
    loss, step_ms = training.curves([row])
    assert step_ms.step.tolist() == loss.step.tolist() == [13]
    assert step_ms.values.tolist() == [2.0]


def test_steps_without_a_loss_leave_it_out(make_run: Any) -> None:
    rows = timed(make_run, [1.0, 2.0])
    rows[0] = msgspec.structs.replace(rows[0], loss=None)
    loss, step_ms = training.curves(rows)
    assert (loss.step.tolist(), step_ms.step.tolist()) == ([1], [0, 1])


def test_a_run_without_labels_has_no_accuracy(make_run: Any) -> None:
    result = msgspec.structs.replace(make_run.result, accuracy=None)
    [found] = training.evaluated(make_run.steps, result)
    assert (found.tag, found.values.tolist(), found.step.tolist()) == ("eval/loss", [0.2], [220])
    assert list(training.evaluated(make_run.steps, None)) == []


def test_each_phase_has_a_histogram_and_inference_one_a_batch_size(make_run: Any) -> None:
    inference = [
        make_run.step("inference", n, 1.0, samples=size) for size in (1, 32) for n in (0, 1)
    ]
    found = list(training.histograms([*timed(make_run, [1.0, 3.0]), *inference]))
    assert [each.tag for each in found] == [
        "step_ms/timed",
        "step_ms/inference_of_1",
        "step_ms/inference_of_32",
    ]
    assert found[0].values_ms.tolist() == [1.0, 3.0]


def test_a_single_step_has_no_histogram(make_run: Any) -> None:
    assert list(training.histograms([make_run.step("first_step", 0, 9.0)])) == []


@pytest.mark.parametrize(("rows", "parts"), [(99, 1), (100, 2), (2_000, 20), (50_000, 20)])
def test_a_long_phase_is_shown_part_by_part(rows: int, parts: int, make_run: Any) -> None:
    found = list(training.histograms(timed(make_run, [float(n) for n in range(rows)])))
    assert len(found) == parts
    assert np.concatenate([each.values_ms for each in found]).tolist() == list(range(rows))
    assert found[-1].step == rows - 1
