"""One event of Kineto's Chrome JSON: its fields, and the numbers that they stand for."""

import math
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Kind
from analysis.columns import Int64

KINDS = {
    "cpu_op": Kind.OP,
    "kernel": Kind.KERNEL,
    "gpu_memcpy": Kind.MEMCPY,
    "gpu_memset": Kind.MEMSET,
    "cuda_runtime": Kind.RUNTIME,
    "cuda_driver": Kind.RUNTIME,
    "hip_runtime": Kind.RUNTIME,
    "hip_driver": Kind.RUNTIME,
    "xpu_runtime": Kind.RUNTIME,
    "xpu_driver": Kind.RUNTIME,
    "mtia_runtime": Kind.RUNTIME,
    "privateuse1_runtime": Kind.RUNTIME,
    "privateuse1_driver": Kind.RUNTIME,
    "python_function": Kind.PYTHON,
    "user_annotation": Kind.ANNOTATION,
    "gpu_user_annotation": Kind.ANNOTATION,
    "collective_comm": Kind.COMMUNICATION,
    "cuda_sync": Kind.ASYNC,
    "overhead": Kind.OVERHEAD,
}
ON_DEVICE = {"kernel", "gpu_memcpy", "gpu_memset", "gpu_user_annotation", "cuda_sync"}

OTHER_CATEGORIES = (
    *("", "Trace", "ac2g", "async_cpu_to_gpu", "fwdbwd", "forward_backward", "async_gpu"),
    *("cpu_instant_event", "mtia_ccp_events", "glow_runtime"),
)
Category = Literal[(*KINDS, *OTHER_CATEGORIES)]  # type: ignore[valid-type]
Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
NOTHING = msgspec.Raw(b"")
NO_TIME = math.nan


class Args(msgspec.Struct, gc=False):
    """The arguments of a complete event that become columns.

    Here and below the fields stand as Kineto writes them, which is the order they are found in
    fastest.
    """

    sequence: Id = msgspec.field(default=NONE, name="Sequence number")
    forward_thread: Id = msgspec.field(default=NONE, name="Fwd thread id")
    inputs: msgspec.Raw = msgspec.field(default=NOTHING, name="Concrete Inputs")
    types: msgspec.Raw = msgspec.field(default=NOTHING, name="Input type")
    dims: msgspec.Raw = msgspec.field(default=NOTHING, name="Input Dims")
    python_parent: Id | None = msgspec.field(default=NONE, name="Python parent id")
    python_id: Id | None = msgspec.field(default=NONE, name="Python id")
    device: Id = NONE
    stream: Id = NONE
    correlation: Id = NONE
    moved_bytes: Id = msgspec.field(default=NONE, name="bytes")


class KernelArgs(Args, gc=False):
    """The same with the launch configuration of kernels."""

    registers: msgspec.Raw = msgspec.field(default=NOTHING, name="registers per thread")
    shared_bytes: msgspec.Raw = msgspec.field(default=NOTHING, name="shared memory")
    grid: msgspec.Raw = NOTHING
    block: msgspec.Raw = NOTHING
    occupancy: msgspec.Raw = msgspec.field(default=NOTHING, name="est. achieved occupancy %")


class MemoryArgs(msgspec.Struct, gc=False):
    """The arguments of an allocation or a release."""

    changed_bytes: Id = msgspec.field(default=NONE, name="Bytes")
    total_bytes: Id = msgspec.field(default=NONE, name="Total Allocated")
    memory_device: Id = msgspec.field(default=NONE, name="Device Id")
    memory_type: Id = msgspec.field(default=NONE, name="Device Type")
    address: Id = msgspec.field(default=NONE, name="Addr")


class NameArgs(msgspec.Struct, gc=False):
    """The argument of an event that names a process or a thread."""

    name: msgspec.Raw = NOTHING


NO_ARGS = Args()
NO_MEMORY = MemoryArgs()
NO_NAME = NameArgs()


class Span(msgspec.Struct, gc=False, tag_field="ph", tag="X"):
    """A complete event."""

    cat: str = ""
    name: str = ""
    pid: Id | str = ""
    tid: Id | str = ""
    ts: float = NO_TIME
    dur: float = NO_TIME
    args: Args | None = None


class KnownSpan(Span, gc=False, tag_field="ph", tag="X"):
    """A complete event of a known category, whose text is made once, which is faster."""

    cat: Category = ""


class DetailedSpan(Span, gc=False, tag_field="ph", tag="X"):
    """A complete event where the launch configuration of kernels is asked for."""

    args: KernelArgs | None = None


class KnownDetailedSpan(DetailedSpan, gc=False, tag_field="ph", tag="X"):
    """The same, of a known category."""

    cat: Category = ""


SPANS = (KnownSpan, Span, KnownDetailedSpan, DetailedSpan)


class Instant(msgspec.Struct, gc=False, tag_field="ph", tag="i"):
    """A point in time: torch writes allocations, and marks of the profiler itself."""

    cat: str = ""
    name: str = ""
    pid: Id | str = ""
    tid: Id | str = ""
    ts: float = NO_TIME
    args: MemoryArgs | None = None


