import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Kind, from_columns
from analysis.folds.busy import busy_ns, union_ns

INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=20)


@given(INTERVALS)
def test_a_union_counts_each_nanosecond_once(intervals: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in intervals], dtype=np.int64)
    ends = np.array([start + length for start, length in intervals], dtype=np.int64)
    covered = {ns for start, length in intervals for ns in range(start, start + length)}
    assert union_ns(starts, ends) == len(covered)


def test_only_device_work_keeps_a_device_busy() -> None:
    kinds = [Kind.KERNEL, Kind.MEMCPY, Kind.KERNEL, Kind.ASYNC, Kind.ANNOTATION, Kind.OP]
    block = from_columns(
        6,
        kind=kinds,
        device=[0, 0, 1, 1, 0, -1],
        start_ns=[0, 5, 100, 0, 0, 0],
        duration_ns=[10, 10, 7, 1000, 1000, 1000],
    )
    assert busy_ns(block) == {0: 15, 1: 7}
    assert busy_ns(from_columns(0)) == {}
