"""Encodes protobuf messages many at a time: their fields are columns of numbers."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analysis.columns import Int64

DIGIT_BITS = 7
MORE = 1 << DIGIT_BITS

Octets = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.intp]


class Messages:
    """Messages of one kind, side by side; fields are written in the order in which they are added.

    Args:
        count: how many messages.
    """

    def __init__(self, count: int) -> None:
        self._sizes = np.zeros(count, dtype=np.int64)
        self._pieces: list[tuple[Rows | None, bytes, UInt64 | None, Int64 | None]] = []

    def number(self, head: bytes, values: Int64, rows: Rows | None = None) -> None:
        """Add a field that is a number of variable length.

        Args:
            head: what stands before the number, such as the field's tag.
            values: the numbers; a negative one is the 64 bits of its two's complement.
            rows: the messages that have the field; None: all of them.
        """
        unsigned = np.ascontiguousarray(values, dtype=np.int64).view(np.uint64)
        self._add(rows, head, unsigned, varint_sizes(unsigned))

    def wrapped(self, head: bytes, inner: bytes, values: Int64, rows: Rows | None = None) -> None:
        """Add a field that is a message: `inner` and a number; in all less than 128 bytes."""
        unsigned = np.ascontiguousarray(values, dtype=np.int64).view(np.uint64)
        sizes = varint_sizes(unsigned)
        self._add(rows, head, (sizes + len(inner)).astype(np.uint64), np.ones_like(sizes))
        self._add(rows, inner, unsigned, sizes)

    def constant(self, field: bytes, rows: Rows | None = None) -> None:
        """Add a field that is the same in all these messages."""
        self._add(rows, field, None, None)

    def _add(
        self, rows: Rows | None, head: bytes, values: UInt64 | None, sizes: Int64 | None
    ) -> None:
        size = len(head) if sizes is None else sizes + len(head)
        if rows is None:
            self._sizes += size
        else:
            self._sizes[rows] += size
        self._pieces.append((rows, head, values, sizes))

    def framed(self, tag: bytes) -> tuple[Octets, Int64]:
        """All messages, one behind the other, each as a field with this tag.

        Returns:
            The bytes, and where each message ends.
        """
        lengths = self._sizes.view(np.uint64)
        digits = varint_sizes(lengths)
        ends = np.cumsum(self._sizes + digits + len(tag))
        octets = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
        at = ends - self._sizes - digits - len(tag)
        at = self._put(octets, at, tag, lengths, digits)
        for rows, head, values, sizes in self._pieces:
            if rows is None:
                at = self._put(octets, at, head, values, sizes)
            else:
                at[rows] = self._put(octets, at[rows], head, values, sizes)
        return octets, ends

    @staticmethod
    def _put(
        octets: Octets, at: Int64, head: bytes, values: UInt64 | None, sizes: Int64 | None
    ) -> Int64:
        """Write at these places, and say where they go on."""
        for octet in head:
            octets[at] = octet
            at = at + 1
        if values is None or sizes is None:
            return at
        for left, more, places in _digits(values, sizes, at):
            octets[places] = left | more
        return at + sizes


def varint_sizes(values: UInt64) -> Int64:
    """How many bytes each number takes, seven bits a byte."""
    sizes = np.ones(len(values), dtype=np.int64)
    left = values >> np.uint64(DIGIT_BITS)
    while left.any():
        sizes += left > 0
        left >>= np.uint64(DIGIT_BITS)
    return sizes


def _digits(values: UInt64, sizes: Int64, places: Int64) -> Iterator[tuple[Octets, Octets, Int64]]:
    """Of numbers digit by digit: seven bits, the mark that more follow, and where they stand."""
    while len(values):
        more = sizes > 1
        low = (values & np.uint64(MORE - 1)).astype(np.uint8)
        yield low, more.astype(np.uint8) * np.uint8(MORE), places
        if not more.any():
            return
        if not more.all():
            values, sizes, places = values[more], sizes[more], places[more]
        values, sizes, places = values >> np.uint64(DIGIT_BITS), sizes - 1, places + 1