class BareInstant(msgspec.Struct, gc=False, tag_field="ph", tag="i"):
    """The same where allocations are not asked for."""

    cat: str = ""
    pid: Id | str = ""
    tid: Id | str = ""


class ArrowStart(msgspec.Struct, gc=False, tag_field="ph", tag="s"):
    """One end of an arrow between two events."""

    id: Id | str = NONE
    pid: Id | str = ""
    tid: Id | str = ""
    ts: float = NO_TIME
    cat: str = ""


class ArrowEnd(ArrowStart, gc=False, tag_field="ph", tag="f"):
    """The other end."""


class Named(msgspec.Struct, gc=False, tag_field="ph", tag="M"):
    """What names a process or a thread, and other marks."""

    name: str = ""
    pid: Id | str = ""
    tid: Id | str = ""
    args: NameArgs | None = None


class Other(msgspec.Struct, gc=False):
    """An event of another phase, or one that could not be understood, and why."""

    why: str


Event = Span | Instant | BareInstant | ArrowStart | ArrowEnd | Named | Other


def decoder(known: bool, memory: bool, details: bool = False) -> msgspec.json.Decoder[list[Event]]:
    """Decodes arrays of events of the phases that Kineto writes.

    Args:
        known: whether only events of known categories are understood.
        memory: whether allocations are decoded.
        details: whether the launch configuration of kernels is.
    """
    span: type[Span] = KnownSpan if known else Span
    if details:
        span = KnownDetailedSpan if known else DetailedSpan
    instant = Instant if memory else BareInstant
    union = span | instant | ArrowStart | ArrowEnd | Named
    return msgspec.json.Decoder(list[union])  # type: ignore[valid-type]


def _numbers(kind: type[msgspec.Struct]) -> dict[str, str]:
    fields = msgspec.structs.fields(kind)
    return {field.encode_name: field.name for field in fields if field.default == NONE}


NUMBERS, MEMORY_NUMBERS = _numbers(Args), _numbers(MemoryArgs)
TEXTS = {
    field.encode_name: field.name
    for field in msgspec.structs.fields(KernelArgs)
    if field.type is msgspec.Raw
}
LAUNCH = {name: text for text, name in TEXTS.items() if name not in ("dims", "inputs", "types")}
"""What a kernel's launch configuration is made of: the field, and what Kineto calls it."""


def tolerant(raw: msgspec.Raw) -> Event:
    """An event whose values have other types than Kineto's, as far as they can be understood.

    Arguments that are no whole numbers of 64 bits are left out. What is null counts as missing.
    """
    value = msgspec.json.decode(raw)
    if not isinstance(value, dict):
        return Other("not an event")
    phase = value.get("ph")
    value = {key: each for key, each in value.items() if each is not None}
    start, length = (_float(value.get(key, NO_TIME)) for key in ("ts", "dur"))
    pid, tid = (_place(value.get(key, "")) for key in ("pid", "tid"))
    if start is None or length is None or pid is None or tid is None:
        return Other("unexpected type of a value")
    name, cat = (str(value.get(key, "")) for key in ("name", "cat"))
    given = value["args"] if isinstance(value.get("args"), dict) else {}
    identity = value.get("id", NONE)
    match phase:
        case "X":
            return Span(cat, name, pid, tid, start, length, _arguments(given) if given else None)
        case "i" | "I":
            numbers = {
                MEMORY_NUMBERS[k]: v for k, v in given.items() if k in MEMORY_NUMBERS and _fits(v)
            }
            return Instant(cat, name, pid, tid, start, MemoryArgs(**numbers))
        case "s" | "f" | "t":
            identity = identity if _fits(identity) else str(identity)
            return ArrowStart(identity, pid, tid, start, "" if phase == "t" else cat)
        case "M":
            return Named(
                name, pid, tid, NameArgs(msgspec.Raw(msgspec.json.encode(given.get("name"))))
            )
    return Other("not a complete event")


def _arguments(values: dict[str, Any]) -> Args:
    args = KernelArgs(
        **{NUMBERS[key]: v for key, v in values.items() if key in NUMBERS and _fits(v)}
    )
    for key, name in TEXTS.items():
        if key in values:
            setattr(args, name, msgspec.Raw(msgspec.json.encode(values[key])))
    return args


def _fits(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _place(value: object) -> int | str | None:
    if _fits(value) or isinstance(value, str):
        return value  # type: ignore[return-value]
    return (
        int(value)
        if isinstance(value, float) and value.is_integer() and _fits(int(value))
        else None
    )


def nanoseconds(microseconds: npt.ArrayLike) -> Int64:
    """Whole nanoseconds, exact also where the microseconds count from 1970."""
    values = np.asarray(microseconds, dtype=np.float64)
    whole = np.floor(values)
    return whole.astype(np.int64) * 1000 + np.rint((values - whole) * 1000).astype(np.int64)


def text_of(raw: msgspec.Raw) -> str:
    """A string's value; what is no valid string as it stands in the file."""
    try:
        return str(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return bytes(raw).decode("utf-8", "replace")
