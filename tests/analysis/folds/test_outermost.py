import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Kind, Strings, from_columns
from analysis.folds.outermost import Works, exact_sums, marks
from analysis.folds.selftime import nest
from analysis.sums import Key
from analysis.windows import EventWindow, first_window

NO_KEY = Key(Kind.OP, *[-1] * (len(Key._fields) - 1))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 2**63 - 1)), max_size=20),
)
def test_sums_of_any_size_are_exact_and_unknown_ones_stay_so(values: list[tuple[int, int]]) -> None:
    group = np.array([each for each, _ in values], dtype=np.intp)
    found = exact_sums(group, np.array([value for _, value in values], dtype=np.int64), 4)
    for number in range(4):
        of_group = [value for each, value in values if each == number]
        assert found[number] == (None if -1 in of_group else sum(of_group))


def window_of(window: EventWindow, rows: list[tuple[int, int]], end_ns: int | None) -> EventWindow:
    block = from_columns(
        len(rows),
        event_id=range(len(rows)),
        kind=int(Kind.OP),
        start_ns=[start for start, _ in rows],
        duration_ns=[end - start for start, end in rows],
    )
    following = window.following(block, end_ns)
    following.parent_row, _ = nest(following)
    return following


def test_work_counts_once_also_where_the_event_around_it_began_windows_before() -> None:
    first = window_of(first_window(0), [(0, 100), (1, 5)], 10)
    rows = np.arange(2)
    found = marks(first, rows, np.array([60, 7]), np.array([8, -1]))
    assert found.counted.tolist() == [True, False]
    assert (found.flops.tolist(), found.bytes.tolist()) == ([60, -1], [8, -1])
    second = window_of(first, [(20, 30), (100, 110)], None)
    found = marks(second, np.arange(3), np.array([60, 7, 7]), np.array([8, -1, -1]))
    assert second.carried == 1
    assert found.counted.tolist() == [False, False, True]
    assert found.covered.tolist() == [True, True, True]
    assert (found.flops.tolist(), found.bytes.tolist()) == ([-1, -1, 7], [-1, -1, -1])


def test_what_is_around_counts_only_where_it_has_work_itself() -> None:
    window = window_of(first_window(0), [(0, 50), (10, 20), (11, 12), (60, 70)], None)
    found = marks(window, np.array([0, 1, 2, 3]), np.array([-1, 0, 9, -1]), np.full(4, -1))
    assert found.counted.tolist() == [False, True, False, False]
    assert found.covered.tolist() == [False, True, True, False]


def test_the_figures_of_the_source_go_before_formulas() -> None:
    strings = Strings()
    mm = NO_KEY._replace(name=strings.number("aten::mm"), shapes=strings.number("[[2,3],[3,4]]"))
    view = mm._replace(name=strings.number("aten::view"))
    kernel, call = mm._replace(kind=Kind.KERNEL), mm._replace(kind=Kind.RUNTIME)
    groups = {
        (*mm, -1, -1): (48, -1),
        (*mm, 50, -1): (50, -1),
        (*mm, -1, 7): (48, 7),
        (*view, -1, -1): (-1, -1),
        (*kernel, -1, -1): (-1, -1),
        (*kernel, 0, 7): (0, 7),
        (*call, 50, 7): (-1, -1),
    }
    flops, moved = Works(strings).of(np.array(list(groups), dtype=np.int64))
    assert list(zip(flops.tolist(), moved.tolist(), strict=True)) == list(groups.values())


def test_of_no_group_nothing_is_known() -> None:
    flops, moved = Works(Strings()).of(np.zeros((0, len(NO_KEY) + 2), dtype=np.int64))
    assert (len(flops), len(moved)) == (0, 0)
