"""One event of Kineto's Chrome JSON: its fields, and the numbers that they stand for."""

from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Int64, Kind

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

Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
NOTHING = msgspec.Raw(b"")


class Args(msgspec.Struct, gc=False):
    """The arguments that become columns."""

    name: msgspec.Raw = NOTHING
    correlation: Id = NONE
    device: Id = NONE
    stream: Id = NONE
    moved_bytes: Id = msgspec.field(default=NONE, name="bytes")
    dims: msgspec.Raw = msgspec.field(default=NOTHING, name="Input Dims")
    inputs: msgspec.Raw = msgspec.field(default=NOTHING, name="Concrete Inputs")
    sequence: Id = msgspec.field(default=NONE, name="Sequence number")
    forward_thread: Id = msgspec.field(default=NONE, name="Fwd thread id")
    python_id: Id | None = msgspec.field(default=NONE, name="Python id")
    python_parent: Id | None = msgspec.field(default=NONE, name="Python parent id")
    changed_bytes: Id = msgspec.field(default=NONE, name="Bytes")
    total_bytes: Id = msgspec.field(default=NONE, name="Total Allocated")
    memory_device: Id = msgspec.field(default=NONE, name="Device Id")
    memory_type: Id = msgspec.field(default=NONE, name="Device Type")


NO_ARGS = Args()


class Event(msgspec.Struct, gc=False):
    """One element of traceEvents; the types are those that Kineto writes."""

    ph: str = ""
    name: str = ""
    cat: str = ""
    ts: float = 0.0
    dur: float = 0.0
    pid: Id | str = ""
    tid: Id | str = ""
    id: Id | str = NONE
    args: Args | None = None


NUMBERS = {
    field.encode_name: field.name
    for field in msgspec.structs.fields(Args)
    if field.default == NONE and field.name != "name"
}


def tolerant(raw: msgspec.Raw) -> Event | None:
    """An event whose values have other types than Kineto's, as far as they can be understood.

    None for what is no event, or has no place in time. Arguments that are no whole numbers of 64
    bits are left out.
    """
    value = msgspec.json.decode(raw)
    if not isinstance(value, dict):
        return None
    times = [_float(value.get(key, 0.0)) for key in ("ts", "dur")]
    places = [_place(value.get(key, "")) for key in ("pid", "tid")]
    if None in times or None in places:
        return None
    event = Event(
        str(value.get("ph", "")), str(value.get("name", "")), str(value.get("cat", "")), *times, *places
    )
    identity = value.get("id", NONE)
    event.id = identity if _fits(identity) else str(identity)
    if isinstance(value.get("args"), dict):
        event.args = _arguments(value["args"])
    return event


def _arguments(values: dict[str, Any]) -> Args:
    args = Args(**{NUMBERS[key]: v for key, v in values.items() if key in NUMBERS and _fits(v)})
    for key, name in (("name", "name"), ("Input Dims", "dims"), ("Concrete Inputs", "inputs")):
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
    return int(value) if isinstance(value, float) and value.is_integer() and _fits(int(value)) else None


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
