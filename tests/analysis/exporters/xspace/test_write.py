import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.annotate import annotated, fold_trace
from analysis.exporters.xspace import write as xspace
from analysis.exporters.xspace.names import OpNames
from analysis.exporters.xspace.write import Counts
from analysis.groups import gather
from analysis.ops.table import Grouping, Table
from analysis.readers.registry import open_trace
from analysis.readers.xspace_proto import XSpace
from analysis.timeorder import TimeOrder
from profilers.rundir import ProfileError
from tests.analysis.exporters.kineto_traces import BASE_NS, Event, span, traces, write_trace

GROUPINGS: tuple[Grouping, ...] = ("op", "native", "category", "kernel", "copy", "phase", "step")
PROPERTIES = {
    "id": 0,
    "name": "NVIDIA A100",
    "totalGlobalMem": 10_000,
    "numSms": 108,
    "computeMajor": 8,
    "computeMinor": 0,
}
OP = re.compile(r"[^:]*:[a-z_][a-z0-9_]*")
"""What XProf takes for an op's name."""

SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def opened(path: Path) -> Any:
    return open_trace(path, memory=True, host=True, details=True)


def written(events: list[Event], folder: Path, rows: int | None = None, **keys: Any) -> Path:
    """The trace as an XSpace file, by windows of so many rows or as a whole."""
    trace = opened(write_trace(folder / "trace.json", events, **keys))
    path = folder / "trace.xplane.pb"
    if rows is None:
        counts = xspace.write_folded(fold_trace(trace), trace, path)
    else:
        counts = xspace.write(annotated(trace, TimeOrder(rows)), path)
    assert counts.events == counts.events_in == len(events)
    return path


def table(path: Path) -> Table:
    return Table(gather(open_trace(path, memory=True)))


def said(found: Table, by: Grouping) -> list[tuple[object, ...]]:
    rows = found.rows(by)
    return sorted((r.key, r.count, r.total_ns, r.self_ns, r.device_ns, r.flops) for r in rows)


def decoded(path: Path) -> Any:
    return XSpace.FromString(path.read_bytes())


def stats_of(plane: Any, owner: Any) -> dict[str, object]:
    names = {number: each.name for number, each in plane.stat_metadata.items()}
    found: dict[str, object] = {}
    for stat in owner.stats:
        value = getattr(stat, kind := stat.WhichOneof("value"))
        found[names[stat.metadata_id]] = names[value] if kind == "ref_value" else value
    return found


def events_of(plane: Any) -> list[tuple[str, str, dict[str, object]]]:
    """Name, what is shown, and stats of each event."""
    return [
        (known.name, known.display_name, stats_of(plane, event))
        for line in plane.lines
        for event in line.events
        for known in [plane.event_metadata[event.metadata_id]]
    ]


def times_by_xprof(plane: Any) -> dict[str, tuple[int, int]]:
    """Occurrences and picoseconds of self time of each op of a host, as XProf counts them."""
    found: dict[str, tuple[int, int]] = {}
    for line in plane.lines:
        edges: list[tuple[int, int, str]] = []
        for number, event in enumerate(line.events):
            name = plane.event_metadata[event.metadata_id].name
            op = str(stats_of(plane, event).get("tf_op", name))
            if OP.fullmatch(op):
                edges.append((event.offset_ps, number, op))
                edges.append((event.offset_ps + event.duration_ps, number, op))
        stack: list[list[int]] = []  # number, begin, time of what lies inside
        for time, number, op in sorted(edges, key=lambda edge: edge[0]):
            begun = next((entry for entry in stack if entry[0] == number), None)
            if begun is None:
                stack.append([number, time, 0])
                continue
            while stack.pop() is not begun:
                pass
            length = time - begun[1]
            if stack:
                stack[-1][2] += length
            count, own = found.get(op, (0, 0))
            found[op] = count + 1, own + length - begun[2]
    return found


@SHARED_FOLDER
@given(traces(), st.sampled_from((None, 1, 4, 16)))
def test_totals_survive_the_way_there_and_back(
    tmp_path: Path, events: list[Event], rows: int | None
) -> None:
    if not events:
        return
    path = written(events, tmp_path, rows)
    before, after = table(tmp_path / "trace.json"), table(path)
    for by in GROUPINGS:
        assert said(after, by) == said(before, by), by
    assert after.spans == before.spans


@SHARED_FOLDER
@given(traces(), st.sampled_from((None, 1, 4, 16)))
def test_xprof_finds_each_op_once_and_its_self_time(
    tmp_path: Path, events: list[Event], rows: int | None
) -> None:
    if not events:
        return
    [plane] = [each for each in decoded(written(events, tmp_path, rows)).planes if each.id == 1]
    found = times_by_xprof(plane)
    names = OpNames()
    ops = {shown: name for name, shown, _ in events_of(plane) if OP.fullmatch(name)}
    for row in table(tmp_path / "trace.json").rows("op"):
        if row.count:
            count, own_ps = found[ops.get(row.key, names.of(row.key))]
            assert count == row.count
            assert own_ps == pytest.approx(row.self_ns * 1000, abs=10 * row.count)


