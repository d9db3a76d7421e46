import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Block, Kind, Strings, from_columns
from analysis.folds.links import Launches, LinkTable
from analysis.windows import EventWindow, first_window


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
    numbers = np.arange(len(rows), dtype=np.int32).reshape(-1, 1)
    linked, _, values = Launches(Strings()).resolve(EventWindow(block), numbers)
    assert values[:, 0].tolist() == [1, -1, -1, -1, -1, 1, -1, -1]
    assert np.flatnonzero(linked).tolist() == [0, 5]


KEYS = st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=12)


@pytest.mark.parametrize("latest", [False, True])
@pytest.mark.parametrize("memory_bytes", [0, 1 << 20])
@given(added=KEYS, wanted=st.lists(st.integers(0, 6), max_size=8))
def test_a_table_of_links_is_a_dictionary_in_memory_or_on_disk(
    added: list[list[int]], wanted: list[int], latest: bool, memory_bytes: int
) -> None:
    table = LinkTable(memory_bytes=memory_bytes, latest_counts=latest)
    expected: dict[int, int] = {}
    value = 0
    for keys in added:
        now: dict[int, int] = {}
        values = list(range(value, value + len(keys)))
        value += len(keys)
        for key, number in zip(keys, values, strict=True):
            now.setdefault(key, number)
        expected = expected | now if latest else now | expected
        table.add(np.array(keys, dtype=np.int64), np.array(values, np.int32).reshape(-1, 1))
    found, values_found = table.find(np.array(wanted, dtype=np.int64), 1)
    assert found.tolist() == [key in expected for key in wanted]
    assert values_found[:, 0].tolist() == [expected.get(key, -1) for key in wanted]


def calls(*rows: tuple[str, Kind, int, int], strings: Strings) -> Block:
    names, kinds, correlations, starts = zip(*rows, strict=True)
    return from_columns(
        len(rows),
        event_id=starts,
        name=[strings.number(name) for name in names],
        kind=kinds,
        device=[0 if kind == Kind.KERNEL else -1 for kind in kinds],
        correlation=correlations,
        start_ns=starts,
        duration_ns=1,
    )


def test_a_launch_is_remembered_until_its_work_comes_and_a_graph_for_good() -> None:
    strings = Strings()
    fold = Launches(strings)
    windows = [
        calls(
            ("cudaLaunchKernel", Kind.RUNTIME, 1, 0),
            ("cudaGraphLaunch", Kind.RUNTIME, 2, 2),
            ("cudaStreamSynchronize", Kind.RUNTIME, 3, 4),
            strings=strings,
        ),
        calls(("k", Kind.KERNEL, 1, 10), ("g", Kind.KERNEL, 2, 12), strings=strings),
        calls(
            ("g", Kind.KERNEL, 2, 20),
            ("x", Kind.KERNEL, 3, 22),
            ("k", Kind.KERNEL, 1, 24),
            strings=strings,
        ),
    ]
    window, found = first_window(), []
    for block in windows:
        window = window.following(block, None)
        context = np.stack([window.block.start_ns + 100], axis=1).astype(np.int32)
        linked, _, values = fold.resolve(window, context)
        found += [value if known else None for known, (value,) in zip(linked, values, strict=True)]
    assert found[3:] == [100, 102, 102, None, None]
