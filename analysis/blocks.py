"""Event blocks: the columns, units and kinds in which every reader hands on what a trace holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

NONE = -1


class Kind(IntEnum):
    """What an event is; every source's own categories map onto these."""

    OP = 0
    KERNEL = 1
    MEMCPY = 2
    MEMSET = 3
    RUNTIME = 4
    PYTHON = 5
    STEP = 6
    ANNOTATION = 7
    MEMORY = 8
    COUNTER = 9
    COMMUNICATION = 10
    GC = 11
    ASYNC = 12
    OVERHEAD = 13


DEVICE_KINDS = (Kind.KERNEL, Kind.MEMCPY, Kind.MEMSET)


class Strings:
    """Texts as small numbers: one table for all blocks of a trace."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text, a new one if the text is new."""
        known = self._numbers.get(text)
        if known is None:
            known = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return known

    def __getitem__(self, number: int) -> str:
        return self._texts[number] if number >= 0 else ""

    def __len__(self) -> int:
        return len(self._texts)

    def matching(self, prefix: str) -> npt.NDArray[np.bool_]:
        """For each text, whether it starts with `prefix`; to select rows by name."""
        return np.array([text.startswith(prefix) for text in self._texts], dtype=bool)


Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Events as columns of equal length; -1 where a number is not known.

    Times are Unix nanoseconds. `name`, `shapes`, `args` and `path` are numbers in the trace's
    Strings (`shapes` and `args` hold JSON text as the source wrote it). `thread` and `process` are
    the source's own numbers; `device` and `stream` are set for work on an accelerator.
    `correlation` ties a kernel to its launch, `sequence` with `forward_thread` a backward op to its
    forward op, `python_id` a Python frame to its parent, `flow` the two ends of an arrow. `parent`
    is the `event_id` of the enclosing event; a Python frame's is its caller's `python_id`. `flops`
    and `bytes` are what the event computes and moves. A memory event's `bytes` is the change
    (negative when freed), its `total_bytes` what the allocator of `device` (-1: the host) holds
    after it. `path` is an op's place in the model's graph, where the source names ops by it: scopes
    parted by slashes (`phase_forward/model_1/fc1_1/MatMul`), from which phase and layer follow.
    """

    event_id: Int64
    name: Int32
    kind: npt.NDArray[np.int8]
    start_ns: Int64
    duration_ns: Int64
    process: Int64
    thread: Int64
    device: Int32
    stream: Int32
    parent: Int64
    correlation: Int64
    sequence: Int64
    forward_thread: Int64
    python_id: Int64
    flow: Int64
    shapes: Int32
    flops: Int64
    bytes: Int64
    total_bytes: Int64
    rank: npt.NDArray[np.int16]
    args: Int32
    path: Int32

    def __len__(self) -> int:
        return len(self.event_id)

    @property
    def end_ns(self) -> Int64:
        """Unix nanoseconds at which each event ends."""
        return self.start_ns + self.duration_ns

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Block":
        """The chosen rows, as a block."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def nested_order(self) -> npt.NDArray[np.intp]:
        """Rows by track (process, thread, stream) and time, enclosing events before inner ones."""
        return np.lexsort(
            (
                self.event_id,
                -self.duration_ns,
                self.start_ns,
                self.stream,
                self.thread,
                self.process,
            )
        )


class Trace(Protocol):
    """What a reader hands on: blocks in the source's order, and what they need to be understood.

    `blocks` streams; everything else is whole once it has been read to its end.
    """

    strings: Strings
    process_names: dict[int, str]
    thread_names: dict[tuple[int, int], str]
    devices: list[dict[str, object]]
    base_ns: int
    dropped_reasons: dict[str, int]

    @property
    def dropped(self) -> int:
        """Events that no block holds because they could not be understood."""
        ...

    def blocks(self) -> Iterator[Block]:
        """The trace's events, some at a time."""
        ...


DTYPES: dict[str, type[np.signedinteger]] = {
    "event_id": np.int64,
    "name": np.int32,
    "kind": np.int8,
    "start_ns": np.int64,
    "duration_ns": np.int64,
    "process": np.int64,
    "thread": np.int64,
    "device": np.int32,
    "stream": np.int32,
    "parent": np.int64,
    "correlation": np.int64,
    "sequence": np.int64,
    "forward_thread": np.int64,
    "python_id": np.int64,
    "flow": np.int64,
    "shapes": np.int32,
    "flops": np.int64,
    "bytes": np.int64,
    "total_bytes": np.int64,
    "rank": np.int16,
    "args": np.int32,
    "path": np.int32,
}


def from_columns(count: int, **columns: Iterable[int] | npt.NDArray[np.generic]) -> Block:
    """A block of `count` rows; columns that are not given hold -1, or 0 for the rank."""
    arrays = {}
    for name, dtype in DTYPES.items():
        if name in columns:
            arrays[name] = np.asarray(columns[name], dtype=dtype)
        else:
            arrays[name] = np.full(count, 0 if name == "rank" else NONE, dtype=dtype)
    return Block(**arrays)


def concat(blocks: Iterable[Block]) -> Block:
    """All rows of many blocks in one; no block at all gives an empty one."""
    parts: list[Block] = list(blocks)
    if not parts:
        return from_columns(0)
    columns = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Block)}
    return Block(**columns)


def runs_of_equal(*columns: Int64) -> Iterator[tuple[int, int]]:
    """(begin, end) of each stretch in which all columns keep their value."""
    if not len(columns[0]):
        return
    changed = np.zeros(len(columns[0]) - 1, dtype=bool)
    for column in columns:
        changed |= np.diff(column) != 0
    edges = np.concatenate(([0], np.flatnonzero(changed) + 1, [len(columns[0])]))
    yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