@SHARED_FOLDER
@given(traces(), st.sampled_from((1, 4, 16)))
def test_the_size_of_windows_changes_no_event(
    tmp_path: Path, events: list[Event], rows: int
) -> None:
    if not events:
        return
    whole = decoded(written(events, tmp_path))
    parts = decoded(written(events, tmp_path, rows))
    for one, other in zip(whole.planes, parts.planes, strict=True):
        assert [line.name for line in one.lines] == [line.name for line in other.lines]
        assert events_of(one) == events_of(other)


def test_steps_and_input_are_what_xprof_looks_for(tmp_path: Path) -> None:
    events = [
        span("user_annotation", "step:4", (5, 5), (0, 50)),
        span("user_annotation", "phase:data", (5, 5), (0, 10)),
        span("cpu_op", "aten::mm", (5, 5), (10, 20)),
        span("cpu_op", "MmBackward0", (5, 6), (20, 30)),
    ]
    [host, task] = decoded(written(events, tmp_path)).planes
    step, data, op, other = events_of(host)
    assert step == ("train", "step:4", {"_r": 1, "step_num": 4, "_pt": 1, "_p": 4})
    assert data == (" phase:data ", "phase:data", {"_ipl_stage_name": "data"})
    assert op[:2] == ("aten/mm:mm", "aten::mm")
    assert other[2]["_c"] == 4  # of another thread, and within the step
    assert stats_of(task, task) == {
        "profile_start_time": BASE_NS,
        "profile_stop_time": BASE_NS + 50_000,
    }


def test_forward_and_backward_are_tied_together(tmp_path: Path) -> None:
    arrow = {"cat": "fwdbwd", "id": 3, "pid": 5, "name": "fwdbwd"}
    backward = {"Sequence number": 1, "Fwd thread id": 1}
    events = [
        span("cpu_op", "aten::mm", (5, 5), (10, 20), **{"Sequence number": 1}),
        span("cpu_op", "MmBackward0", (5, 6), (20, 30), **backward),
    ]
    arrows = [arrow | {"ph": "s", "tid": 5, "ts": 10}, arrow | {"ph": "f", "tid": 6, "ts": 20}]
    trace = opened(write_trace(tmp_path / "trace.json", [*events, *arrows]))
    xspace.write(annotated(trace), path := tmp_path / "x.pb")
    forward, behind = events_of(decoded(path).planes[0])
    assert (forward[2]["_pt"], forward[2]["_p"]) == (0, 3)
    assert (behind[2]["_ct"], behind[2]["_c"]) == (0, 3)


def test_kernels_name_their_launch_and_configuration(tmp_path: Path) -> None:
    launch = {"registers per thread": 40, "shared memory": 96, "grid": [8, 2, 1]}
    work = {"device": 0, "stream": 7, "correlation": 9}
    occupancy = {"block": [128, 1, 1], "est. achieved occupancy %": 75}
    events = [
        span("cpu_op", "aten::mm", (5, 5), (0, 20)),
        span("cuda_runtime", "cudaLaunchKernel", (5, 5), (5, 10), correlation=9),
        span("kernel", "gemm", (0, 7), (12, 30), **work, **launch, **occupancy),
        span("kernel", "other", (0, 7), (30, 31), **work),
        span("gpu_memcpy", "Memcpy HtoD (a -> b)", (0, 7), (40, 50), **work, bytes=64),
        span("gpu_user_annotation", "note", (0, 7), (10, 35), device=0, stream=7),
    ]
    space = decoded(written(events, tmp_path, deviceProperties=[PROPERTIES]))
    host, gpu, _ = space.planes
    [call] = [stats for name, _, stats in events_of(host) if name == "cudaLaunchKernel"]
    assert call == {"correlation_id": 9, "tf_op": "runtime/cudaLaunchKernel:cudalaunchkernel"}
    assert [line.name for line in gpu.lines] == ["Stream #7", "Ranges of stream #7"]
    gemm, other, copy, note = events_of(gpu)
    assert gemm[2] == {
        "correlation_id": 9,
        "tf_op": "aten/mm:mm",
        "kernel_details": "regs:40 static_shared:96 grid:8,2,1 block:128,1,1 occ_pct:75",
    }
    assert other[2]["kernel_details"] == "not recorded"
    assert copy[0].startswith("MemcpyHtoD")
    assert copy[2]["memcpy_details"] == "num_bytes:64"
    assert copy[2]["bytes_accessed"] == 64
    assert note == ("note", "", {})
    assert stats_of(gpu, gpu) == {
        "core_count": 108,
        "memory_size": 10_000,
        "compute_cap_major": 8,
        "compute_cap_minor": 0,
        "gpu_device_name": "NVIDIA A100",
        "device_vendor": "Nvidia",
        "recorded_by": "Kineto",
    }


