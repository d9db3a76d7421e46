"""What the name of an event of TensorFlow or XLA says: its kind, its key and its path."""

import re
from typing import NamedTuple

from analysis.blocks import Kind

PIPELINE = "tf_data/"
"""Begins the path of what the input pipeline does."""

EAGER_OP = "EagerLocalExecute: "
FUNCTION = "__"
WAIT = "SyncDevice"
PIPELINE_OP = ("Iterator", "MakeIterator", "Optional")
PIPELINE_EVENT = re.compile(r"(?:Make)?Iterator(?:::|GetNext)|Prefetch(?:Produce|Consume)$")
GRAPH_OP = re.compile(r"([A-Za-z0-9._][A-Za-z0-9_.\\/>-]*):([A-Z_][A-Za-z0-9_]*)")
RECORDER, KINETO = "recorded_by", "Kineto"
"""The stat of a plane that was made of a trace of torch, and its value."""

TORCH_OP, TORCH_FRAME, TORCH_RANGE = "torch op: ", "torch frame: ", "torch range: "
TORCH_KINDS = {TORCH_OP: Kind.OP, TORCH_FRAME: Kind.PYTHON, TORCH_RANGE: Kind.ANNOTATION}
"""What the names of events of such a plane begin with, as `recorded_name` gives them."""

DEVICE_RANGES = "Ranges of stream #"
"""Begins the names of lines of such a plane that hold ranges, and no work of the device."""

STEP_MARKER = re.compile(r"(?:train|test|TraceContext)[^/]*$")
ANNOTATIONS = ("phase:", "layer:")
STEP = "train"
TORCH_NAME = re.compile(r"[^:]+:\w+")


class Named(NamedTuple):
    """An event's kind, the name that tables use, and its path in the graph ("" for none)."""

    kind: Kind
    name: str
    path: str = ""


def recorded_name(name: str, shown: str) -> str:
    """What torch called an event, by its name in an XSpace file and what viewers show for it."""
    if not shown or name == STEP:
        return name
    if name.startswith(" "):
        return TORCH_RANGE + shown
    if name.startswith("$"):
        return TORCH_FRAME + shown
    return TORCH_OP + shown if TORCH_NAME.fullmatch(name) else shown


def host_event(name: str, thread: str) -> Named:
    """What a host event is, by its name and that of its thread.

    An op of a graph is recorded as `path:Type`, one that runs eagerly as `EagerLocalExecute: Type`
    without one. Tables use the type, which other runs and frameworks have too. Functions
    (`__inference_...`) hold ops and are none, and to wait for a device is no work. Everything else
    is the runtime. Whatever the input pipeline does has a path that says so.
    """
    if name.startswith(ANNOTATIONS):
        return Named(Kind.ANNOTATION, name)
    if name.startswith("$"):
        return Named(Kind.PYTHON, name)
    for prefix, kind in TORCH_KINDS.items():
        if name.startswith(prefix):
            return Named(kind, name.removeprefix(prefix))
    if name.startswith(EAGER_OP):
        op_type = name.removeprefix(EAGER_OP)
        if not op_type.startswith(FUNCTION) and op_type != WAIT:
            path = PIPELINE + op_type if op_type.startswith(PIPELINE_OP) else ""
            return Named(Kind.OP, op_type, path)
    elif PIPELINE_EVENT.match(name):
        return Named(Kind.RUNTIME, name, PIPELINE + name)
    elif (op := GRAPH_OP.fullmatch(name)) and not op[2].startswith(FUNCTION):
        pipeline = thread.startswith("tf_data") or op[2].startswith(PIPELINE_OP)
        return Named(Kind.OP, op[2], (PIPELINE if pipeline else "") + op[1])
    return Named(Kind.RUNTIME, name)


def device_event(name: str, copies: bool, sets: bool) -> Named:
    """What an event of an accelerator's stream is; `copies` and `sets` say what its stats tell."""
    if copies or name.lower().startswith("memcpy"):
        return Named(Kind.MEMCPY, name)
    if sets or name.lower().startswith("memset"):
        return Named(Kind.MEMSET, name)
    return Named(Kind.KERNEL, name)


def graph_path(tf_op: str) -> str:
    """The path in `path:Type`, as events of an accelerator name the op that launched them."""
    op = GRAPH_OP.fullmatch(tf_op)
    return op[1] if op else ""
