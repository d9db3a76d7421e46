from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Block, Kind, from_columns
from analysis.columns import Int64
from analysis.folds.busy import union_ns
from analysis.folds.selftime import latest_open
from analysis.folds.selftime import nest as nest_window
from analysis.windows import whole

Event = tuple[Kind, int, int, int]  # kind, thread, start, duration
KINDS = st.sampled_from(
    [Kind.OP, Kind.RUNTIME, Kind.PYTHON, Kind.ANNOTATION, Kind.STEP, Kind.MEMORY]
)
EVENTS = st.lists(
    st.tuples(KINDS, st.integers(0, 1), st.integers(0, 30), st.integers(0, 15)), max_size=25
)
LEVELS = {Kind.ANNOTATION: 0, Kind.STEP: 0, Kind.PYTHON: 1, Kind.RUNTIME: 1, Kind.OP: 2}


def block_of(events: list[Event]) -> Block:
    kinds, threads, starts, durations = zip(*events, strict=True) if events else ((),) * 4
    return from_columns(
        len(events),
        event_id=range(len(events)),
        kind=kinds,
        process=np.ones(len(events)),
        thread=threads,
        start_ns=starts,
        duration_ns=durations,
    )


def nest(block: Block) -> tuple[Int64, Int64]:
    """Parents and self times of rows in any order, which are named by their `event_id`."""
    window = whole(block)
    place = {number: row for row, number in enumerate(block.event_id.tolist())}
    order = np.array([place[n] for n in window.block.event_id.tolist()], dtype=np.intp)
    parent_row, self_ns = nest_window(window)
    parents, own = np.full(len(block), -1), np.zeros(len(block), dtype=np.int64)
    parents[order] = np.where(parent_row >= 0, order[parent_row] if len(order) else -1, -1)
    own[order] = self_ns
    return parents, own


def began_last(events: list[Event], rows: list[int]) -> int:
    """Of these rows the one that is last in nested order."""
    return max(rows, key=lambda row: (events[row][2], -events[row][3], row), default=-1)


def owners(events: list[Event], thread: int, level: int) -> dict[int, int]:
    """Self times by the definition: each nanosecond goes to the open event that began last."""
    own: dict[int, int] = defaultdict(int)
    rows = [row for row, event in enumerate(events) if LEVELS.get(event[0], -1) >= level]
    for instant in range(50):
        at_it = [
            row
            for row in rows
            if events[row][1] == thread
            and events[row][2] <= instant < events[row][2] + events[row][3]
        ]
        if at_it:
            own[began_last(events, at_it)] += 1
    return own


@given(EVENTS)
def test_self_times_are_what_the_definition_says(events: list[Event]) -> None:
    _, self_ns = nest(block_of(events))
    by_level = [{} for _ in range(3)]
    for level in range(3):
        for thread in (0, 1):
            by_level[level] |= owners(events, thread, level)
    expected = [
        by_level[LEVELS[event[0]]].get(row, 0) if event[0] in LEVELS else 0
        for row, event in enumerate(events)
    ]
    assert self_ns.tolist() == expected


@given(EVENTS)
def test_the_parent_is_the_open_event_that_began_last(events: list[Event]) -> None:
    assert_parents(events)


def assert_parents(events: list[Event]) -> None:
    parent_row, _ = nest(block_of(events))
    for row, (kind, thread, start, duration) in enumerate(events):
        if kind == Kind.MEMORY:
            assert parent_row[row] == -1
            continue
        place = (start, -duration, row)
        around = [
            other
            for other, (other_kind, other_thread, begin, length) in enumerate(events)
            if other_kind != Kind.MEMORY
            and other_thread == thread
            and (begin, -length, other) < place
            and begin + length > start
        ]
        assert parent_row[row] == began_last(events, around)


@given(EVENTS)
def test_self_times_of_a_track_add_up_to_its_union(events: list[Event]) -> None:
    ops = [event for event in events if event[0] == Kind.OP]
    block = block_of(ops)
    _, self_ns = nest(block)
    for thread in (0, 1):
        rows = block.thread == thread
        assert self_ns[rows].sum() == union_ns(block.start_ns[rows], block.end_ns[rows])
    assert (self_ns >= 0).all()