def test_allocations_say_what_is_held_and_was_held_at_most(tmp_path: Path) -> None:
    held = ((100, 100), (50, 150), (-100, 50), (20, 70))
    events: list[Event] = [span("cpu_op", "aten::empty", (5, 5), (0, 20))]
    for time, (change, total) in enumerate(held):
        args = {"Bytes": change, "Total Allocated": total, "Device Id": 0, "Device Type": 1}
        event = {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "pid": 5, "tid": 5}
        events.append(event | {"ts": 10 * time, "args": args | {"Addr": 7}})
    host = decoded(written(events, tmp_path, deviceProperties=[PROPERTIES])).planes[0]
    found = [each for each in events_of(host) if each[0].startswith("Memory")]
    assert [name for name, *_ in found] == [
        "MemoryAllocation",
        "MemoryAllocation",
        "MemoryDeallocation",
        "MemoryAllocation",
    ]
    stats = [stats for *_, stats in found]
    assert [each["bytes_allocated"] for each in stats] == [100, 150, 50, 70]
    assert [each["peak_bytes_in_use"] for each in stats] == [100, 150, 150, 150]
    assert [each["bytes_available"] for each in stats] == [9900, 9850, 9950, 9930]
    assert {each["allocator_name"] for each in stats} == {"GPU_0"}
    assert [each.get("region_type") for each in stats] == ["aten::empty"] * 2 + [None] * 2
    assert {each["addr"] for each in stats} == {7}


def test_events_that_overlap_in_part_have_lines_of_their_own(tmp_path: Path) -> None:
    events = [
        span("cpu_op", "aten::mm", (5, 5), (0, 20)),
        span("cpu_op", "aten::relu", (5, 5), (10, 30)),
        span("cpu_op", "aten::add", (5, 5), (12, 14)),
        span("cpu_op", "aten::mul", (5, 5), (40, 50)),
    ]
    for rows in (None, 1):
        host = decoded(written(events, tmp_path, rows)).planes[0]
        shown = {
            line.name: [host.event_metadata[e.metadata_id].display_name for e in line.events]
            for line in host.lines
        }
        assert shown == {
            "thread 5": ["aten::mm", "aten::mul"],
            "thread 5 (2)": ["aten::relu", "aten::add"],
        }


def test_events_that_overlap_too_many_others_are_written_and_told(tmp_path: Path) -> None:
    events = [span("cpu_op", f"op{n}", (5, 5), (n, 1000 + n)) for n in range(103)]
    events.append(span("cpu_op", "inside", (5, 5), (200, 201)))
    for rows in (None, 16):
        path = written(events, tmp_path, rows)
        assert list(decoded(path).warnings) == [
            "3 events overlap too many others in part; XProf's tables lack them."
        ]
        assert {row.key: row.count for row in table(path).rows("op")} == {
            event["name"]: 1 for event in events
        }


def test_what_begins_too_late_to_be_said_is_told(tmp_path: Path) -> None:
    day_us = 24 * 3600 * 10**6
    events = [
        span("cpu_op", "aten::mm", (5, 5), (0, 20)),
        span("cpu_op", "aten::mm", (5, 5), (200 * day_us, 200 * day_us + 5)),
    ]
    trace = opened(write_trace(tmp_path / "trace.json", events))
    counts = xspace.write(annotated(trace), path := tmp_path / "x.pb")
    assert (counts.events, counts.too_far) == (1, 1)
    assert list(decoded(path).warnings) == ["1 event left out: more than 53 days from the others."]


def test_what_the_reader_lost_stands_among_the_warnings(tmp_path: Path) -> None:
    events = [span("cpu_op", "aten::mm", (5, 5), (0, 20)), span("x", "y", (5, 5), (0, 2))]
    trace = opened(write_trace(tmp_path / "trace.json", events))
    xspace.write(annotated(trace), path := tmp_path / "x.pb")
    assert list(decoded(path).warnings) == ["1 event left out: unknown category."]


def test_a_trace_without_events_is_a_file_without_lines(tmp_path: Path) -> None:
    trace = opened(write_trace(tmp_path / "trace.json", []))
    counts = xspace.write(annotated(trace), path := tmp_path / "x.pb")
    assert counts == Counts(0, 0, 0, 0, 0)
    assert [plane.name for plane in decoded(path).planes] == ["/host:CPU", "Task Environment"]


def test_a_file_that_would_lose_events_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="would show 3 of 5 events"):
        Counts(5, 3, 1, 0, 1).check(tmp_path / "x.pb")


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    trace = opened(write_trace(tmp_path / "trace.json", []))
    with pytest.raises(ProfileError, match=r"x\.pb can't be written"):
        xspace.write(annotated(trace), tmp_path / "none" / "x.pb")
