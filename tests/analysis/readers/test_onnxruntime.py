import json
from pathlib import Path
from typing import Any

from analysis.blocks import Kind, concat
from analysis.readers.onnxruntime import OnnxRuntimeTrace


def event(cat: str, name: str, ts: int, dur: int, **args: Any) -> dict[str, Any]:
    place = {"cat": cat, "pid": 5, "tid": 6, "ph": "X"}
    return {**place, "dur": dur, "ts": ts, "name": name, "args": args}


NODE = {
    "op_name": "Gemm",
    "provider": "CPUExecutionProvider",
    "node_index": "3",
    "input_type_shape": [{"float": [32, 784]}, {"float": [64, 784]}, {"float": [64]}],
    "output_type_shape": [{"float": [32, 64]}],
}


def test_nodes_are_ops_by_type_and_runs_are_steps(tmp_path: Path) -> None:
    path = tmp_path / "onnxruntime_profile.json"
    events = [
        event("Session", "model_loading_uri", 0, 50),
        event("Node", "/fc1/Gemm_fence_before", 101, 1, op_name="Gemm"),
        event("Node", "/fc1/Gemm_kernel_time", 102, 20, **NODE),
        event("Node", "/fc1/Gemm_fence_after", 122, 0, op_name="Gemm"),
        event("Kernel", "gemm_kernel", 104, 9, stream="7", block_x=1),
        event("Session", "SequentialExecutor::Execute", 100, 30),
        event("Session", "model_run", 99, 40),
        event("Session", "model_run", 199, 41),
    ]
    path.write_text(json.dumps(events))
    trace = OnnxRuntimeTrace(path)
    block = concat(trace.blocks())
    names = [trace.strings[number] for number in block.name.tolist()]
    assert [(Kind(kind), name) for kind, name in zip(block.kind.tolist(), names, strict=True)] == [
        (Kind.ANNOTATION, "model_loading_uri"),
        (Kind.RUNTIME, "/fc1/Gemm_fence_before"),
        (Kind.OP, "Gemm"),
        (Kind.RUNTIME, "/fc1/Gemm_fence_after"),
        (Kind.KERNEL, "gemm_kernel"),
        (Kind.ANNOTATION, "SequentialExecutor::Execute"),
        (Kind.STEP, "step:0"),
        (Kind.STEP, "step:1"),
    ]
    assert trace.strings[block.path[2]] == "/fc1/Gemm"
    assert trace.strings[block.shapes[2]] == "[[32,784],[64,784],[64]]"
    assert (block.device[4], block.stream[4]) == (0, 7)
    assert trace.dropped == 0
