from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alignment import sequence
from analysis.alignment.sequence import common_subsequence, matched_ratio
from analysis.partition.record import Call

TOKENS = st.lists(st.integers(0, 4), max_size=40)


def length(left: Sequence[int], right: Sequence[int]) -> int:
    """The textbook's table."""
    row = [0] * (len(right) + 1)
    for one in left:
        before = row[:]
        for at, two in enumerate(right, start=1):
            row[at] = before[at - 1] + 1 if one == two else max(before[at], row[at - 1])
    return row[-1]


@given(TOKENS, TOKENS)
def test_the_subsequence_is_common_in_order_and_the_longest(
    left: list[int], right: list[int]
) -> None:
    pairs = common_subsequence(left, right)
    assert all(left[one] == right[two] for one, two in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))
    assert len(pairs) == length(left, right)


@given(TOKENS, TOKENS)
def test_sequences_too_large_for_a_table_are_parted(left: list[int], right: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequence, "LARGEST_TABLE_BITS", 8)
        assert len(common_subsequence(left, right)) == length(left, right)


def call(op: str, shapes: str = "", phase: str = "", time_ns: int = 10) -> Call:
    return Call(phase, op, f"aten::{op}", shapes, time_ns)


def test_what_has_no_counterpart_counts_by_its_time() -> None:
    left = [call("mm", time_ns=60), call("relu", time_ns=20)]
    right = [call("mm", time_ns=80), call("gelu", time_ns=40)]
    assert matched_ratio(left, right) == pytest.approx(140 / 200)


def test_shapes_part_calls_only_if_both_sides_have_them() -> None:
    left = [call("mm", "[2, 3]")]
    assert matched_ratio(left, [call("mm", "[4, 3]")]) == 0
    assert matched_ratio(left, [call("mm")]) == 1


def test_calls_are_compared_in_their_phase_if_both_sides_have_phases() -> None:
    left = [call("mm", phase="forward"), call("mm", phase="backward")]
    assert matched_ratio(left, [call("mm", phase="backward")]) == pytest.approx(20 / 30)
    assert matched_ratio(left, [call("mm"), call("mm")]) == 1


def test_an_operation_without_a_canonical_name_has_its_own() -> None:
    own = Call("", "", "custom", "", 5)
    assert matched_ratio([own], [own]) == 1
    assert matched_ratio([own], [Call("", "", "another", "", 5)]) == 0


def test_without_time_nothing_is_said() -> None:
    assert matched_ratio([], []) is None
