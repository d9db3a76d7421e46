import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import columns
from analysis.columns import group_rows, is_constant, joined, pick

ROWS = st.lists(st.tuples(*[st.integers(-2, 2)] * 3), max_size=20)


def check(rows: list[tuple[int, int, int]]) -> None:
    made = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)] or [
        np.zeros(0, dtype=np.int64)
    ] * 3
    group, first = group_rows(*made)
    assert len(first) == len(set(rows))
    assert [rows[first[number]] for number in group.tolist()] == rows


@given(ROWS)
def test_rows_are_in_one_group_if_all_columns_are_equal(rows: list[tuple[int, int, int]]) -> None:
    check(rows)


@given(ROWS)
def test_so_they_are_where_two_different_rows_are_mixed_alike(
    rows: list[tuple[int, int, int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "MIXER", np.uint64(0))
        check(rows)


def test_a_column_of_one_number_takes_no_memory_and_stays_so() -> None:
    one = np.broadcast_to(np.int64(7), (5,))
    assert is_constant(one)
    for rows in (slice(1, 4), np.array([0, 4]), np.array([True, False, True, False, False])):
        chosen = pick(one, rows)
        assert is_constant(chosen) or len(chosen) < 2
        assert chosen.tolist() == np.full(5, 7)[rows].tolist()
    assert is_constant(joined([one, one]))
    assert joined([one, np.array([1, 2])]).tolist() == [7, 7, 7, 7, 7, 1, 2]
