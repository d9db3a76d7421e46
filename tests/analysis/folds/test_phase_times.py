from typing import Any

import numpy as np
import pytest

from analysis.annotate import fold
from analysis.blocks import Kind, Strings, from_columns
from analysis.groups import gather_folded
from analysis.ops.table import Table

Row = tuple[str, Kind, int, int, int, str]  # name, kind, thread, start, end, path


def times(rows: list[Row]) -> dict[str, tuple[int, int]]:
    """How often and how long each phase was there, in their order."""
    strings = Strings()
    count = len(rows)
    block = from_columns(
        count,
        event_id=range(count),
        name=[strings.number(row[0]) for row in rows],
        kind=[row[1] for row in rows],
        process=np.ones(count),
        thread=[row[2] for row in rows],
        start_ns=[row[3] for row in rows],
        duration_ns=[row[4] - row[3] for row in rows],
        path=[strings.number(row[5]) if row[5] else -1 for row in rows],
    )
    found = Table(gather_folded(fold(block, strings))).gathered.phases
    return {strings[number]: (often, total_ns) for number, often, total_ns in found}


STEP: list[Row] = [
    ("step:0", Kind.STEP, 1, 0, 100, ""),
    ("Run", Kind.RUNTIME, 1, 10, 99, ""),
    ("phase:data", Kind.ANNOTATION, 1, 0, 10, ""),
    ("Const", Kind.OP, 1, 4, 6, ""),
]


def test_where_ops_carry_their_phase_each_instant_is_parted_among_them() -> None:
    rows: list[Row] = [
        *STEP,
        ("MatMul", Kind.OP, 2, 20, 40, "phase_forward/model/fc1/MatMul"),
        ("Mean", Kind.OP, 2, 40, 50, "phase_loss/Mean"),
        ("Grad", Kind.OP, 2, 50, 80, "gradient_tape/phase_forward/model/fc1/MatMul"),
        ("Sqrt", Kind.OP, 3, 60, 90, "phase_optimizer/adam/Sqrt"),
        ("Sqrt", Kind.OP, 3, 95, 105, "phase_optimizer/adam/Sqrt"),
    ]
    assert times(rows) == {
        "data": (1, 10),
        "forward": (1, 20),
        "loss": (1, 10),
        "backward": (1, 20),
        "optimizer": (1, 25),
        "": (1, 15),
    }


def test_ranges_decide_where_no_op_carries_a_phase() -> None:
    rows: list[Row] = [*STEP, ("phase:forward", Kind.ANNOTATION, 1, 20, 90, "")]
    rows += [("MatMul", Kind.OP, 1, 30, 40, "")]
    assert times(rows) == {"data": (1, 10), "forward": (1, 70), "": (1, 20)}


def test_an_input_pipeline_counts_while_no_op_runs() -> None:
    rows: list[Row] = [
        STEP[0],
        ("Iterator::Prefetch", Kind.RUNTIME, 3, 0, 60, "tf_data/Iterator::Prefetch"),
        ("MatMul", Kind.OP, 2, 20, 90, "phase_forward/model/fc1/MatMul"),
    ]
    assert times(rows) == {"data": (1, 20), "forward": (1, 70), "": (1, 10)}


def test_ops_of_no_phase_are_outside_the_phases() -> None:
    rows: list[Row] = [
        STEP[0],
        ("MatMul", Kind.OP, 2, 20, 60, "phase_forward/model/fc1/MatMul"),
        ("Add", Kind.OP, 3, 40, 60, "StatefulPartitionedCall/Add_1"),
    ]
    assert times(rows) == {"forward": (1, 30), "": (1, 70)}


@pytest.mark.parametrize("second", [(100, 200), (50, 150), (20, 80)])
def test_steps_that_overlap_count_once(second: tuple[int, int]) -> None:
    rows: list[Row] = [
        STEP[0],
        ("step:1", Kind.STEP, 1, *second, ""),
        ("MatMul", Kind.OP, 2, 0, 200, "phase_forward/model/fc1/MatMul"),
    ]
    found: Any = times(rows)
    assert found["forward"][1] == max(100, second[1])
    assert found[""] == (2, 0)
