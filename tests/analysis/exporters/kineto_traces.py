"""Made-up traces of torch: threads that nest, kernels that may cross, much at the same instant."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

BASE_NS = 1_790_000_000_000_000_000
OPS = ("aten::mm", "aten::relu", "MmBackward0", "train", "a:b")
RANGES = ("phase:forward", "phase:data", "layer:fc1", "train_epoch", "Iterator::x", "note")
FRAMES = ("nn.Module: Linear_0", "main.py(3): run", "<built-in method x>")
CALLS = ("cudaLaunchKernel", "cudaMemcpyAsync", "cudaStreamSynchronize")
KERNELS = ("void gemm<float>(int)", "memcpy_kernel", "reduce")
CATEGORIES = {"op": "cpu_op", "range": "user_annotation", "frame": "python_function"}
NAMES = {"op": OPS, "range": RANGES, "frame": FRAMES, "call": CALLS}
Event = dict[str, Any]


def span(cat: str, name: str, place: tuple[int, int], times: tuple[int, int], **args: Any) -> Event:
    """A complete event from a time to another one, in microseconds."""
    event = {"ph": "X", "cat": cat, "name": name, "pid": place[0], "tid": place[1]}
    return event | {"ts": times[0], "dur": times[1] - times[0], "args": args}


def nested(
    draw: st.DrawFn, place: tuple[int, int], first: int, last: int, depth: int
) -> list[Event]:
    """Events of a thread within some microseconds, one after the other, with others inside."""
    edges = sorted(draw(st.lists(st.integers(first, last), max_size=4)))
    events: list[Event] = []
    for begin, end in pairwise(edges):
        kind = draw(st.sampled_from([*NAMES]))
        name = draw(st.sampled_from(NAMES[kind]))
        args: dict[str, Any] = {}
        if kind == "call":
            args["correlation"] = draw(st.integers(1, 6))
        if name == "aten::mm":
            args["Input Dims"] = [[2, 3], [3, draw(st.integers(4, 5))]]
        events.append(span(CATEGORIES.get(kind, "cuda_runtime"), name, place, (begin, end), **args))
        if depth:
            events += nested(draw, place, begin, end, depth - 1)
    return events


def on_device(draw: st.DrawFn) -> list[Event]:
    """Kernels, copies and ranges of two streams, which may overlap."""
    events = []
    for correlation in range(draw(st.integers(0, 6))):
        begin = draw(st.integers(60, 90))  # a kernel comes behind its launch
        times = begin, begin + draw(st.integers(0, 20))
        stream = draw(st.sampled_from((7, 20)))
        args = {"device": 0, "stream": stream, "correlation": correlation}
        kind = draw(st.sampled_from(("kernel", "gpu_memcpy", "gpu_memset", "gpu_user_annotation")))
        name = draw(st.sampled_from(KERNELS))
        if kind == "kernel":
            args |= draw(st.sampled_from(({}, {"grid": [8, 1, 1], "block": [64, 1, 1]})))
        elif kind == "gpu_user_annotation":
            name = "phase:forward"
            del args["correlation"]
        else:
            name = {"gpu_memcpy": "Memcpy HtoD (a -> b)", "gpu_memset": "Memset (Device)"}[kind]
            args["bytes"] = draw(st.integers(0, 300))
        events.append(span(kind, name, (0, stream), times, **args))
    return events


def memory(draw: st.DrawFn) -> list[Event]:
    """Allocations and releases of a GPU."""
    events, held = [], 1000
    for time in sorted(draw(st.lists(st.integers(0, 60), max_size=5))):
        change = draw(st.integers(-200, 200))
        held += change
        args = {"Bytes": change, "Total Allocated": held, "Device Id": 0, "Device Type": 1}
        event = {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "pid": 5, "tid": 5}
        events.append(event | {"ts": time, "args": args | {"Addr": 64 * time}})
    return events


@st.composite
def traces(draw: st.DrawFn) -> list[Event]:
    """The events of a trace with steps, two threads, a device and its memory."""
    edges = sorted(draw(st.lists(st.integers(0, 60), max_size=4, unique=True)))
    steps = []
    for number, (begin, end) in enumerate(pairwise(edges)):
        steps.append(span("user_annotation", f"step:{number}", (5, 5), (begin, end)))
        steps += nested(draw, (5, 5), begin, end, 2)
    return [*steps, *nested(draw, (5, 6), 0, 60, 2), *on_device(draw), *memory(draw)]


def write_trace(path: Path, events: list[Event], **keys: Any) -> Path:
    """A file as torch writes it, with these events."""
    document = {"schemaVersion": 1, "baseTimeNanoseconds": BASE_NS, **keys, "traceEvents": events}
    path.write_text(json.dumps(document))
    return path
