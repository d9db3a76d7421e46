import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Block, Kind, concat
from analysis.readers.kineto import KinetoTrace
from analysis.readers.places import FIRST_TEXT

BASE_NS = 1_790_857_026_000_000_000
DATA = Path(__file__).parents[2] / "data" / "kineto"


def event(name: str = "aten::mm", ts: float = 1.5, **fields: Any) -> dict[str, Any]:
    known = {"ph": "X", "cat": "cpu_op", "name": name, "pid": 7, "tid": 8, "ts": ts, "dur": 2.0}
    return known | fields


def write(path: Path, events: list[dict[str, Any]], **keys: Any) -> Path:
    document = {"schemaVersion": 1, "baseTimeNanoseconds": BASE_NS, **keys, "traceEvents": events}
    path.write_text(
        json.dumps({key: value for key, value in document.items() if value is not None})
    )
    return path


def read(path: Path, block_bytes: int = 1 << 21) -> tuple[KinetoTrace, Block]:
    trace = KinetoTrace(path, block_bytes)
    return trace, concat(trace.blocks())


def test_an_op_becomes_a_row(tmp_path: Path) -> None:
    args = {"External id": 3, "Sequence number": 21, "Fwd thread id": 1, "Input Dims": [[2, 3], []]}
    path = write(tmp_path / "t.json", [event(ts=4315012045320.343, dur=2.125, args=args)])
    trace, block = read(path)
    assert trace.strings[block.name[0]] == "aten::mm"
    assert trace.strings[block.shapes[0]] == "[[2,3],[]]"
    assert block.kind.tolist() == [Kind.OP]
    assert block.start_ns.tolist() == [BASE_NS + 4315012045320343]
    assert block.duration_ns.tolist() == [2125]
    row = (block.process, block.thread, block.device, block.stream, block.sequence)
    assert [column[0] for column in row] == [7, 8, -1, -1, 21]
    assert block.forward_thread.tolist() == [1]


def test_types_and_values_of_inputs_are_kept_where_a_formula_needs_them(tmp_path: Path) -> None:
    args = {"Input Dims": [[2], []], "Input type": ["long int", "Scalar"], "Concrete Inputs": ["1"]}
    names = ("aten::mm", "aten::sum", "aten::view", "mm")
    trace, block = read(write(tmp_path / "t.json", [event(name, args=args) for name in names]))
    texts = [
        (trace.strings[types], trace.strings[values])
        for types, values in zip(block.types.tolist(), block.args.tolist(), strict=True)
    ]
    types = '["long int","Scalar"]'
    assert texts == [(types, ""), (types, '["1"]'), ("", ""), ("", "")]


def test_kinds_and_places(tmp_path: Path) -> None:
    on_gpu = {"pid": 0, "tid": 7, "args": {"device": 2, "stream": 7, "correlation": 9, "bytes": 64}}
    rows = [
        (event(cat="kernel", **on_gpu), Kind.KERNEL, 2),
        (event(cat="gpu_memcpy", **on_gpu), Kind.MEMCPY, 2),
        (event(cat="gpu_memset", **on_gpu), Kind.MEMSET, 2),
        (event(cat="cuda_sync", **on_gpu), Kind.ASYNC, 2),
        (event(cat="gpu_user_annotation", name="step:1", pid=1, tid=7), Kind.ANNOTATION, 1),
        (event(cat="cuda_runtime", args={"correlation": 9, "stream": "0x0"}), Kind.RUNTIME, -1),
        (event(cat="cuda_driver"), Kind.RUNTIME, -1),
        (event(cat="python_function"), Kind.PYTHON, -1),
        (event(cat="user_annotation", name="phase:data"), Kind.ANNOTATION, -1),
        (event(cat="user_annotation", name="step:17"), Kind.STEP, -1),
        (event(cat="user_annotation", name="ProfilerStep#4"), Kind.STEP, -1),
        (event(cat="user_annotation", name="step:by step"), Kind.ANNOTATION, -1),
        (event(cat="overhead", pid=-1), Kind.OVERHEAD, -1),
    ]
    trace, block = read(write(tmp_path / "t.json", [row[0] for row in rows]))
    assert block.kind.tolist() == [row[1] for row in rows]
    assert block.device.tolist() == [row[2] for row in rows]
    assert block.correlation.tolist()[:6] == [9, 9, 9, 9, -1, 9]
    assert block.bytes.tolist()[:6] == [64, 64, 64, -1, -1, -1]
    assert block.stream.tolist()[4:6] == [7, -1]
    assert block.event_id.tolist() == list(range(len(rows)))
    assert trace.dropped == 0


