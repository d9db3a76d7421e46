"""Traces of real accelerators, held to figures that another program took from their JSON."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.annotate import annotated
from analysis.blocks import Kind
from analysis.folds.busy import union_ns
from analysis.folds.links import on_device
from analysis.groups import gather
from analysis.ops.rows import Row
from analysis.ops.table import Table
from analysis.readers.kineto import KinetoTrace
from analysis.readers.registry import open_trace
from analysis.timeorder import TimeOrder

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data" / "kineto"
EXPECTED: dict[str, dict[str, Any]] = json.loads((DATA / "expected.json").read_text())
SMALL = [name for name, figures in EXPECTED.items() if figures["events"] < 30_000]


def microseconds(nanoseconds: int) -> float:
    return nanoseconds / 1000


def tables(name: str) -> Table:
    return Table(gather(open_trace(DATA / f"{name}.json.gz")))


def largest(rows: list[Row]) -> list[dict[str, Any]]:
    rows = sorted(rows, key=lambda row: (-row.total_ns, row.key))[:5]
    return [
        {"name": row.key, "count": row.count, "sum_us": microseconds(row.total_ns)} for row in rows
    ]


@pytest.mark.parametrize("name", EXPECTED)
def test_each_figure_is_exact(name: str) -> None:
    expected, found = EXPECTED[name], tables(name)
    kernels, ops = found.rows("kernel"), found.rows("op")
    ops = [row for row in ops if row.count]
    copies = dict.fromkeys(("memcpy", "memset"), 0)
    for row in found.rows("copy"):
        copies[row.kind] += row.total_ns
    assert microseconds(sum(row.total_ns for row in kernels)) == expected["kernel_sum_us"]
    assert microseconds(copies["memcpy"]) == expected["memcpy_sum_us"]
    assert microseconds(copies["memset"]) == expected["memset_sum_us"]
    assert {d: microseconds(ns) for d, ns in found.busy_ns.items()} == expected["busy_us"]
    spans = {device: microseconds(time.span_ns) for device, time in found.spans.items()}
    assert spans == expected["gpu_span_us"]
    assert len(kernels) == expected["distinct_kernels"]
    assert len(ops) == expected["distinct_cpu_ops"]
    assert largest(kernels) == expected["top_kernels"]
    assert largest(ops) == expected["top_cpu_ops"]
    counts = expected["x_by_category"]
    assert sum(row.count for row in kernels) == counts.get("kernel", 0)
    assert sum(row.count for row in ops) == counts.get("cpu_op", 0)
    assert found.coverage().steps == expected["profiler_steps"]
    assert [microseconds(row.total_ns) for row in found.rows("step")] == [
        *expected["profiler_step_us"]
    ]
    assert found.coverage().dropped == found.coverage().repaired == 0
    assert found.coverage().truncated is None


@pytest.mark.parametrize("rows", [700, 1 << 15])
@pytest.mark.parametrize("name", EXPECTED)
def test_device_work_is_tied_to_its_launch(name: str, rows: int) -> None:
    expected = EXPECTED[name]
    trace = KinetoTrace(DATA / f"{name}.json.gz", memory=False)
    if rows < 1000 and name not in SMALL:
        pytest.skip("a large trace in many small windows takes long")
    intervals = defaultdict(list)
    kernel_ns = unlinked = 0
    for folded in annotated(trace, TimeOrder(rows=rows, memory_bytes=1 << 16)).windows():
        block = folded.block
        work = on_device(block) & folded.window.new
        linked = work & folded.linked
        kernel_ns += int(block.duration_ns[linked & (block.kind == Kind.KERNEL)].sum())
        unlinked += int(np.count_nonzero(work & ~folded.linked))
        for row in np.flatnonzero(linked).tolist():
            interval = (int(block.start_ns[row]), int(block.end_ns[row]))
            intervals[str(block.device[row])].append(interval)
    busy = {
        device: microseconds(union_ns(*np.array(some, dtype=np.int64).T))
        for device, some in sorted(intervals.items())
    }
    assert microseconds(kernel_ns) == expected["linked_kernel_sum_us"]
    assert busy == expected["linked_busy_us"]
    assert unlinked == expected["peculiarities"]["gpu_without_launch"]


def test_launches_outside_the_file_are_counted_apart() -> None:
    found = tables("h100-qwen")
    assert found.coverage().device_events - found.coverage().linked == 509
    [outside] = [row for row in found.rows("op") if row.key == "(launched outside the recording)"]
    assert outside.count == 0
    unlinked_us = (
        EXPECTED["h100-qwen"]["kernel_sum_us"] - EXPECTED["h100-qwen"]["linked_kernel_sum_us"]
    )
    assert microseconds(outside.device_ns) >= unlinked_us
    for name in ("a100-ddp-control", "b200-eager"):  # some work there has a launch but no op
        assert tables(name).coverage().linked == tables(name).coverage().device_events
        assert not any(row.key.startswith("(launched") for row in tables(name).rows("op"))


def test_the_kernels_of_a_profile_without_host_ops_stand_under_the_op_of_their_path() -> None:
    gathered = gather(open_trace(DATA.parent / "xspace" / "mi300-jax-conv.xplane.pb"))
    rows = {row.key: row for row in Table(gathered).rows("op")}
    assert next(iter(rows)) == "conv_general_dilated"
    assert rows["conv_general_dilated"].category == "convolution"
    assert rows["loop_transpose_fusion.kd"].category == "layout"
    kernels = [(key, sums) for key, sums in gathered.groups if key.kind == Kind.KERNEL]
    path = "jit(forward_3d_conv)/conv_general_dilated"
    of_path_ns = sum(sums.total_ns for key, sums in kernels if gathered.text(key.path) == path)
    assert rows["conv_general_dilated"].device_ns == of_path_ns > 20_000_000
    assert sum(row.device_ns for row in rows.values()) == sum(s.total_ns for _, s in kernels)


def test_an_external_id_that_repeats_the_correlation_ties_nothing_to_a_wrong_op() -> None:
    rows = {row.key: row for row in tables("a100-ddp-control").rows("op")}
    assert rows["aten::addmm"].device_ns > 0
    assert rows["aten::view"].device_ns == 0
    whole_ns = sum(row.device_ns for row in rows.values())
    figures = EXPECTED["a100-ddp-control"]
    parts = ("kernel_sum_us", "memcpy_sum_us", "memset_sum_us")
    assert microseconds(whole_ns) == pytest.approx(sum(figures[part] for part in parts))


def test_kernels_of_one_stream_that_cross_keep_their_whole_time() -> None:
    for name in ("b200-eager", "v100-ddp-test"):
        found = tables(name)
        overlap_us = EXPECTED[name]["peculiarities"]["gpu_work_overlap_us"]
        sums_ns = sum(row.total_ns for by in ("kernel", "copy") for row in found.rows(by))  # type: ignore[arg-type]
        difference = microseconds(sums_ns - sum(found.busy_ns.values()))
        assert difference == pytest.approx(sum(overlap_us.values()))


def test_whole_microseconds_and_equal_events_are_kept() -> None:
    trace = KinetoTrace(DATA / "a100-ddp-control.json.gz")
    assert sum(len(block) for block in trace.blocks()) == sum(
        count
        for category, count in EXPECTED["a100-ddp-control"]["x_by_category"].items()
        if category != "Trace"
    )
    assert trace.base_ns == 0
    assert trace.marks == 3  # pids and tids that are texts


def test_a_trace_whose_devices_are_numbered_otherwise_keeps_the_numbers_of_its_events() -> None:
    trace = KinetoTrace(DATA / "mi300-bert-small.json.gz")
    devices = {int(d) for block in trace.blocks() for d in block.device[on_device(block)]}
    assert devices == {2}
    assert [device["id"] for device in trace.devices] == [0]


def test_a_trace_that_was_cut_down_has_what_is_left() -> None:
    found = tables("b200-eager")
    assert found.coverage().steps == 0
    assert {row.key for row in found.rows("phase")} == set()
    trace = KinetoTrace(DATA / "b200-eager.json.gz")
    overhead = sum(int((block.kind == Kind.OVERHEAD).sum()) for block in trace.blocks())
    assert overhead == 9


@pytest.mark.parametrize("name", SMALL)
def test_the_size_of_a_window_changes_nothing(name: str) -> None:
    def sums(rows: int) -> object:
        trace = KinetoTrace(DATA / f"{name}.json.gz", memory=False)
        found = gather(trace, order=TimeOrder(rows=rows, memory_bytes=0))
        groups = {
            (key.kind, *(found.text(number) for number in key[1:])): sums
            for key, sums in found.groups
        }
        phases = [(found.text(number), times, ns) for number, times, ns in found.phases]
        return groups, sorted(phases), found.by_step, found.devices, found.streams

    assert sums(300) == sums(1 << 20)
