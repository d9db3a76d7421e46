from typing import Any

import pytest

from analysis.blocks import Kind, Strings, from_columns
from analysis.folds.steps import step_number, steps_of


def test_host_events_by_time_and_device_work_by_its_launch(gpu_step: Any) -> None:
    found = gpu_step.by_name("step")
    outside = {"python outside", "ProfilerStep#6", "after"}
    assert {name for name, step in found.items() if step == -1} == outside
    assert {step for name, step in found.items() if name not in outside} == {4}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["step:3", "step:4", "ProfilerStep#7"], [3, 4, -1, 3, -1]),
        (["ProfilerStep#7", "other", "ProfilerStep#8"], [7, -1, 8, 7, 8]),
        (["other", "other", "other"], [-1, -1, -1, -1, -1]),
    ],
)
def test_own_markers_come_before_the_profilers(names: list[str], expected: list[int]) -> None:
    strings = Strings()
    block = from_columns(
        5,
        name=[strings.number(name) for name in [*names, "first", "last"]],
        kind=[Kind.ANNOTATION if name == "other" else Kind.STEP for name in names] + [Kind.OP] * 2,
        start_ns=[0, 100, 200, 50, 250],
        duration_ns=[100, 100, 100, 10, 10],
    )
    assert steps_of([block], strings).at(block.start_ns).tolist() == expected


def test_markers_are_in_order_of_time_and_only_those_of_the_host() -> None:
    strings = Strings()
    block = from_columns(
        3,
        name=[strings.number(name) for name in ("step:2", "step:1", "step:1")],
        kind=[Kind.STEP] * 3,
        device=[-1, -1, 0],
        start_ns=[10, 0, 5],
        duration_ns=[5, 5, 5],
    )
    steps = steps_of([block], strings)
    assert steps.number.tolist() == [1, 2]
    assert steps.markers(block).tolist() == [0, 1]


def test_numbers_of_markers() -> None:
    assert (step_number("step:12"), step_number("ProfilerStep#3")) == (12, 3)
    assert [step_number(name) for name in ("Step 7", "train_step_3", "iteration 4", "iter:9")] == [
        *(7, 3, 4, 9)
    ]
    assert [step_number(name) for name in ("step:by step", "stepping 3", "step:99999999999")] == [
        *(-1, -1, -1)
    ]


def test_an_empty_trace() -> None:
    assert len(steps_of([from_columns(0)], Strings())) == 0
