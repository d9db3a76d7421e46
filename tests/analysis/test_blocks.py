import numpy as np
import pytest

from analysis.blocks import DTYPES, Block, Strings, concat, from_columns
from analysis.columns import runs_of_equal


def test_texts_get_the_same_number_again() -> None:
    strings = Strings()
    assert [strings.number(text) for text in ("a", "bc", "a", "")] == [0, 1, 0, 2]
    assert (strings[1], strings[-1], len(strings)) == ("bc", "", 3)
    assert strings.any_starts_with("b")
    assert not strings.any_starts_with("c")


def test_columns_that_are_not_given_are_unknown_and_the_rank_is_0() -> None:
    block = from_columns(2, start_ns=[2**61, 5], duration_ns=[1, 2])
    assert block.start_ns.dtype == np.int64
    assert block.end_ns.tolist() == [2**61 + 1, 7]
    assert block.total_bytes.tolist() == [-1, -1]
    assert block.rank.tolist() == [0, 0]
    assert set(DTYPES) == set(Block.__slots__)


def test_enclosing_events_come_first_on_each_track() -> None:
    rows = [(1, 5, 0, 10), (1, 5, 0, 20), (0, 9, 3, 1), (1, 5, 2, 1), (1, 4, 9, 1)]
    process, thread, start_ns, duration_ns = zip(*rows, strict=True)
    block = from_columns(
        5,
        event_id=range(5),
        process=process,
        thread=thread,
        start_ns=start_ns,
        duration_ns=duration_ns,
    )
    order = block.nested_order()
    assert order.tolist() == [2, 4, 1, 0, 3]
    assert block.take(order).event_id.tolist() == [2, 4, 1, 0, 3]


def test_blocks_in_a_row() -> None:
    parts = [from_columns(1, name=[3]), from_columns(0), from_columns(2, name=[4, 5])]
    assert concat(parts).name.tolist() == [3, 4, 5]
    assert len(concat([])) == 0


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (([], []), []),
        (([1], [1]), [(0, 1)]),
        (([1, 1, 2, 2], [0, 0, 0, 1]), [(0, 2), (2, 3), (3, 4)]),
    ],
)
def test_stretches_of_equal_rows(
    columns: tuple[list[int], list[int]], expected: list[tuple[int, int]]
) -> None:
    assert list(runs_of_equal(*(np.array(column) for column in columns))) == expected
