"""What is read of real traces, held to figures that another program took from their JSON."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest

from analysis.annotate import fold_trace
from analysis.blocks import Block, Kind, concat
from analysis.folds.busy import union_ns
from analysis.folds.links import on_device
from analysis.groups import gather
from analysis.ops.table import Grouping, Table
from analysis.readers.kineto import KinetoTrace
from analysis.readers.kineto_events import KINDS

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2] / "data" / "kineto"
EXPECTED: dict[str, dict[str, Any]] = json.loads((DATA / "expected.json").read_text())
SMALL = [name for name, figures in EXPECTED.items() if figures["events"] < 30_000]
CROSSING = [name for name in SMALL if EXPECTED[name]["peculiarities"]["crossing_slices"]]


def read(name: str) -> tuple[KinetoTrace, Block]:
    trace = KinetoTrace(DATA / f"{name}.json.gz")
    return trace, concat(trace.blocks())


def by_kind(by_category: dict[str, int]) -> dict[Kind, int]:
    """Counts of categories as counts of kinds; a step is an annotation."""
    counts: Counter[Kind] = Counter()
    for category, count in by_category.items():
        if category in KINDS:
            counts[KINDS[category]] += count
    return dict(counts)


def kinds(block: Block) -> dict[Kind, int]:
    counts = Counter(Kind(kind) for kind in block.kind.tolist())
    counts[Kind.ANNOTATION] += counts.pop(Kind.STEP, 0)
    del counts[Kind.MEMORY]
    return dict(+counts)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_event_is_read_as_what_it_is(name: str) -> None:
    expected, (trace, block) = EXPECTED[name], read(name)
    phases, odd = expected["by_phase"], expected["peculiarities"]
    assert trace.base_ns == (expected["base_time_ns"] or 0)
    assert len(trace.devices) == expected["gpu_listed"]
    assert sorted({str(device["name"]) for device in trace.devices}) == expected["gpu"]
    assert kinds(block) == by_kind(expected["x_by_category"])
    is_memory = block.kind == Kind.MEMORY
    assert is_memory.sum() == expected["by_category"].get("cpu_instant_event", 0)
    assert len(block) + trace.marks == phases["X"] + phases.get("i", 0)
    assert trace.marks == max(0, odd["string_pid"] - 1)  # one is a name
    assert (trace.dropped_reasons, trace.repaired, trace.truncated, trace.notes) == (
        {},
        0,
        None,
        [],
    )
    kernels = block.kind == Kind.KERNEL
    streams = zip(block.device[kernels].tolist(), block.stream[kernels].tolist(), strict=True)
    assert sorted({f"{device}/{stream}" for device, stream in streams}) == [
        *expected["device_streams"]
    ]
    on_gpu = (block.kind == Kind.ANNOTATION) & (block.device >= 0)
    steps = [trace.strings[number].startswith("ProfilerStep#") for number in block.name[on_gpu]]
    assert sum(steps) == expected["profiler_steps_gpu"]
    assert (block.kind == Kind.STEP).sum() == expected["profiler_steps"]


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_odd_about_a_trace_is_kept(name: str) -> None:
    odd, (_, block) = EXPECTED[name]["peculiarities"], read(name)
    block = block.take(block.kind != Kind.MEMORY)
    assert kinds(block.take(block.duration_ns == 0)) == by_kind(odd["zero_dur"])
    assert (block.duration_ns < 0).sum() == odd["negative_dur"]
    assert (block.process < 0).sum() == odd["negative_pid"]
    frames = block.kind == Kind.PYTHON
    assert (frames & (block.process == 0)).sum() == odd["python_function_on_pid0"]
    assert not on_device(block)[frames].any()
    same = ("name", "start_ns", "duration_ns", "process", "thread")
    each = np.stack([getattr(block, column).astype(np.int64) for column in same], axis=1)
    assert len(each) - len(np.unique(each, axis=0)) == odd["exact_duplicates"]
    assert bool((np.diff(block.start_ns) < 0).any()) == (odd["ts_decreases"] > 0)
    if odd["integer_ts"]:
        assert not (block.start_ns % 1000).any()


def crossings(block: Block) -> Counter[tuple[Kind, Kind]]:
    """Pairs of events of a thread that overlap and don't enclose each other."""
    found: Counter[tuple[Kind, Kind]] = Counter()
    order = np.lexsort((-block.end_ns, block.start_ns, block.thread, block.process))
    open_events: list[tuple[int, Kind]] = []
    before: tuple[int, int] | None = None
    for row in order.tolist():
        place = int(block.process[row]), int(block.thread[row])
        start, end, kind = int(block.start_ns[row]), int(block.end_ns[row]), Kind(block.kind[row])
        if place != before:
            open_events, before = [], place
        while open_events and open_events[-1][0] <= start:
            open_events.pop()
        if open_events and end > open_events[-1][0]:
            found[open_events[-1][1], kind] += 1
            while open_events and open_events[-1][0] < end:
                open_events.pop()
        open_events.append((end, kind))
    return found


@pytest.mark.parametrize("name", CROSSING)
def test_events_that_cross_keep_their_length_and_share_their_time(name: str) -> None:
    """Python frames and the ops and steps that they cross; a sync that crosses a copy."""
    expected = EXPECTED[name]["peculiarities"]["crossing_by_category"]
    _, block = read(name)
    counts: Counter[tuple[Kind, Kind]] = Counter()
    for pair, count in expected.items():
        outer, inner = (KINDS[category] for category in pair.split("/"))
        counts[outer, inner] += count
    block.kind[block.kind == Kind.STEP] = Kind.ANNOTATION
    assert crossings(block.take(block.kind != Kind.MEMORY)) == counts
    folded = fold_trace(KinetoTrace(DATA / f"{name}.json.gz"))
    host = folded.block
    launches = (host.kind == Kind.RUNTIME) & (host.correlation >= 0)
    rows = np.flatnonzero((host.kind == Kind.OP) | launches)
    for thread in np.unique(host.thread[rows]).tolist():
        some = rows[host.thread[rows] == thread]
        spent_ns = union_ns(host.start_ns[some], host.end_ns[some])
        assert folded.self_ns[some].sum() == spent_ns
    assert (folded.self_ns >= 0).all()


@pytest.mark.parametrize("name", SMALL)
def test_the_order_in_the_file_changes_nothing(name: str, tmp_path: Path) -> None:
    document = msgspec.json.decode(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))
    events = document["traceEvents"]
    document["traceEvents"] = sorted(events, key=lambda event: event.get("ts", 0))
    assert document["traceEvents"] != events or not EXPECTED[name]["peculiarities"]["ts_decreases"]
    path = tmp_path / "sorted.json"
    path.write_bytes(msgspec.json.encode(document))
    recorded, in_order = (
        Table(gather(KinetoTrace(each, memory=False))) for each in (DATA / f"{name}.json.gz", path)
    )
    for by in get_args(Grouping):
        rows = (sorted(table.rows(by), key=repr) for table in (recorded, in_order))
        assert next(rows) == next(rows), by