def test_memory_instants_say_what_changed_and_what_is_held(tmp_path: Path) -> None:
    instant = {"ph": "i", "cat": "cpu_instant_event", "s": "t"}
    args = {"Bytes": -512, "Total Allocated": 1024, "Total Reserved": 0, "Addr": 2**47}
    gpu = event("[memory]", **instant, args=args | {"Device Id": 1, "Device Type": 1})
    host = event("[memory]", **instant, args=args | {"Device Id": -1, "Device Type": 0})
    _, block = read(write(tmp_path / "t.json", [gpu, host]))
    assert block.kind.tolist() == [Kind.MEMORY, Kind.MEMORY]
    assert block.bytes.tolist() == [-512, -512]
    assert block.total_bytes.tolist() == [1024, 1024]
    assert block.device.tolist() == [1, -1]
    assert block.stream.tolist() == [-1, -1]


def test_python_frames_keep_their_numbers(tmp_path: Path) -> None:
    args = {"Python id": 5, "Python parent id": None}
    inner = {"Python id": 6, "Python parent id": 5}
    events = [event(cat="python_function", args=args), event(cat="python_function", args=inner)]
    _, block = read(write(tmp_path / "t.json", events))
    assert block.python_id.tolist() == [5, 6]
    assert block.parent.tolist() == [-1, 5]


@pytest.mark.parametrize("known", [True, False])
def test_allocations_need_a_time_and_no_process(tmp_path: Path, known: bool) -> None:
    instant = {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "args": {"Bytes": 8}}
    times = [{"ts": 1.5}, {"ts": 1e300}, {}, {"ts": 2.5}] + ([] if known else [{"ts": None}])
    path = write(tmp_path / "t.json", [instant | time for time in times])
    trace, block = read(path)
    assert block.start_ns.tolist() == [BASE_NS + 1500, BASE_NS + 2500]
    assert trace.dropped_reasons == {
        "no start or no duration": 1 if known else 2,
        "impossible time": 1,
    }


@pytest.mark.parametrize("block_bytes", [1, 40, 150, 1 << 21])
def test_arrows_from_forward_to_backward_reach_their_ops(tmp_path: Path, block_bytes: int) -> None:
    arrow = {"cat": "fwdbwd", "id": 4}
    launch = {"cat": "ac2g", "id": 5}
    events = [
        event("forward", ts=1.0),
        event("s", ts=1.0, ph="s", **launch),
        event("s", ts=1.0, ph="s", **arrow),
        event("other", ts=2.0),
        {"ph": "s", "pid": 7, "tid": 8, **arrow},
        event("f", ts=2.5, ph="f", **arrow),
        event("backward", ts=9.0),
        event("f", ts=9.0, ph="f", bp="e", **arrow),
    ]
    _, block = read(write(tmp_path / "t.json", events), block_bytes)
    assert block.flow.tolist() == [4, -1, 4]


def test_names_of_processes_threads_and_devices(tmp_path: Path) -> None:
    def named(kind: str, pid: int | str, tid: int | str, name: object) -> dict[str, Any]:
        return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "ts": 0, "args": {"name": name}}

    events = [
        named("process_name", 7, 0, "python"),
        named("thread_name", 7, 8, "thread 8 (é)"),
        named("thread_name", "Spans", 8, "none"),
        {"ph": "M", "name": "process_labels", "pid": 7, "tid": 0, "args": {"labels": "CPU"}},
        {"ph": "M", "name": "thread_sort_index", "pid": 7, "tid": 8, "args": {"sort_index": 3}},
    ]
    devices = [{"id": 0, "name": "A GPU"}]
    path = write(tmp_path / "t.json", events, deviceProperties=devices, distributedInfo={"rank": 3})
    trace, block = read(path)
    assert trace.process_names == {7: "python"}
    assert trace.thread_names == {(7, 8): "thread 8 (é)"}
    assert trace.devices == devices
    assert trace.rank == 3
    assert len(block) == 0


