from typing import Any

import numpy as np

from analysis.blocks import Kind, Strings, from_columns
from analysis.folds.phases import phases


def found(recorded: Any) -> dict[str, str]:
    column = phases(recorded.block, recorded.strings, recorded.parent_row, recorded.launch_row)
    return {name: recorded.strings[number] for name, number in recorded.by_name(column).items()}


def test_ranges_reach_their_own_thread_other_threads_and_kernels(gpu_step: Any) -> None:
    phase = found(gpu_step)
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
        3, name=[strings.number(n) for n in names], kind=[Kind.OP] * 3, start_ns=[0, 1, 9]
    )
    column = phases(block, strings, np.array([-1, 0, -1]), np.full(3, -1))
    assert [strings[number] for number in column] == ["backward", "backward", ""]


def test_an_empty_trace() -> None:
    nothing = np.array([], dtype=np.int64)
    assert phases(from_columns(0), Strings(), nothing, nothing).tolist() == []
