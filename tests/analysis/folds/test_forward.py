import numpy as np
import pytest

from analysis.blocks import Block, Kind, from_columns
from analysis.folds.forward import ForwardOps
from analysis.windows import first_window, whole

# thread, sequence, forward_thread, start, flow
Op = tuple[int, int, int, int, int]


def ops(*rows: Op) -> Block:
    thread, sequence, forward_thread, start, flow = zip(*rows, strict=True)
    return from_columns(
        len(rows),
        event_id=range(len(rows)),
        kind=[Kind.OP] * len(rows),
        process=[1] * len(rows),
        thread=thread,
        sequence=sequence,
        forward_thread=forward_thread,
        start_ns=start,
        flow=flow,
    )


def answered(block: Block, windows: int = 1) -> list[int]:
    """The forward op that each op answers, its row standing for its layer; rows in their order."""
    fold = ForwardOps()
    found = np.full(len(block), -1)
    ordered = block.take(block.time_order())
    if windows == 1:
        rows = ordered.event_id
        found[rows] = fold.layers(whole(block), rows)
        return found.tolist()
    window = first_window()
    for row in range(len(ordered)):
        window = window.following(ordered.take(slice(row, row + 1)), None)
        window.keep("none", np.zeros(len(window), dtype=np.int64))
        found[ordered.event_id[row]] = fold.layers(window, window.block.event_id)[-1]
    return found.tolist()


LAST = (
    ops((1, 5, 0, 0, -1), (1, 5, 0, 10, -1), (1, 6, 0, 20, -1), (1, 5, 1, 90, -1)),
    [-1, -1, -1, 1],
)
ARROWS = (
    ops(
        (100, 5, 0, 0, -1),
        (100, 6, 0, 5, 1),
        (200, 5, 0, 1, -1),
        (200, 6, 0, 6, 2),
        (300, 6, 7, 50, 2),
        (300, 5, 7, 60, -1),
        (300, 6, 8, 70, 1),
        (300, 5, 8, 80, -1),
    ),
    [-1, -1, -1, -1, 3, 2, 1, 0],
)
MOST = (
    ops(
        (100, 5, 0, 0, -1),
        (200, 5, 0, 1, -1),
        (200, 6, 0, 6, -1),
        (3, 6, 1, 50, -1),
        (3, 5, 1, 60, -1),
    ),
    [-1, -1, -1, 2, 1],
)


@pytest.mark.parametrize(("block", "expected"), [LAST, ARROWS, MOST])
def test_the_op_that_made_a_node_is_found(block: Block, expected: list[int]) -> None:
    """By the last op with a number; arrows tell two threads apart, else the most numbers do."""
    assert answered(block) == expected


def test_it_is_found_in_windows_of_long_ago() -> None:
    assert answered(LAST[0], windows=len(LAST[0])) == LAST[1]


def test_a_backward_op_whose_forward_was_not_recorded_has_no_layer() -> None:
    assert answered(ops((1, 5, 0, 0, -1), (1, 9, 1, 50, -1))) == [-1, -1]
    assert answered(ops((1, 9, 1, 50, -1))) == [-1]
