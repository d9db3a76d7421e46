from typing import Any

import pytest

from analysis.annotate import fold
from analysis.blocks import Kind, Strings, from_columns
from analysis.folds.phases import known_range


def test_ranges_reach_their_own_thread_other_threads_and_kernels(gpu_step: Any) -> None:
    phase = gpu_step.texts("phase")
    groups = {
        "": {
            "python outside",
            "ProfilerStep#6",
            "step:4",
            "after",
            "kernel of before",
        },
        "data": {"phase:data", "aten::clone"},
        "backward": {
            "phase:backward",
            "aten::ones_like",
            "autograd::engine::evaluate_function: AddmmBackward0",
            "autograd::engine::evaluate_function: torch::autograd::AccumulateGrad",
            "aten::mm",
            "launch mm",
            "helper",
            "kernel mm",
        },
    }
    groups["forward"] = set(phase) - set.union(*groups.values())
    assert {name: {n for n, p in phase.items() if p == name} for name in groups} == groups
    assert "kernel addmm" in groups["forward"]


def test_autograd_events_are_backward_even_where_no_range_says_so() -> None:
    strings = Strings()
    names = ["autograd::engine::evaluate_function: MmBackward0", "aten::mm", "aten::add"]
    block = from_columns(
        3,
        event_id=range(3),
        name=[strings.number(n) for n in names],
        kind=[Kind.OP] * 3,
        start_ns=[0, 1, 9],
        duration_ns=[5, 1, 1],
    )
    column = fold(block, strings).phase.tolist()
    assert [strings[number] for number in column] == ["backward", "backward", ""]


def test_an_empty_trace() -> None:
    assert fold(from_columns(0), Strings()).phase.tolist() == []


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("Optimizer.step#Adam.step", "optimizer"),
        ("Optimizer.zero_grad#SGD.zero_grad", "optimizer"),
        ("enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", "data"),
        ("## forward ##", "forward"),
        ("Backward", "backward"),
        ("forward pass of the moon", None),
    ],
)
def test_ranges_of_other_traces(text: str, phase: str | None) -> None:
    assert known_range(text) == phase
