from typing import Any

from analysis.annotate import fold
from analysis.blocks import Kind, Strings, from_columns


def test_forward_by_ranges_backward_by_sequence_numbers_kernels_by_launch(gpu_step: Any) -> None:
    layer = gpu_step.texts("layer")
    in_block = {name for name, value in layer.items() if value == "block"}
    in_fc = {name for name, value in layer.items() if value == "block.fc"}
    assert in_block == {"layer:block", "aten::relu"}
    assert in_fc == {
        "layer:block.fc",
        "aten::linear",
        "aten::t",
        "aten::addmm",
        "launch addmm",
        "kernel addmm",
        "autograd::engine::evaluate_function: AddmmBackward0",
        "aten::mm",
        "launch mm",
        "kernel mm",
    }


def test_where_no_range_is_a_layer_the_modules_among_the_frames_are() -> None:
    strings = Strings()
    rows = [
        ("nn.Module: Net_0", Kind.PYTHON, 0, 100),
        ("nn.Module: Linear_1", Kind.PYTHON, 10, 50),
        ("aten::linear", Kind.OP, 20, 30),
        ("aten::relu", Kind.OP, 60, 70),
        ("aten::add", Kind.OP, 200, 210),
    ]
    names, kinds, starts, ends = zip(*rows, strict=True)
    block = from_columns(
        len(rows),
        event_id=range(len(rows)),
        name=[strings.number(name) for name in names],
        kind=kinds,
        start_ns=starts,
        duration_ns=[end - start for start, end in zip(starts, ends, strict=True)],
    )
    layer = fold(block, strings).layer.tolist()
    assert [strings[number] for number in layer] == ["Net_0", "Linear_1", "Linear_1", "Net_0", ""]


def test_an_empty_trace() -> None:
    assert fold(from_columns(0), Strings()).layer.tolist() == []
