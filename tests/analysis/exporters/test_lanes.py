from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters import lanes
from analysis.exporters.lanes import TOO_MANY, Lanes

SPANS = st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 20)), max_size=40)


def ordered(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Starts and ends, those that enclose others before these."""
    rows = [(start, start + length) for start, length in spans]
    return sorted(rows, key=lambda span: (span[0], -span[1]))


def placed(rows: list[tuple[int, int]]) -> tuple[list[int], int, int]:
    """The lane of each slice, the most lanes and the most levels; each ends once, by its end."""
    found, stacks, ends = Lanes(), dict[int, list[int]](), list[int]()
    numbers: list[int] = []
    now = lanes.EVER_NS
    levels = 0
    for start, end in rows:
        number = found.place(start, end)
        for ended, lane in found.ended:
            assert now <= ended <= start
            assert stacks[lane].pop() == ended
            now = ended
            ends.append(ended)
        numbers.append(number)
        if number == TOO_MANY:
            continue
        assert all(end <= around for around in stacks.setdefault(number, []))
        stacks[number].append(end)
        levels = max(levels, len(stacks[number]))
        now = start
    for ended, lane in found.left():
        assert stacks[lane].pop() == ended
        ends.append(ended)
    kept = [end for (_, end), number in zip(rows, numbers, strict=True) if number >= 0]
    assert sorted(ends) == sorted(kept)
    assert list(stacks) == list(range(len(stacks)))
    return numbers, len(stacks), levels


@given(spans=SPANS)
def test_slices_of_a_lane_nest_and_each_ends_once_in_order(spans: list[tuple[int, int]]) -> None:
    numbers, _, _ = placed(ordered(spans))
    assert TOO_MANY not in numbers


def test_what_nests_needs_one_lane_and_what_overlaps_in_part_another() -> None:
    found = Lanes()
    assert [found.place(*span) for span in ((0, 10), (0, 5), (5, 10), (8, 10))] == [0, 0, 0, 0]
    assert found.place(9, 11) == 1
    assert found.place(10, 12) == 0


@given(spans=SPANS, most=st.integers(1, 3), deepest=st.integers(1, 3))
def test_limits_hold_and_a_slice_is_left_only_where_no_lane_has_room(
    spans: list[tuple[int, int]], most: int, deepest: int
) -> None:
    kept = lanes.MOST_LANES, lanes.DEEPEST
    lanes.MOST_LANES, lanes.DEEPEST = most, deepest
    try:
        rows = ordered(spans)
        numbers, lane_count, levels = placed(rows)
    finally:
        lanes.MOST_LANES, lanes.DEEPEST = kept
    assert lane_count <= most
    assert levels <= deepest
    for place, number in enumerate(numbers):
        if number == TOO_MANY:
            assert_no_room(rows, numbers, place, most, deepest)


def assert_no_room(rows: Any, numbers: list[int], place: int, most: int, deepest: int) -> None:
    """In each lane something is open that ends before this slice does, or as many as can be."""
    start, end = rows[place]
    for lane in range(most):
        around = [
            rows[other]
            for other in range(place)
            if numbers[other] == lane and rows[other][1] > start
        ]
        assert around
        assert len(around) == deepest or min(stop for _, stop in around) < end


def test_times_before_the_first_second_of_unix_time() -> None:
    found = Lanes()
    assert [found.place(*span) for span in ((-10, -1), (-9, -5), (-6, -2), (-5, -2))] == [
        *(0, 0, 1, 1)
    ]
