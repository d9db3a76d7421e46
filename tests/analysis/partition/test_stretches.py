import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Strings
from analysis.folds.intervals import Intervals
from analysis.partition import stretches
from analysis.partition.stretches import Lanes, Stretch

STRINGS = Strings()
NUMBERS = {name: STRINGS.number(name) for name in ("forward", "backward")}


def found(rows: list[tuple[int, int, str]]) -> list[Stretch]:
    lanes = Lanes()
    for start, end, phase in rows:
        time = Intervals(np.array([start]), np.array([end]))
        lanes.add("host", time, np.array([NUMBERS.get(phase, -1)]))
    return lanes.stretches(STRINGS, 100)


def test_what_follows_in_one_phase_is_one_stretch() -> None:
    rows = [(100, 110, "forward"), (110, 130, "forward"), (130, 140, ""), (150, 160, "")]
    assert found(rows) == [
        Stretch("host", 0, 30, "forward"),
        Stretch("host", 30, 10, ""),
        Stretch("host", 50, 10, ""),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), st.sampled_from([*NUMBERS, ""]))),
    st.integers(1, 6),
)
def test_there_are_no_more_than_can_be_drawn(rows: list[tuple[int, int, str]], most: int) -> None:
    clock, placed = 100, []
    for gap, length, phase in rows:
        placed.append((clock + gap, clock + gap + length, phase))
        clock += gap + length
    before, stretches.MOST_STRETCHES = stretches.MOST_STRETCHES, most
    try:
        drawn = found(placed)
    finally:
        stretches.MOST_STRETCHES = before
    assert len(drawn) <= most
    assert (drawn == []) == (rows == [])
    ends = [each.start_ns + each.duration_ns for each in drawn]
    assert all(end <= each.start_ns for end, each in zip(ends, drawn[1:], strict=False))
    assert all(each.duration_ns > 0 for each in drawn)


def test_small_gaps_go_first() -> None:
    rows = [(100, 110, ""), (111, 120, ""), (140, 150, ""), (160, 161, "forward")]
    before, stretches.MOST_STRETCHES = stretches.MOST_STRETCHES, 3
    try:
        assert found(rows) == [
            Stretch("host", 0, 20, ""),
            Stretch("host", 40, 10, ""),
            Stretch("host", 60, 1, "forward"),
        ]
        stretches.MOST_STRETCHES = 1
        assert found(rows) == [Stretch("host", 0, 50, "")]
    finally:
        stretches.MOST_STRETCHES = before
