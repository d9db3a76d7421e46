import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import from_columns
from analysis.folds.attribution import shares_ns

UNIT = 60  # can be parted among up to six threads without a rest
Event = tuple[int, int, int, int]  # rank, thread, start, duration
EVENTS = st.lists(
    st.tuples(st.integers(-1, 1), st.integers(0, 3), st.integers(0, 30), st.integers(0, 12)),
    max_size=20,
)
WINDOWS = st.lists(st.integers(0, 40), max_size=6, unique=True).map(sorted)


def shares(events: list[Event], edges: list[int], unit: int = 1) -> np.ndarray:
    rank, thread, start, duration = (np.array(c) for c in zip(*events, strict=True))
    count = len(events)
    block = from_columns(
        count,
        event_id=np.arange(count),
        process=np.ones(count),
        thread=thread,
        start_ns=start * unit,
        duration_ns=duration * unit,
    )
    pairs = np.array(edges[: len(edges) // 2 * 2], dtype=np.int64).reshape(-1, 2) * unit
    order = block.time_order()
    block = block.take(order)
    found = shares_ns(block, rank[order], block.start_ns, block.end_ns, (pairs[:, 0], pairs[:, 1]))
    result = np.zeros(count, dtype=np.int64)
    result[order] = found
    return result


def by_definition(events: list[Event], edges: list[int]) -> list[int]:
    """Instant by instant: the innermost of each thread, of those the highest rank, equal parts."""
    own = [0] * len(events)
    for instant in range(45):
        if not sum(edge <= instant for edge in edges[: len(edges) // 2 * 2]) % 2:
            continue
        for rank in (1, 0):
            owners = {}
            for row, (own_rank, thread, start, duration) in enumerate(events):
                if own_rank == rank and start <= instant < start + duration:
                    best = owners.get(thread)
                    key = (start, -duration, row)
                    if best is None or key > best[0]:
                        owners[thread] = (key, row)
            if owners:
                for _, row in owners.values():
                    own[row] += UNIT // len(owners)
                break
    return own


@given(EVENTS.filter(bool), WINDOWS)
def test_each_instant_is_parted_as_the_definition_says(
    events: list[Event], edges: list[int]
) -> None:
    assert shares(events, edges, UNIT).tolist() == by_definition(events, edges)


@given(EVENTS.filter(bool), WINDOWS)
def test_no_nanosecond_is_lost_or_counted_twice(events: list[Event], edges: list[int]) -> None:
    inside = set()
    for begin, end in zip(edges[::2], edges[1::2], strict=False):
        inside |= set(range(begin, end))
    active = {
        instant
        for rank, _, start, duration in events
        if rank >= 0
        for instant in range(start, start + duration)
    }
    assert shares(events, edges).sum() == len(inside & active)


def test_work_on_a_device_has_no_part_in_the_hosts_time() -> None:
    block = from_columns(1, start_ns=[0], duration_ns=[9], device=[0])
    windows = (np.array([0]), np.array([9]))
    found = shares_ns(block, np.array([1]), block.start_ns, block.end_ns, windows)
    assert found.tolist() == [0]


def test_nanoseconds_that_can_not_be_parted_go_to_those_that_began_first() -> None:
    events = [(1, thread, 3 - thread, 10 + thread) for thread in range(4)]
    # From 3 on four are active, threads 3 to 0 in the order in which they began, for 10 ns.
    assert shares(events, [3, 14]).tolist() == [2, 2, 3, 3]
    assert shares(events, [3, 6]).tolist() == [0, 1, 1, 1]
    assert shares(events, [0, 4]).tolist() == [0, 0, 0, 4]