def test_a_rank_behind_the_events_is_a_note(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    document = {"schemaVersion": 1, "traceEvents": [event("a")], "distributedInfo": {"rank": 5}}
    path.write_text(json.dumps(document))
    trace, block = read(path)
    assert (block.rank.tolist(), trace.rank) == ([0], 0)
    assert trace.notes == ["It says behind its events that it is rank 5; they count as rank 0."]


def test_the_profilers_own_marks_are_counted_apart_from_what_is_dropped(tmp_path: Path) -> None:
    events = [
        event("PyTorch Profiler (0)", cat="Trace", pid="Spans", tid="PyTorch Profiler"),
        event("Record Window End", cat="", ph="i", pid="", tid=""),
        event("text process", pid="a process"),
        event("negative", dur=-1.0),
        event("far away", ts=1e17),
        event("unknown", cat="new_category"),
        event("an op", pid="Spans"),
        event("no text", ts=None),
        {"ph": "X", "cat": "cpu_op", "name": "no start", "pid": 7, "tid": 8, "dur": 2.0},
        {"ph": "X", "cat": "cpu_op", "name": "no length", "pid": 7, "tid": 8, "ts": 2.0},
        {"ph": "X", "cat": "cpu_op", "name": "no place", "ts": 1.0, "dur": 2.0},
        event("null place", pid=None, tid=None),
        event("begin", ph="B"),
        event("end", ph="E"),
        event("wrong type", ts="soon"),
        event("huge id", pid=2**80),
        event("good"),
    ]
    trace, block = read(write(tmp_path / "t.json", events))
    assert [trace.strings[name] for name in block.name] == [
        "text process",
        "no place",
        "null place",
        "good",
    ]
    assert block.process.tolist() == [FIRST_TEXT, FIRST_TEXT + 1, FIRST_TEXT + 1, 7]
    assert trace.marks == 2
    assert trace.dropped == 11
    assert trace.dropped_reasons == {
        "among the profiler's own marks": 1,
        "no start or no duration": 3,
        "impossible time": 2,
        "unknown category": 1,
        "not a complete event": 2,
        "unexpected type of a value": 2,
    }


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("behind", ["}", "} more", ', "x": {"y": []}, "z": [', ', "d": [{}]}'])
def test_a_base_time_behind_the_events_counts_too(
    tmp_path: Path, packed: bool, behind: str
) -> None:
    events = f'{{"traceEvents": [{json.dumps(event(ts=1.001))}]'
    text = f'{events}, "baseTimeNanoseconds": {BASE_NS}{behind}'
    path = tmp_path / "t.json.gz"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    trace, block = read(path)
    assert trace.base_ns == BASE_NS
    assert block.start_ns.tolist() == [BASE_NS + 1001]


def test_without_a_base_time_the_times_count_from_1970_exactly(tmp_path: Path) -> None:
    path = write(tmp_path / "t.json", [event(ts=1694039959123457)], baseTimeNanoseconds=None)
    _, block = read(path)
    assert block.start_ns.tolist() == [1_694_039_959_123_457_000]


def test_a_word_in_an_argument_is_not_taken_for_the_base_time(tmp_path: Path) -> None:
    arguments = {"baseTimeNanoseconds": 5}
    path = write(tmp_path / "t.json", [event(args=arguments)], baseTimeNanoseconds=None)
    trace, block = read(path)
    assert (trace.base_ns, block.start_ns.tolist(), trace.notes) == (0, [1500], [])


@pytest.mark.parametrize("value", ["18446744073709551616", '"soon"', "1.5", "-9e99", "null"])
@pytest.mark.parametrize("before", [False, True])
def test_a_base_time_that_is_no_number_of_64_bits_is_told(
    tmp_path: Path, value: str, before: bool
) -> None:
    path = tmp_path / "t.json"
    base, events = f'"baseTimeNanoseconds": {value}', f'"traceEvents": [{json.dumps(event())}]'
    path.write_text(f"{{{base}, {events}}}" if before else f"{{{events}, {base}}}")
    trace, block = read(path)
    assert block.start_ns.tolist() == [1500]
    [note] = trace.notes
    assert note.startswith("Its baseTimeNanoseconds (")
    assert note.endswith("was not used; times count from 0.")


def test_a_base_time_far_before_the_files_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    far = json.dumps("x" * 2_000_000)
    path.write_text(
        f'{{"traceEvents": [{json.dumps(event())}], "baseTimeNanoseconds": {BASE_NS}, "x": {far}}}'
    )
    trace, block = read(path)
    assert (trace.base_ns, block.start_ns.tolist()) == (0, [1500])
    assert trace.notes == [f"Its baseTimeNanoseconds ({BASE_NS}) was not used; times count from 0."]


@given(
    starts_ns=st.lists(st.integers(0, 8_000_000_000_000_000), min_size=1, max_size=20),
    base_ns=st.integers(10**18, 2 * 10**18),
)
def test_times_are_exact_to_the_nanosecond(
    tmp_path_factory: pytest.TempPathFactory, starts_ns: list[int], base_ns: int
) -> None:
    events = ",".join(
        json.dumps(event()).replace('"ts": 1.5', f'"ts": {ns // 1000}.{ns % 1000:03d}')
        for ns in starts_ns
    )
    path = tmp_path_factory.mktemp("trace") / "t.json"
    path.write_text(f'{{"baseTimeNanoseconds": {base_ns}, "traceEvents": [{events}]}}')
    _, block = read(path)
    assert block.start_ns.tolist() == [base_ns + ns for ns in starts_ns]


@pytest.mark.parametrize("block_bytes", [997, 4096, 1 << 21])
def test_the_size_of_a_block_changes_nothing(block_bytes: int) -> None:
    path = DATA / "mi250-minitoy.json.gz"
    whole_trace, whole = read(path)
    trace, block = read(path, block_bytes)
    for column in whole.__slots__:
        values, expected = getattr(block, column), getattr(whole, column)
        if column in ("name", "shapes", "types", "args"):
            assert [trace.strings[n] for n in values] == [whole_trace.strings[n] for n in expected]
        else:
            np.testing.assert_array_equal(values, expected, column)
    assert trace.thread_names == whole_trace.thread_names


EXPECTED = {
    "a100-triton-example": {
        "base_ns": 1727743122000000000,
        "kinds": {"OP": 3, "KERNEL": 1, "RUNTIME": 2, "STEP": 1},
        "gpus": 8,
        "kernel_ns": 1_760,
        "step_ns": [13_336_315_805],
    },
    "mi250-minitoy": {
        "base_ns": 1735632360000000000,
        "kinds": {"OP": 70, "KERNEL": 14, "MEMCPY": 2, "RUNTIME": 21, "STEP": 2, "ANNOTATION": 3},
        "gpus": 4,
        "kernel_ns": 110_881,
        "step_ns": [9_288_291, 49_073],
    },
    "h100-bert-small": {
        "base_ns": 1751410836000000000,
        "kinds": {
            "OP": 479,
            "KERNEL": 60,
            "MEMCPY": 1,
            "RUNTIME": 132,
            "PYTHON": 1385,
            "STEP": 1,
            "ANNOTATION": 1,
            "MEMORY": 236,
        },
        "gpus": 1,
        "kernel_ns": 307_197,
        "step_ns": [4_426_114],
    },
    "cpu-only-gloo": {
        "base_ns": 1719853884000000000,
        "kinds": {"OP": 4, "STEP": 1, "ANNOTATION": 10},
        "gpus": 0,
        "kernel_ns": 0,
        "step_ns": [210_109_162],
    },
}


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded_traces(name: str) -> None:
    trace, block = read(DATA / f"{name}.json.gz")
    expected = EXPECTED[name]
    kinds, counts = np.unique(block.kind, return_counts=True)
    assert {Kind(k).name: n for k, n in zip(kinds, counts, strict=True)} == expected["kinds"]
    assert trace.base_ns == expected["base_ns"]
    assert len(trace.devices) == expected["gpus"]
    assert int(block.duration_ns[block.kind == Kind.KERNEL].sum()) == expected["kernel_ns"]
    steps = sorted(block.duration_ns[block.kind == Kind.STEP].tolist(), reverse=True)
    assert steps == expected["step_ns"]
    assert trace.dropped == 0
    assert trace.marks == 3


LAUNCH = {"registers per thread": 40, "shared memory": 96, "grid": [8, 1, 1], "block": [128, 1, 1]}


def test_launch_configurations_and_addresses_are_there_if_asked_for(tmp_path: Path) -> None:
    place = {"pid": 0, "tid": 7}
    full = {"device": 0, "stream": 7, **LAUNCH, "est. achieved occupancy %": 75.5}
    rows = [
        event(cat="kernel", args=full, **place),
        event(cat="kernel", args={"device": 0, "stream": 7, "grid": [2, 1, 1]}, **place),
        event(cat="kernel", args={"device": 0, "stream": 7}, **place),
        event(cat="gpu_memcpy", args=full, **place),
        event("aten::sum", args={"Input Dims": [[2]], "Concrete Inputs": ["1"]}),
    ]
    taken = {"Bytes": 8, "Total Allocated": 8, "Device Type": 0, "Addr": 4096}
    memory = event("[memory]", cat="cpu_instant_event", ph="i", args=taken)
    path = write(tmp_path / "t.json", [*rows, memory])
    for details in (False, True):
        trace = KinetoTrace(path, details=details)
        block = concat(trace.blocks())
        is_memory = block.kind == Kind.MEMORY
        texts = [trace.strings[number] for number in block.args[~is_memory].tolist()]
        assert texts[3:] == ["", '["1"]']
        assert block.flow[is_memory].tolist() == [4096 if details else -1]
        found = [json.loads(text) if text else None for text in texts[:3]]
        whole = {**LAUNCH, "est. achieved occupancy %": 75.5}
        assert found == ([whole, {"grid": [2, 1, 1]}, None] if details else [None] * 3)


def test_events_with_odd_values_have_their_launch_configuration_too(tmp_path: Path) -> None:
    odd = event(cat="kernel", pid="0", tid=7.0, args={"stream": "x", "device": 0, **LAUNCH})
    trace = KinetoTrace(write(tmp_path / "t.json", [odd]), details=True)
    block = concat(trace.blocks())
    assert json.loads(trace.strings[block.args[0]]) == LAUNCH
