import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from analysis.blocks import Block, Kind, concat
from analysis.readers import chrome
from analysis.readers.chrome import ChromeTrace


def read(path: Path, events: list[Any], block_bytes: int = 1 << 18) -> tuple[ChromeTrace, Block]:
    path.write_text(json.dumps({"traceEvents": events}))
    trace = ChromeTrace(path, block_bytes)
    return trace, concat(trace.blocks())


def names(trace: ChromeTrace, block: Block) -> list[str]:
    return [trace.strings[number] for number in block.name.tolist()]


def place(**others: Any) -> dict[str, Any]:
    return {"pid": 1, "tid": 2, **others}


@pytest.mark.parametrize("block_bytes", [30, 1 << 18])
def test_pairs_of_begin_and_end_are_events(tmp_path: Path, block_bytes: int) -> None:
    events = [
        place(ph="B", name="outer", ts=10),
        place(ph="B", name="inner", ts=12),
        {"ph": "B", "name": "elsewhere", "ts": 13, "pid": 1, "tid": 3},
        place(ph="E", ts=15),
        place(ph="X", name="whole", ts=16.5, dur=1),
        place(ph="E", ts=20),
        place(ph="E", ts=21),
    ]
    trace, block = read(tmp_path / "t.json", events, block_bytes)
    assert names(trace, block) == ["inner", "whole", "outer"]
    assert block.start_ns.tolist() == [12_000, 16_500, 10_000]
    assert block.duration_ns.tolist() == [3000, 1000, 10_000]
    assert set(block.kind.tolist()) == {Kind.OP}
    assert trace.dropped_reasons == {"ended and never began": 1, "began and never ended": 1}


def test_asynchronous_spans_are_told_apart_by_their_id(tmp_path: Path) -> None:
    events = [
        place(ph="b", cat="net", name="one", id="0x1", ts=0),
        place(ph="b", cat="net", name="two", id="0x2", ts=5),
        place(ph="e", cat="net", name="one", id="0x1", ts=7),
        place(ph="e", cat="net", name="two", id="0x2", ts=9),
    ]
    trace, block = read(tmp_path / "t.json", events)
    assert names(trace, block) == ["one", "two"]
    assert block.duration_ns.tolist() == [7000, 4000]
    assert set(block.kind.tolist()) == {Kind.ASYNC}


def test_counters_arrows_and_marks_are_counted_and_names_kept(tmp_path: Path) -> None:
    events = [
        place(ph="M", name="process_name", args={"name": "worker"}),
        place(ph="M", name="thread_name", args={"name": "main"}),
        place(ph="M", name="thread_sort_index", args={"sort_index": 3}),
        place(ph="C", name="memory", ts=1, args={"bytes": 3}),
        place(ph="i", name="mark", ts=1),
        place(ph="s", name="arrow", ts=1, id=4),
        {},
    ]
    trace, block = read(tmp_path / "t.json", events)
    assert len(block) == 0
    assert (trace.marks, trace.dropped) == (4, 0)
    assert trace.process_names == {1: "worker"}
    assert trace.thread_names == {(1, 2): "main"}


def test_texts_for_numbers_and_impossible_values(tmp_path: Path) -> None:
    events = [
        {"ph": "X", "name": "texts", "pid": "host", "tid": "12", "ts": "5.5", "dur": "2"},
        {"ph": "X", "name": "floats", "pid": 1.0, "tid": None, "ts": 1, "dur": 1},
        {"ph": "X", "name": "huge", "pid": 2**70, "tid": 0, "ts": 1, "dur": 1},
        {"ph": "X", "name": "negative", "pid": 1, "tid": 1, "ts": 1, "dur": -1},
        {"ph": "X", "name": "soon", "pid": 1, "tid": 1, "ts": "soon", "dur": 1},
        {"ph": "X", "name": ["a list"], "pid": 1, "tid": 1, "ts": 1, "dur": 1},
        {"ph": "X", "name": "no start", "pid": 1, "tid": 1, "dur": 1},
        {"ph": "X", "name": "no length", "pid": 1, "tid": 1, "ts": 1},
        {"ph": "B", "name": "no start", "pid": 1, "tid": 1},
        {"ph": "E", "name": "no start", "pid": 1, "tid": 1, "ts": 3},
        {"ph": "X", "name": "no place", "ts": 1, "dur": 1},
        {"ph": "X", "name": "empty place", "pid": "", "tid": "", "ts": 1, "dur": 1},
        {"name": "no phase", "ts": 3},
        "a text",
    ]
    trace, block = read(tmp_path / "t.json", events)
    assert names(trace, block) == ["texts", "floats", "huge", "no place", "empty place"]
    assert block.start_ns.tolist() == [5500, 1000, 1000, 1000, 1000]
    assert block.thread.tolist()[:2] == [12, 0]
    assert len(set(block.process.tolist())) == 5
    assert trace.dropped_reasons == {
        "no start or no duration": 3,
        "impossible time": 2,
        "unexpected type of a value": 2,
        "no phase": 1,
    }


def test_tensorflows_devices_are_known_by_the_names_of_their_processes(tmp_path: Path) -> None:
    def named(kind: str, pid: int, tid: int, name: str) -> dict[str, Any]:
        return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "args": {"name": name}}

    def span(name: str, pid: int, tid: int) -> dict[str, Any]:
        return {"ph": "X", "name": name, "pid": pid, "tid": tid, "ts": 5, "dur": 2}

    events = [
        named("process_name", 1, 0, "/device:GPU:3 (pid 1)"),
        named("process_name", 701, 0, "/host:CPU (pid 701)"),
        named("thread_name", 1, 13, "Stream #13(Compute)"),
        named("thread_name", 1, 99, "XLA Modules"),
        span("gemm", 1, 13),
        span("MemcpyH2D", 1, 13),
        span("Memset", 1, 13),
        span("a module", 1, 99),
        span("MatMul", 701, 4),
        span("train_step 4", 701, 4),
    ]
    trace, block = read(tmp_path / "t.json", events)
    kinds = dict(zip(names(trace, block), block.kind.tolist(), strict=True))
    assert kinds == {
        "gemm": Kind.KERNEL,
        "MemcpyH2D": Kind.MEMCPY,
        "Memset": Kind.MEMSET,
        "MatMul": Kind.OP,
        "train_step 4": Kind.STEP,
    }
    assert Counter(block.device.tolist()) == {3: 3, -1: 2}
    assert set(block.stream[block.device >= 0].tolist()) == {13}


def test_a_file_with_as_many_events_as_tensorflow_writes_at_most_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chrome, "EVENT_LIMIT", 3)
    for count, told in ((2, False), (3, True), (4, False)):
        events = [place(ph="X", name="a", ts=n, dur=1) for n in range(count)]
        trace, _ = read(tmp_path / "t.json", [place(ph="M", name="x"), *events])
        assert bool(trace.notes) == told
