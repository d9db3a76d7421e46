"""One event of Kineto's Chrome JSON: its fields, and the numbers that they stand for."""

from typing import Annotated

import msgspec
import numpy as np

from analysis.blocks import DEVICE_KINDS, NONE, Int64, Kind

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
    "python_function": Kind.PYTHON,
    "user_annotation": Kind.ANNOTATION,
    "gpu_user_annotation": Kind.ANNOTATION,
    "collective_comm": Kind.COMMUNICATION,
    "cuda_sync": Kind.ASYNC,
    "overhead": Kind.OVERHEAD,
}
ON_DEVICE = {"kernel", "gpu_memcpy", "gpu_memset", "gpu_user_annotation", "cuda_sync"}

Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Loose = Id | float | str | None
NOTHING = msgspec.Raw(b"")


class Args(msgspec.Struct, gc=False, frozen=True):
    """The arguments that become columns; their types vary between versions and vendors."""

    name: msgspec.Raw = NOTHING
    correlation: Loose = None
    device: Loose = None
    stream: Loose = None
    moved_bytes: Loose = msgspec.field(default=None, name="bytes")
    dims: msgspec.Raw = msgspec.field(default=NOTHING, name="Input Dims")
    sequence: Loose = msgspec.field(default=None, name="Sequence number")
    forward_thread: Loose = msgspec.field(default=None, name="Fwd thread id")
    python_id: Loose = msgspec.field(default=None, name="Python id")
    python_parent: Loose = msgspec.field(default=None, name="Python parent id")
    changed_bytes: Loose = msgspec.field(default=None, name="Bytes")
    total_bytes: Loose = msgspec.field(default=None, name="Total Allocated")
    memory_device: Loose = msgspec.field(default=None, name="Device Id")
    memory_type: Loose = msgspec.field(default=None, name="Device Type")


NO_ARGS = Args()


class Event(msgspec.Struct, gc=False):
    """One element of traceEvents."""

    ph: str = ""
    name: str = ""
    cat: str = ""
    ts: float = 0.0
    dur: float = 0.0
    pid: Id | str = ""
    tid: Id | str = ""
    id: Id | str = NONE
    args: Args | None = None


def nanoseconds(microseconds: list[float]) -> Int64:
    """Whole nanoseconds, exact also where the microseconds count from 1970."""
    values = np.array(microseconds, dtype=np.float64)
    whole = np.floor(values)
    return whole.astype(np.int64) * 1000 + np.rint((values - whole) * 1000).astype(np.int64)


def number(value: int | float | str | None) -> int:
    """A whole number as it stands in the file, -1 for anything else."""
    return value if isinstance(value, int) else NONE


def text_of(raw: msgspec.Raw) -> str:
    """A string's value; what is no valid string as it stands in the file."""
    try:
        return str(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return bytes(raw).decode("utf-8", "replace")


def _small(value: int) -> int:
    return value if -(2**31) <= value < 2**31 else NONE


def same_place(row: Event, arrow: Event) -> bool:
    """Whether an arrow starts or ends at an event."""
    return row.ts == arrow.ts and row.tid == arrow.tid and row.pid == arrow.pid


def device_of(row: Event, args: Args, kind: Kind) -> int:
    """The accelerator that an event ran on or that its memory is on, -1 for the host."""
    if kind == Kind.MEMORY:
        return _small(number(args.memory_device)) if args.memory_type != 0 else NONE
    if row.cat not in ON_DEVICE:
        return NONE
    return _small(number(args.device if isinstance(args.device, int) else row.pid))


def stream_of(row: Event, args: Args) -> int:
    """The stream that an event ran on, -1 for the host."""
    if row.cat not in ON_DEVICE:
        return NONE
    return _small(number(args.stream if isinstance(args.stream, int) else row.tid))


def moved_bytes(args: Args, kind: Kind) -> int:
    """Bytes that were copied or set, or by which an allocator's memory changed."""
    if kind == Kind.MEMORY:
        return number(args.changed_bytes)
    return number(args.moved_bytes) if kind in DEVICE_KINDS else NONE
