from hypothesis import given
from hypothesis import strategies as st

from analysis.charts.placing import Box, placed

NAMES = st.tuples(st.floats(0, 300), st.floats(0, 200), st.floats(5, 90), st.just(10.0))
INSIDE = Box(0, 0, 300, 200)


@given(st.lists(NAMES, max_size=25))
def test_names_cover_neither_each_other_nor_a_point(
    wanted: list[tuple[float, float, float, float]],
) -> None:
    taken = [Box(x - 4, y - 4, x + 4, y + 4) for x, y, *_ in wanted]
    found = placed(wanted, taken, INSIDE, 6)
    assert len(found) == len(wanted)
    boxes = [box for box in found if box]
    for at, box in enumerate(boxes):
        assert INSIDE.left <= box.left
        assert box.right <= INSIDE.right
        assert INSIDE.low <= box.low
        assert box.high <= INSIDE.high
        assert not any(box.meets(other) for other in [*taken, *boxes[:at]])


def test_a_lone_name_stands_to_the_right_or_where_there_is_room() -> None:
    (right,) = placed([(100, 100, 50, 10)], [], INSIDE, 6)
    assert right == Box(106, 95, 156, 105)
    (left,) = placed([(290, 100, 50, 10)], [], INSIDE, 6)
    assert left == Box(234, 95, 284, 105)
    assert placed([(100, 100, 400, 10)], [], INSIDE, 6) == [None]
