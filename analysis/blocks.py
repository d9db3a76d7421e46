"""Event blocks: the columns, units and kinds in which every reader hands on what a trace holds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from analysis.columns import Column, Int32, Int64, group_rows, is_constant, joined, pick

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


def is_kind(
    column: npt.NDArray[np.signedinteger], kinds: tuple[Kind, ...]
) -> npt.NDArray[np.bool_]:
    """Which rows of a column of kinds are of one of these."""
    among = np.zeros(len(Kind) + 1, dtype=bool)  # the last place is that of -1
    among[[*kinds]] = True
    found: npt.NDArray[np.bool_] = among[column]
    return found


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

    def any_starts_with(self, prefix: str) -> bool:
        """Whether there is a text that starts with `prefix`."""
        return any(text.startswith(prefix) for text in self._texts)


class TextTable:
    """What a function says about each text of a table, as a column; asked once for each text."""

    def __init__(self, strings: Strings, say: Callable[[str], int]) -> None:
        self._strings = strings
        self._say = say
        self._known: dict[int, int] = {NONE: NONE}

    def of(self, numbers: npt.NDArray[np.signedinteger]) -> Int64:
        """The values for these string numbers, -1 for none; of the same shape."""
        if not len(numbers):
            return np.zeros(0, dtype=np.int64)
        if is_constant(numbers):
            return np.full(len(numbers), self._value(int(numbers[0])), dtype=np.int64)
        high = int(numbers.max())
        present = np.zeros(high + 2, dtype=bool)  # -1 is the last place
        present[numbers] = True
        values = np.full(high + 2, NONE, dtype=np.int64)
        for number in np.flatnonzero(present[:-1]).tolist():
            values[number] = self._value(number)
        found: Int64 = values[numbers]
        return found

    def _value(self, number: int) -> int:
        value = self._known.get(number)
        if value is None:
            value = self._known[number] = self._say(self._strings[number])
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Events as columns of equal length; -1 where a number is not known.

    Times are Unix nanoseconds. `name`, `shapes`, `types`, `args` and `path` are numbers in the
    trace's Strings. `shapes`, `types` and `args` hold JSON text as the source wrote it: of each
    input of an op its shape, the type of its elements and its value, the last two only where a
    formula needs them; `args` of a kernel its launch configuration, where that was asked for.
    `thread` and `process` are the source's own numbers; `device` and `stream` are set for work on
    an accelerator.
    `correlation` ties a kernel to its launch, `sequence` with `forward_thread` a backward op to its
    forward op, `python_id` a Python frame to its parent, `flow` the two ends of an arrow, or an
    allocation and its release (their address, where that was asked for). `parent` is the
    `event_id` of the enclosing event; a Python frame's is its caller's `python_id`. `flops`
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
    types: Int32
    args: Int32
    path: Int32

    def __len__(self) -> int:
        return len(self.event_id)

    @property
    def end_ns(self) -> Int64:
        """Unix nanoseconds at which each event ends."""
        return self.start_ns + self.duration_ns

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> "Block":
        """The chosen rows, as a block."""
        return Block(**{name: pick(getattr(self, name), rows) for name in DTYPES})

    def replaced(self, **columns: Column) -> "Block":
        """The same events with other values in some columns."""
        return replace(self, **columns)

    def time_order(self) -> npt.NDArray[np.intp]:
        """Rows by their start, longer ones first."""
        order = np.argsort(self.start_ns, kind="stable")
        start_ns = self.start_ns[order]
        same = start_ns[1:] == start_ns[:-1]
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        rows = order[tied]
        keys = (self.event_id[rows], -self.duration_ns[rows], start_ns[tied])
        order[tied] = rows[np.lexsort(keys)]
        return order

    def tracks(self) -> npt.NDArray[np.intp]:
        """For each row the number of its track: what has its rank, process, thread and stream."""
        columns = (self.rank, self.process, self.thread, self.stream)
        group, first = group_rows(*columns)
        order = np.lexsort([column[first] for column in reversed(columns)])
        number = np.empty(len(first), dtype=np.intp)
        number[order] = np.arange(len(first))
        return number[group]

    def nested_order(self) -> npt.NDArray[np.intp]:
        """Rows by track and time, enclosing events before inner ones."""
        order = self.time_order()
        return order[np.argsort(self.tracks()[order], kind="stable")]


class Trace(Protocol):
    """What a reader hands on: blocks in the source's order, and what they need to be understood.

    `blocks` streams; everything else is whole once it has been read to its end. `notes` are
    sentences that a reader of the tables should know. `rank` is the source's own where it says one.
    """

    path: Path
    strings: Strings
    process_names: dict[int, str]
    thread_names: dict[tuple[int, int], str]
    devices: list[dict[str, object]]
    base_ns: int
    rank: int
    notes: list[str]

    @property
    def left_out(self) -> int:
        """Events that the reader was told to keep from the blocks."""
        ...

    @property
    def dropped_reasons(self) -> dict[str, int]:
        """How many events could not be understood, and why."""
        ...

    @property
    def repaired(self) -> int:
        """Places where the source's text had to be mended."""
        ...

    @property
    def truncated(self) -> str | None:
        """Where the source breaks off, None if it is whole."""
        ...

    def progress(self) -> tuple[int, int]:
        """Bytes of the source that were read, and bytes in all."""
        ...

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
    "types": np.int32,
    "args": np.int32,
    "path": np.int32,
}


def from_columns(
    count: int, **columns: Iterable[int] | npt.NDArray[np.generic] | int | np.integer
) -> Block:
    """A block of `count` rows; columns that are not given hold -1, or 0 for the rank.

    A column that is given as one number is that number in each row, and takes no memory.
    """
    arrays = {}
    for name, dtype in DTYPES.items():
        given = columns.get(name, 0 if name == "rank" else NONE)
        if isinstance(given, int | np.integer):
            arrays[name] = np.broadcast_to(np.array(given, dtype=dtype), (count,))
        else:
            arrays[name] = np.asarray(given, dtype=dtype)
    return Block(**arrays)


def concat(blocks: Iterable[Block]) -> Block:
    """All rows of many blocks in one; no block at all gives an empty one."""
    parts = [block for block in blocks if len(block)]
    if not parts:
        return from_columns(0)
    if len(parts) == 1:
        return parts[0]
    return Block(**{name: joined([getattr(part, name) for part in parts]) for name in DTYPES})
