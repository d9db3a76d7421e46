import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Int64, Kind, from_columns
from analysis.folds.links import inherit, launches, lookup, within


@st.composite
def forests(draw: st.DrawFn) -> tuple[Int64, Int64]:
    """Parents (each before or after its children) and seeds."""
    count = draw(st.integers(0, 30))
    parents = [draw(st.integers(-1, row - 1)) for row in range(count)]
    seeds = [draw(st.sampled_from([-1, -1, -1, 0, 5])) for _ in range(count)]
    return np.array(parents, dtype=np.int64), np.array(seeds, dtype=np.int64)


@given(forests())
def test_a_row_inherits_from_the_nearest_row_that_has_something(
    forest: tuple[Int64, Int64],
) -> None:
    parents, seeds = forest
    expected = []
    for start in range(len(parents)):
        row = start
        while row >= 0 and seeds[row] < 0:
            row = parents[row]
        expected.append(seeds[row] if row >= 0 else -1)
    before = seeds.copy()
    assert inherit(parents, seeds).tolist() == expected
    assert seeds.tolist() == before.tolist()


def test_a_deep_stack() -> None:
    parents = np.arange(-1, 4999)
    seeds = np.full(5000, -1)
    seeds[0] = 7
    assert (inherit(parents, seeds) == 7).all()


def test_device_work_finds_the_call_that_launched_it() -> None:
    rows = [
        (Kind.KERNEL, 0, 11, 50),
        (Kind.RUNTIME, -1, 11, 10),
        (Kind.RUNTIME, -1, 11, 12),  # a second call with the same number
        (Kind.ASYNC, 0, 11, 5),  # a mark on the device is no launch
        (Kind.MEMCPY, 0, 12, 60),
        (Kind.KERNEL, 0, 11, 70),  # a graph: one launch, many kernels
        (Kind.OP, -1, 12, 0),
        (Kind.KERNEL, 0, -1, 80),
    ]
    kinds, devices, correlations, starts = zip(*rows, strict=True)
    block = from_columns(
        len(rows), kind=kinds, device=devices, correlation=correlations, start_ns=starts
    )
    assert launches(block).tolist() == [1, -1, -1, -1, -1, 1, -1, -1]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12),
)
def test_lookup_is_a_dictionary(keys: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> None:
    table = {key: 100 + row for row, key in reversed(list(enumerate(keys)))}
    found = lookup(
        [np.array([key[i] for key in keys], dtype=np.int64) for i in (0, 1)],
        100 + np.arange(len(keys)),
        [np.array([key[i] for key in wanted], dtype=np.int64) for i in (0, 1)],
    )
    assert found.tolist() == [table.get(key, -1) for key in wanted]


def test_an_interval_holds_its_start_and_not_its_end() -> None:
    found = within(np.array([-1, 0, 9, 10, 20, 29, 30]), np.array([0, 20]), np.array([10, 30]))
    assert found.tolist() == [-1, 0, 0, -1, 1, 1, -1]
    assert within(np.array([3]), np.array([], dtype=int), np.array([], dtype=int)).tolist() == [-1]
