"""Puts a trace's events in order of time without holding them all: sorted, packed, then merged."""

import tempfile
import weakref
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.blocks import DTYPES, Block, concat, from_columns

ROWS = 1 << 15
PART_ROWS = 1 << 12
MEMORY_BYTES = 8 << 20
WIDTHS = (np.int8, np.int16, np.int32, np.int64)


class _Part(NamedTuple):
    """Some rows of the store that follow each other in time: where each column lies, and how."""

    start_ns: int
    rows: int
    begin: int
    columns: dict[str, int | np.dtype[np.signedinteger]]


class TimeOrder:
    """Takes blocks in any order and gives them back in order of time, in windows of bounded size.

    Blocks are sorted some at a time and packed in parts of few rows: numbers that are the same in
    a whole part are kept once, others in as few bytes as they need. Above `memory_bytes` the parts
    go to a temporary file. A window takes the parts that begin first; what in them lies behind the
    beginning of the next part waits for the next window. So memory is a window and a part of each
    stretch of the file that covers the same time, whatever the file's size and order.
    """

    def __init__(self, rows: int = ROWS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._rows = rows
        self._part_rows = max(1, min(PART_ROWS, rows // 8))
        self._waiting: list[Block] = []
        self._waiting_rows = 0
        self._parts: list[_Part] = []
        self._store = tempfile.SpooledTemporaryFile(max_size=memory_bytes)  # noqa: SIM115
        weakref.finalize(self, self._store.close)
        self._size_bytes = 0

    def add(self, block: Block) -> None:
        """Take some events, in any order."""
        self._waiting.append(block)
        self._waiting_rows += len(block)
        if self._waiting_rows >= self._rows:
            self._pack()

    def windows(self) -> Iterator[tuple[Block, int | None]]:
        """Yield all events by start, longer ones first, with the start of what comes next.

        Events that begin at the same time are in one window. The last window has None for the
        start of the next one; there is always one window, even if it is empty.
        """
        if not self._parts:  # all of it is at hand
            block, self._waiting = concat(self._waiting), []
            yield block.take(block.time_order()), None
            return
        self._pack()
        self._parts.sort(key=lambda part: part.start_ns)
        held: list[Block] = []
        held_rows = 0
        for part, follower in zip(self._parts, [*self._parts[1:], None], strict=True):
            held.append(self._unpacked(part))
            held_rows += part.rows
            if follower is None or held_rows >= self._rows:
                block = concat(held)
                block = block.take(block.time_order())
                edge_ns = None if follower is None else follower.start_ns
                cut = len(block) if edge_ns is None else int(block.start_ns.searchsorted(edge_ns))
                if cut:
                    yield block.take(slice(cut)), edge_ns
                held = [block.take(slice(cut, None))]
                held_rows = 0

    def _pack(self) -> None:
        """Sort what has come and put it into the store."""
        block, self._waiting, self._waiting_rows = concat(self._waiting), [], 0
        block = block.take(block.time_order())
        for begin in range(0, len(block), self._part_rows):
            self._put(block.take(slice(begin, begin + self._part_rows)))

    def _put(self, block: Block) -> None:
        columns: dict[str, int | np.dtype[np.signedinteger]] = {}
        begin = self._size_bytes
        for name in DTYPES:
            packed = _packed(getattr(block, name))
            if isinstance(packed, int):
                columns[name] = packed
            else:
                columns[name] = packed.dtype
                self._size_bytes += self._store.write(packed.tobytes())
        self._parts.append(_Part(int(block.start_ns[0]), len(block), begin, columns))

    def _unpacked(self, part: _Part) -> Block:
        self._store.seek(part.begin)
        columns: dict[str, int | npt.NDArray[np.signedinteger]] = {}
        for name, stored in part.columns.items():
            if isinstance(stored, int):
                columns[name] = stored
            else:
                text = self._store.read(part.rows * stored.itemsize)
                columns[name] = np.frombuffer(text, dtype=stored)
        return from_columns(part.rows, **columns)


def _packed(column: npt.NDArray[np.signedinteger]) -> int | npt.NDArray[np.signedinteger]:
    """One number if all are the same, else the column in the smallest type that holds it."""
    low, high = int(column.min()), int(column.max())
    if low == high:
        return low
    for width in WIDTHS:
        limits = np.iinfo(width)
        if limits.min <= low and high <= limits.max:
            return column.astype(width)
    raise AssertionError("a column of numbers that no type holds")
