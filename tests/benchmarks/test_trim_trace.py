import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from analysis.groups import gather
from analysis.ops.table import Table
from analysis.readers.registry import open_trace
from benchmarks.trim_trace import middle, pack, trimmed

ROOT = Path(__file__).parents[2]
KINETO = ROOT / "tests" / "data" / "kineto"


def document_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((KINETO / name).read_bytes()))
    return found


@pytest.fixture
def stepped() -> list[dict[str, Any]]:
    """Nine steps with an operation, a launch in it, and a kernel that runs in the next step."""
    events: list[dict[str, Any]] = [{"ph": "M", "name": "process_name", "pid": 1, "args": {}}]
    for number in range(9):
        start = 100.0 * number
        plain = {"ph": "X", "pid": 1, "tid": 1}
        of_it = {"correlation": number + 1}
        events += [
            {**plain, "cat": "user_annotation", "name": f"step:{number}", "ts": start, "dur": 90},
            {**plain, "cat": "cpu_op", "name": "aten::mm", "ts": start + 10, "dur": 20,
             "args": {"Input Dims": [[2, 2]], "Call stack": "x" * 50}},
            {**plain, "cat": "cuda_runtime", "name": "launch", "ts": start + 12, "dur": 2,
             "args": of_it},
            {**plain, "cat": "python_function", "name": "frame", "ts": start + 1, "dur": 80},
            {**plain, "cat": "kernel", "name": "gemm", "ts": start + 120, "dur": 30, "args": of_it},
            {"ph": "s", "cat": "ac2g", "id": number + 1, "pid": 1, "tid": 1, "ts": start + 12},
            {"ph": "f", "cat": "ac2g", "id": number + 1, "pid": 1, "tid": 1, "ts": start + 120},
        ]  # fmt: skip
    return events


def test_steps_stay_whole_with_what_they_launched(stepped: list[dict[str, Any]]) -> None:
    events = middle(stepped, 3)
    names = Counter(event["name"] for event in events if "name" in event)
    assert {name for name in names if name.startswith("step")} == {"step:3", "step:4", "step:5"}
    assert (names["aten::mm"], names["gemm"], names["process_name"]) == (3, 3, 1)
    kernels = [event["ts"] for event in events if event.get("cat") == "kernel"]
    assert kernels == [420, 520, 620]
    assert Counter(event["ph"] for event in events if event.get("cat") == "ac2g") == {
        "s": 3,
        "f": 3,
    }


def test_what_is_too_large_loses_frames_and_then_stacks(stepped: list[dict[str, Any]]) -> None:
    *steps, without_frames, without_stacks = trimmed(stepped)
    counts = [sum("step" in event.get("name", "") for event in part) for part in steps]
    assert counts == [5, 3, 2, 1]
    assert not any(event.get("cat") == "python_function" for event in without_frames)
    (op,) = (event for event in without_stacks if event.get("cat") == "cpu_op")
    assert op["args"] == {"Input Dims": [[2, 2]]}


def test_a_recorded_trace_is_read_like_the_whole_one(tmp_path: Path) -> None:
    source = document_of("h100-bert-small.json.gz")
    path = tmp_path / "trimmed.json.gz"
    path.write_bytes(pack(source, middle(source["traceEvents"], 1)))
    whole = Table(gather(open_trace(KINETO / "h100-bert-small.json.gz")))
    part = Table(gather(open_trace(path)))
    assert part.coverage().steps == 1
    assert part.coverage().device_events > 0
    assert part.coverage().linked == part.coverage().device_events
    assert sum(part.busy_ns.values()) <= sum(whole.busy_ns.values())


def test_the_machine_is_not_told() -> None:
    source = {**document_of("h100-bert-small.json.gz"), "env": {"USER": "somebody"}}
    assert b"somebody" not in gzip.decompress(pack(source, []))


def test_the_program_writes_a_small_file_or_says_that_it_is_not(tmp_path: Path) -> None:
    def run(kilobytes: int) -> "subprocess.CompletedProcess[str]":
        source, place = KINETO / "h100-bert-small.json.gz", tmp_path / "small.json.gz"
        command = [sys.executable, str(ROOT / "benchmarks" / "trim_trace.py"), source, place]
        command += ["--kilobytes", str(kilobytes)]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)

    assert run(100).returncode == 0
    assert (tmp_path / "small.json.gz").stat().st_size <= 100_000
    assert run(1).returncode == 1


def test_a_trace_without_steps_is_one_sentence() -> None:
    with pytest.raises(SystemExit, match="marks no steps"):
        list(trimmed([{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "ts": 0, "dur": 1}]))
