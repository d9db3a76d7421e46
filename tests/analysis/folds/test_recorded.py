import numpy as np
import pytest

from analysis.blocks import Kind, from_columns
from analysis.folds.recorded import ops_per_step, quarters, thinned


def test_only_operations_count_and_each_for_its_step() -> None:
    kinds = [Kind.STEP, Kind.OP, Kind.OP, Kind.RUNTIME, Kind.OP, Kind.OP]
    step = np.array([0, 0, 0, 0, 2, -1])
    block = from_columns(len(kinds), kind=kinds)
    assert ops_per_step(block, step, np.array([0, 1, 2])) == [2, 0, 1]
    assert ops_per_step(block, step, np.array([], dtype=np.int64)) == []


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([], False),
        ([130], False),
        ([130] * 20, False),
        ([130, 130, 129, 131] * 5, False),
        ([130] * 15 + [12] * 5, True),
        ([130, 130, 130, 130, 100, 80, 60, 40], True),
        ([0, 0, 0, 0], False),
    ],
)
def test_a_profile_that_thins_out_is_seen(counts: list[int], expected: bool) -> None:
    assert thinned(counts) is expected


def test_quarters_are_medians_and_not_single_steps() -> None:
    assert quarters([7, 130, 130, *[100] * 6, 40, 40, 900]) == (130.0, 40.0)
    assert quarters([5]) == (5.0, 5.0)
    assert quarters([]) == (0.0, 0.0)
