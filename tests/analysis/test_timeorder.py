import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import DTYPES, Block, concat, from_columns
from analysis.timeorder import TimeOrder

STARTS = st.lists(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=12), max_size=9
)


def blocks_of(parts: list[list[tuple[int, int]]]) -> list[Block]:
    blocks, first = [], 0
    for part in parts:
        numbers = np.arange(first, first + len(part))
        first += len(part)
        blocks.append(
            from_columns(
                len(part),
                event_id=numbers,
                name=numbers * 1000,
                start_ns=[start for start, _ in part],
                duration_ns=[length for _, length in part],
                process=7,
                thread=2**40 + numbers,
                correlation=-(2**62),
            )
        )
    return blocks


@pytest.mark.parametrize("memory_bytes", [0, 1 << 20])
@given(parts=STARTS, rows=st.integers(1, 20))
def test_windows_hold_all_events_in_order_of_time(
    parts: list[list[tuple[int, int]]], rows: int, memory_bytes: int
) -> None:
    blocks = blocks_of(parts)
    order = TimeOrder(rows, memory_bytes)
    for block in blocks:
        order.add(block)
    windows = list(order.windows())
    everything = concat(blocks)
    expected = everything.take(everything.time_order())
    found = concat([block for block, _ in windows])
    for name in DTYPES:
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    assert [edge for _, edge in windows][-1] is None
    for (block, edge), (following, _) in itertools.pairwise(windows):
        assert edge is not None
        assert block.start_ns.max() < edge <= following.start_ns.min()


def test_a_window_is_no_larger_than_asked_for_where_times_are_spread() -> None:
    order = TimeOrder(rows=800, memory_bytes=0)
    for first in range(0, 20_000, 500):
        numbers = np.arange(first, first + 500)
        order.add(from_columns(500, event_id=numbers, start_ns=numbers * 10, duration_ns=5))
    sizes = [len(block) for block, _ in order.windows()]
    assert sum(sizes) == 20_000
    assert max(sizes) <= 1000


def test_no_events_are_one_empty_window() -> None:
    [(block, edge)] = list(TimeOrder().windows())
    assert (len(block), edge) == (0, None)
