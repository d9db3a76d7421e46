from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.folds.intervals import Intervals, runs, without_overlap

EDGES = st.lists(st.integers(0, 40), max_size=8, unique=True).map(sorted)


def intervals(edges: list[int]) -> Intervals:
    pairs = np.array(edges[: len(edges) // 2 * 2], dtype=np.int64).reshape(-1, 2)
    return Intervals(pairs[:, 0], pairs[:, 1])


def instants(found: Intervals) -> set[int]:
    pairs = [*zip(found.start_ns.tolist(), found.end_ns.tolist(), strict=True)]
    assert all(start < end for start, end in pairs)
    assert all(one[1] <= other[0] for one, other in pairwise(pairs))
    return {at for start, end in pairs for at in range(start, end)}


@given(EDGES, EDGES, st.integers(0, 40), st.integers(0, 40))
def test_they_are_sets_of_instants(one: list[int], other: list[int], low: int, high: int) -> None:
    first, second = intervals(one), intervals(other)
    inside = instants(first)
    assert first.total_ns == len(inside)
    assert instants(first.without(second)) == inside - instants(second)
    assert instants(first.cut(np.array(other, dtype=np.int64))) == inside
    window = set(range(min(low, high), max(low, high)))
    assert instants(first.within(min(low, high), max(low, high))) == inside & window
    assert np.flatnonzero(first.hold(np.arange(45))).tolist() == sorted(inside)


def test_they_are_cut_where_they_are_to_be() -> None:
    found = intervals([0, 10, 20, 30]).cut(np.array([5, 15, 20]))
    assert found.start_ns.tolist() == [0, 5, 20]
    assert found.end_ns.tolist() == [5, 10, 30]


def test_what_touches_is_one_run() -> None:
    found = runs(np.array([0, 1, 3, 6, 9]), np.array([True, True, False, True]))
    assert (found.start_ns.tolist(), found.end_ns.tolist()) == ([0, 6], [3, 9])


def test_what_an_earlier_one_covers_is_taken_from_a_later_one() -> None:
    found = without_overlap(np.array([0, 5, 6, 20]), np.array([10, 15, 8, 30]))
    assert found.start_ns.tolist() == [0, 10, 15, 20]
    assert found.end_ns.tolist() == [10, 15, 15, 30]
