from collections.abc import Container
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import from_columns
from analysis.folds.attribution import Shares, shares
from analysis.folds.intervals import Intervals
from analysis.folds.selftime import nest
from analysis.windows import EventWindow

UNIT = 60  # can be parted among up to six threads without a rest
Event = tuple[int, int, int, int]  # rank, thread, start, duration
EVENTS = st.lists(
    st.tuples(st.integers(-1, 2), st.integers(0, 3), st.integers(0, 30), st.integers(0, 12)),
    max_size=20,
)
WINDOWS = st.lists(st.integers(0, 40), max_size=6, unique=True).map(sorted)


def found(
    events: list[Event], edges: list[int], unit: int = 1, waiting: Container[int] = ()
) -> tuple[Shares, np.ndarray]:
    """The shares, and each event's row."""
    rank, thread, start, duration = (np.array(c) for c in zip(*events, strict=True))
    count = len(events)
    block = from_columns(
        count,
        event_id=np.arange(count),
        kind=np.zeros(count),
        process=np.ones(count),
        thread=thread,
        start_ns=start * unit,
        duration_ns=duration * unit,
    )
    pairs = np.array(edges[: len(edges) // 2 * 2], dtype=np.int64).reshape(-1, 2) * unit
    order = block.time_order()
    window = EventWindow(block.take(order))
    window.parent_row, _ = nest(window)
    waits = np.array([row in waiting for row in order.tolist()])
    windows = Intervals(pairs[:, 0], pairs[:, 1])
    return shares(window, rank[order], windows, waits), np.argsort(order)


def of_events(events: list[Event], edges: list[int], unit: int = 1) -> list[int]:
    parted, row = found(events, edges, unit)
    return parted.time_ns[row].tolist()  # type: ignore[no-any-return]


def by_definition(
    events: list[Event], edges: list[int], waiting: Container[int]
) -> tuple[list[int], list[int], list[int]]:
    """Instant by instant: the innermost of each thread, of those the highest rank, equal parts.

    And the instants at which each was one of these, and those at which there was none.
    """
    own, active, free = [0] * len(events), [0] * len(events), []
    for instant in range(45):
        if not sum(edge <= instant for edge in edges[: len(edges) // 2 * 2]) % 2:
            continue
        for waits, rank in product((False, True), (2, 1, 0)):
            owners = {}
            for row, (own_rank, thread, start, duration) in enumerate(events):
                if own_rank == rank and start <= instant < start + duration:
                    best = owners.get(thread)
                    key = (start, -duration, row)
                    if best is None or key > best[0]:
                        owners[thread] = (key, row)
            owners = {t: each for t, each in owners.items() if (each[1] in waiting) == waits}
            if owners:
                for _, row in owners.values():
                    own[row] += UNIT // len(owners)
                    active[row] += UNIT
                break
        else:
            free.append(instant)
    return own, active, free


@given(EVENTS.filter(bool), WINDOWS, st.sets(st.integers(0, 19), max_size=5))
def test_each_instant_is_parted_as_the_definition_says(
    events: list[Event], edges: list[int], waiting: set[int]
) -> None:
    own, active, free = by_definition(events, edges, waiting)
    parted, row = found(events, edges, UNIT, waiting)
    assert parted.time_ns[row].tolist() == own
    assert parted.active_ns[row].tolist() == active
    gaps = zip(*(ns.tolist() for ns in parted.free()), strict=True)
    assert [at for begin, end in gaps for at in range(begin // UNIT, end // UNIT)] == free


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
    assert sum(of_events(events, edges)) == len(inside & active)


@given(EVENTS.filter(bool), st.integers(0, 40))
def test_a_cut_in_time_changes_no_share(events: list[Event], cut: int) -> None:
    parts = (of_events(events, [0, cut]), of_events(events, [cut, 45]))
    assert [sum(each) for each in zip(*parts, strict=True)] == of_events(events, [0, 45])


def test_nanoseconds_that_can_not_be_parted_go_round_by_the_clock() -> None:
    events = [(1, thread, 3 - thread, 10 + thread) for thread in range(4)]
    assert of_events(events, [4, 13]) == [3, 2, 2, 2]  # 4 mod 4: thread 0 first
    assert of_events(events, [6, 9]) == [1, 0, 1, 1]
    assert of_events(events, [0, 4]) == [0, 0, 0, 4]


def test_the_value_of_what_was_active() -> None:
    events = [(1, 0, 0, 10), (1, 1, 5, 10), (0, 2, 0, 30)]
    parted, row = found(events, [0, 40])
    value = np.full(3, -1)
    value[row] = [-1, 7, 8]
    spans, values = parted.owners(value, 2, 40)
    assert [(s, e) for s, e in zip(*(ns.tolist() for ns in spans), strict=True)] == [
        *((5, 10), (10, 15), (15, 30))
    ]
    assert values.tolist() == [7, 7, 8]
