"""Finds the fields of a protobuf message without decoding it, and reads numbers many at a time."""

import mmap
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
MAX_VARINT_BITS = 63
PADDING_BYTES = 32

Data = bytes | mmap.mmap
UInt64 = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]

ENDS = np.uint64(0x8080808080808080)
DIGITS = np.uint64(0x7F7F7F7F7F7F7F7F)
# Neighbouring digits of 7, 14 and 28 bits are pushed together: the lower of a pair, the upper one.
PAIRS = tuple(
    (np.uint64(low), np.uint64(high), np.uint64(shift))
    for low, high, shift in (
        (0x007F007F007F007F, 0x7F007F007F007F00, 1),
        (0x00003FFF00003FFF, 0x3FFF00003FFF0000, 2),
        (0x000000000FFFFFFF, 0x0FFFFFFF00000000, 4),
    )
)


class WireError(ValueError):
    """The bytes are no protobuf message."""


class CutOff(WireError):  # noqa: N818
    """A field goes on behind the end of the message."""


class Field(NamedTuple):
    """Where a field lies: the field from `begin` to `end`, its content from `content` on."""

    number: int
    form: int
    begin: int
    content: int
    end: int


def fields(data: Data, begin: int, end: int) -> Iterator[Field]:
    """The fields of the message in data[begin:end], in their order.

    Concatenated fields are a message again, so a caller can decode
    some of them at a time.

    Raises:
        WireError: a field is cut off, or of no known form.
    """
    at = begin
    while at < end:
        field = field_at(data, at, end)
        yield field
        at = field.end


def field_at(data: Data, at: int, end: int) -> Field:
    """The field that begins at a place of the message, which goes on to `end`; see `fields`."""
    field = field_head(data, at, end)
    if field.end > end:
        raise CutOff(f"the field at byte {at:,} is cut off")
    return field


def field_head(data: Data, at: int, end: int) -> Field:
    """The same field, which may say that it goes on behind `end`."""
    tag, content = _varint(data, at, end)
    form = tag & 7
    if form == VARINT:
        _, stop = _varint(data, content, end)
    elif form == BYTES:
        size, content = _varint(data, content, end)
        stop = content + size
    elif form in FIXED_SIZES:
        stop = content + FIXED_SIZES[form]
    else:
        raise WireError(f"no field begins at byte {at:,}")
    return Field(tag >> 3, form, at, content, stop)


def _varint(data: Data, at: int, end: int) -> tuple[int, int]:
    """A number of variable length, and the position behind it."""
    value = 0
    for shift in range(0, MAX_VARINT_BITS + 1, 7):
        if at >= end:
            raise CutOff(f"a number is cut off at byte {at:,}")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise WireError(f"no number ends at byte {at:,}")


def varint(value: int) -> bytes:
    """A number of 0 or more as protobuf writes it."""
    text = bytearray()
    while value > 127:
        text.append(value & 127 | 128)
        value >>= 7
    return bytes((*text, value))


class Octets:
    """The bytes of a message, to be read at many places at a time.

    Places up to PADDING_BYTES - 16 behind the end may be read; they hold zeros.
    """

    def __init__(self, data: bytes) -> None:
        self._size = len(data)
        self.padded = data + bytes(PADDING_BYTES)
        self.values = np.frombuffer(self.padded, dtype=np.uint8)
        self.words: UInt64 = np.ndarray(
            (self._size + PADDING_BYTES - 7,), "<u8", self.padded, 0, (1,)
        )

    def __len__(self) -> int:
        return self._size

    def varints(self, places: Places) -> tuple[UInt64, Places]:
        """The numbers of variable length that begin at these places, and their lengths in bytes.

        Bits above the 64th are lost, as protobuf has it. The length is -1 where no number ends
        within ten bytes.
        """
        words = self.words[places]
        ends = ~words & ENDS
        below = (ends & (~ends + np.uint64(1))) - np.uint64(1)  # all bits below the first end's
        lengths = (np.bitwise_count(below).astype(np.intp) + 1) >> 3
        values = words & below & DIGITS
        largest = values.max() if len(values) else np.uint64(0)
        for low, high, shift in PAIRS:
            if not largest >> (shift << np.uint64(3)):  # no number has an upper digit here
                break
            values = (values & low) | ((values & high) >> shift)
        if not ends.all():
            long = np.flatnonzero(ends == 0)
            more = self.values[places[long] + 8].astype(np.uint64)
            last = self.values[places[long] + 9].astype(np.uint64)
            values[long] |= (more & np.uint64(127)) << np.uint64(56)
            ten = more > 127
            values[long[ten]] |= last[ten] << np.uint64(63)
            lengths[long] = np.where(ten, np.where(last > 127, -1, 10), 9)
        return values, lengths