def test_what_is_recorded_around_and_inside_an_op_does_not_change_its_own_time() -> None:
    ops = [(Kind.OP, 0, 10, 20), (Kind.OP, 0, 14, 4)]
    around = [
        (Kind.ANNOTATION, 0, 0, 100),
        (Kind.PYTHON, 0, 11, 10),
        (Kind.ANNOTATION, 0, 12, 8),
    ]
    parent_row, self_ns = nest(block_of(ops + around))
    assert self_ns.tolist() == [16, 4, 80, 6, 4]
    assert parent_row.tolist() == [2, 4, -1, 0, 3]


def test_an_event_that_outlives_its_parent() -> None:
    parent_row, self_ns = nest(block_of([(Kind.OP, 0, 0, 10), (Kind.OP, 0, 5, 10)]))
    assert parent_row.tolist() == [-1, 0]
    assert self_ns.tolist() == [5, 10]


def test_a_call_that_launches_work_is_no_part_of_its_ops_own_time() -> None:
    block = from_columns(
        3,
        event_id=[0, 1, 2],
        kind=[Kind.OP, Kind.RUNTIME, Kind.RUNTIME],
        start_ns=[0, 1, 5],
        duration_ns=[10, 2, 3],
        correlation=[-1, 7, -1],
    )
    assert nest(block)[1].tolist() == [8, 2, 3]


def test_kernels_of_two_streams_do_not_nest() -> None:
    block = from_columns(
        2,
        event_id=[0, 1],
        kind=[Kind.KERNEL] * 2,
        process=[0, 0],
        thread=[7, 7],
        stream=[7, 8],
        start_ns=[0, 2],
        duration_ns=[10, 3],
    )
    parent_row, self_ns = nest(block)
    assert parent_row.tolist() == [-1, -1]
    assert self_ns.tolist() == [10, 3]


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(events: list[Event], random: object) -> None:
    block = block_of(events)
    shuffled = list(range(len(events)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    order = np.array(shuffled, dtype=np.intp)
    parent_row, self_ns = nest(block)
    mixed_parent, mixed_self = nest(block.take(order))
    assert mixed_self.tolist() == self_ns[order].tolist()
    back = [order[row] if row >= 0 else -1 for row in mixed_parent.tolist()]
    assert back == parent_row[order].tolist()


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=12),
    st.lists(st.integers(-2, 45), max_size=12),
)
def test_the_latest_begun_of_the_open_intervals(
    intervals: list[tuple[int, int]], times: list[int]
) -> None:
    intervals = sorted(intervals, key=lambda each: (each[0], -each[1]))
    starts = np.array([start for start, _ in intervals], dtype=np.int64)
    ends = np.array([start + length for start, length in intervals], dtype=np.int64)
    expected = [
        max((n for n, (s, size) in enumerate(intervals) if s <= time < s + size), default=-1)
        for time in times
    ]
    assert latest_open(starts, ends, np.array(times, dtype=np.int64)).tolist() == expected


def nested_events(draw: st.DrawFn, begin: int, end: int, depth: int) -> list[Event]:
    """An event from begin to end, with others inside that touch but don't overlap."""
    events: list[Event] = [(Kind.OP, 0, begin, end - begin)]
    if depth:
        edges = sorted(draw(st.lists(st.integers(begin, end), max_size=6)))
        for first, last in zip(edges[::2], edges[1::2], strict=False):
            events += nested_events(draw, first, last, depth - 1)
    return events


@st.composite
def trees(draw: st.DrawFn) -> list[Event]:
    return nested_events(draw, 0, 20, 3) + nested_events(draw, 20, 30, 2)


@given(trees())
def test_the_parent_of_what_lies_inside_others_is_the_innermost(events: list[Event]) -> None:
    assert_parents(events)


def test_calls_may_be_nested_deeply() -> None:
    events = [(Kind.PYTHON, 0, level, 200 - 2 * level) for level in range(90)]
    parents, own_ns = nest(block_of(events))
    assert parents.tolist() == list(range(-1, 89))
    assert own_ns.tolist() == [2] * 89 + [22]
