from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters.lanes import Lanes

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=40)


@given(spans=SPANS)
def test_slices_of_a_lane_nest_and_each_ends_once_in_order(spans: list[tuple[int, int]]) -> None:
    rows = sorted(((start, start + length) for start, length in spans), key=lambda s: (s[0], -s[1]))
    lanes, stacks, ends, now = Lanes(), dict[int, list[int]](), [], 0
    for start, end in rows:
        lane = lanes.place(start, end)
        for ended, number in lanes.ended:
            assert now <= ended <= start
            assert stacks[number].pop() == ended
            now = ended
            ends.append(ended)
        assert all(end <= around for around in stacks.setdefault(lane, []))
        stacks[lane].append(end)
        now = start
    for ended, number in lanes.left():
        assert stacks[number].pop() == ended
        ends.append(ended)
    assert sorted(ends) == sorted(end for _, end in rows)
    assert list(stacks) == list(range(len(stacks)))


def test_what_nests_needs_one_lane_and_what_overlaps_in_part_another() -> None:
    lanes = Lanes()
    assert [lanes.place(*span) for span in ((0, 10), (0, 5), (5, 10), (8, 10))] == [0, 0, 0, 0]
    assert lanes.place(9, 11) == 1
    assert lanes.place(10, 12) == 0
