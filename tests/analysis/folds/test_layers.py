from typing import Any

import numpy as np

from analysis.blocks import Block, Kind, Strings, from_columns
from analysis.folds.layers import forward_ops, layers


def test_forward_by_ranges_backward_by_sequence_numbers_kernels_by_launch(gpu_step: Any) -> None:
    block, strings = gpu_step.block, gpu_step.strings
    column = layers(block, strings, gpu_step.parent_row, gpu_step.launch_row)
    layer = {name: strings[number] for name, number in gpu_step.by_name(column).items()}
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


# thread, sequence, forward_thread, start, flow
Op = tuple[int, int, int, int, int]


def ops(*rows: Op) -> Block:
    thread, sequence, forward_thread, start, flow = zip(*rows, strict=True)
    return from_columns(
        len(rows),
        kind=[Kind.OP] * len(rows),
        process=[1] * len(rows),
        thread=thread,
        sequence=sequence,
        forward_thread=forward_thread,
        start_ns=start,
        flow=flow,
    )


def test_the_last_op_with_a_number_made_the_node() -> None:
    block = ops((1, 5, 0, 0, -1), (1, 5, 0, 10, -1), (1, 6, 0, 20, -1), (1, 5, 1, 90, -1))
    assert forward_ops(block).tolist() == [-1, -1, -1, 1]


def test_arrows_tell_two_forward_threads_apart() -> None:
    block = ops(
        (100, 5, 0, 0, -1),
        (100, 6, 0, 5, 1),
        (200, 5, 0, 1, -1),
        (200, 6, 0, 6, 2),
        (300, 6, 7, 50, 2),
        (300, 5, 7, 60, -1),
        (300, 6, 8, 70, 1),
        (300, 5, 8, 80, -1),
    )
    assert forward_ops(block).tolist() == [-1, -1, -1, -1, 3, 2, 1, 0]


def test_without_arrows_the_thread_with_the_most_of_the_numbers_is_taken() -> None:
    block = ops(
        (100, 5, 0, 0, -1),
        (200, 5, 0, 1, -1),
        (200, 6, 0, 6, -1),
        (3, 6, 1, 50, -1),
        (3, 5, 1, 60, -1),
    )
    assert forward_ops(block).tolist() == [-1, -1, -1, 2, 1]


def test_a_backward_op_whose_forward_was_not_recorded_has_no_layer() -> None:
    assert forward_ops(ops((1, 5, 0, 0, -1), (1, 9, 1, 50, -1))).tolist() == [-1, -1]
    assert forward_ops(ops((1, 9, 1, 50, -1))).tolist() == [-1]


def test_an_empty_trace() -> None:
    nothing = np.array([], dtype=np.int64)
    assert layers(from_columns(0), Strings(), nothing, nothing).tolist() == []
