from typing import Any

import pytest

from analysis.blocks import Kind
from analysis.partition import calls
from analysis.partition.make import partition_of, partition_of_folded
from analysis.partition.record import Call
from analysis.timeorder import TimeOrder
from tests.analysis.partition.events import Event, FakeTrace, folded_of

SHAPES = "[[2, 3]]"
HOST = [
    Event("step:0", Kind.STEP, 0, 0, 100),
    Event("step:1", Kind.STEP, 0, 100, 190),
    Event("step:2", Kind.STEP, 0, 190, 200),
    Event("phase:forward", Kind.ANNOTATION, 1, 100, 150),
    Event("aten::mm", Kind.OP, 1, 10, 20),
    Event("frame", Kind.PYTHON, 1, 100, 180),
    Event("aten::linear", Kind.OP, 1, 110, 130, {"shapes": SHAPES}),
    Event("aten::mm", Kind.OP, 1, 115, 125),
    Event("cudaLaunchKernel", Kind.RUNTIME, 1, 120, 122, {"correlation": 9}),
    Event("unknown_op", Kind.OP, 1, 170, 175),
]
KERNELS = [
    Event("a_kernel", Kind.KERNEL, 7, 195, 240, {"correlation": 9}),
    Event("b_kernel", Kind.KERNEL, 7, 240, 250, {"correlation": 8}),
]


def test_the_outermost_operations_of_the_median_step() -> None:
    assert partition_of_folded(folded_of(HOST)).calls == [
        Call("forward", "matmul", "aten::linear", SHAPES, 20),
        Call("", "", "unknown_op", "", 5),
    ]


@pytest.mark.parametrize("rows", [2, 100])
def test_where_there_is_a_device_its_time_counts(rows: int) -> None:
    trace: Any = FakeTrace([*HOST, *KERNELS])
    found = partition_of(trace, order=TimeOrder(rows=rows, memory_bytes=0))
    assert [(call.name, call.time_ns) for call in found.calls] == [
        ("aten::linear", 45),
        ("unknown_op", 0),
    ]


def test_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_CALLS", 1)
    assert [call.name for call in partition_of_folded(folded_of(HOST)).calls] == ["aten::linear"]
