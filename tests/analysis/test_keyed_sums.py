"""Tests of analysis.keyed_sums: the same sums as a dictionary would hold, however they come."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis import keyed_sums
from analysis.keyed_sums import KeyedSums, sum_by

ROWS = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(-1, 2**40), st.integers(-(2**50), 2**50)),
    max_size=12,
)


@given(parts=st.lists(ROWS, max_size=8), fewest=st.integers(0, 8))
def test_sums_are_those_of_a_dictionary(
    parts: list[list[tuple[int, int, int]]], fewest: int
) -> None:
    expected: Counter[tuple[int, int]] = Counter()
    seen: dict[tuple[int, int], None] = {}
    sums = KeyedSums(keys=2, values=2)
    old, keyed_sums.FEWEST_ROWS = keyed_sums.FEWEST_ROWS, fewest
    try:
        for rows in parts:
            table = np.array(rows, dtype=np.int64).reshape(-1, 3)
            sums.add(table[:, :2], np.stack((table[:, 2], np.ones(len(rows), np.int64)), axis=1))
            for first, second, value in rows:
                expected[first, second] += value
                seen.setdefault((first, second))
        keys, values = sums.sums()
    finally:
        keyed_sums.FEWEST_ROWS = old
    assert [tuple(key) for key in keys.tolist()] == list(seen)
    assert values[:, 0].tolist() == [expected[key] for key in seen]
    assert values[:, 1].sum() == sum(map(len, parts))


def test_what_waits_stays_bounded_by_the_distinct_keys() -> None:
    sums = KeyedSums(keys=1, values=1)
    keys, ones = np.arange(100).reshape(-1, 1), np.ones((100, 1), dtype=np.int64)
    for _ in range(1000):
        sums.add(keys, ones)
        held = sum(len(part) for part in sums._keys)
        assert held <= 2 * keyed_sums.FEWEST_ROWS
    assert sums.sums()[1].tolist() == [[1000]] * 100


def test_a_sum_that_does_not_fit_is_the_largest_number_that_does() -> None:
    group, values = np.array([0, 1, 0, 0, 2]), np.array([2**62, 5, 2**62, 1, -(2**62)])
    assert sum_by(group, values, 3).tolist() == [2**63 - 1, 5, -(2**62)]
    assert sum_by(group[:2], values[:2], 2).tolist() == [2**62, 5]
