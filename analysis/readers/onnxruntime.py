"""Reads the profiles that ONNX Runtime writes (a Chrome trace of sessions, nodes and kernels)."""

import re
from typing import Any

import msgspec

from analysis.blocks import Kind
from analysis.readers.chrome import ChromeEvent, ChromeTrace, What

NODE = re.compile(r"(.*)_(kernel_time|fence_before|fence_after)$", re.DOTALL)
RUN = "model_run"
CATEGORIES = {"Session", "Node", "Kernel", "Api"}


class OnnxRuntimeTrace(ChromeTrace):
    """A profile of ONNX Runtime; meets analysis.blocks.Trace.

    A node is an op named by its type, its `path` the node's name; each `model_run` is a step.
    """

    _runs = 0

    def what(self, event: ChromeEvent, process: int, thread: int) -> What:
        """What a complete event is."""
        args = _arguments(event.args)
        if event.cat == "Node":
            return _node(event.name, args)
        if event.cat == "Kernel":
            stream = args.get("stream")
            number = int(stream) if isinstance(stream, int | str) and str(stream).isdigit() else 0
            return What(Kind.KERNEL, event.name, device=0, stream=min(number, 2**31 - 1))
        if event.cat == "Session" and event.name == RUN:
            self._runs += 1
            return What(Kind.STEP, f"step:{self._runs - 1}")
        return What(Kind.ANNOTATION if event.cat == "Session" else Kind.RUNTIME, event.name)


def _node(name: str, args: dict[str, Any]) -> What:
    found = NODE.fullmatch(name)
    kind = Kind.OP if found is None or found[2] == "kernel_time" else Kind.RUNTIME
    path = found[1] if found else name
    op = args.get("op_name")
    if kind == Kind.RUNTIME or not isinstance(op, str):
        return What(kind, name if kind == Kind.RUNTIME else path, path)
    return What(kind, op, path, _shapes(args.get("input_type_shape")))


def _shapes(value: object) -> str:
    """[{"float": [1, 784]}, ...] as the shapes alone, JSON text; empty if there are none."""
    if not isinstance(value, list):
        return ""
    shapes = [shape for each in value if isinstance(each, dict) for shape in each.values()]
    return msgspec.json.encode(shapes).decode()


def _arguments(raw: msgspec.Raw) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
