"""Finds the fields of a protobuf message without decoding it, to decode a large one in parts."""

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
MAX_VARINT_BITS = 63


class WireError(ValueError):
    """The bytes are no protobuf message."""


class Field(NamedTuple):
    """Where a field lies: the field from `begin` to `end`, its content from `content` on."""

    number: int
    begin: int
    content: int
    end: int


def fields(data: bytes, begin: int, end: int) -> Iterator[Field]:
    """The fields of the message in data[begin:end], in their order.

    `data` may be a mapped file. Concatenated fields are a message again, so a caller can decode
    some of them at a time.

    Raises:
        WireError: a field is cut off, or of no known form.
    """
    at = begin
    while at < end:
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
            raise WireError(f"no field begins at byte {at}")
        if stop > end:
            raise WireError(f"the field at byte {at} is cut off")
        yield Field(tag >> 3, at, content, stop)
        at = stop


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of variable length, and the position behind it."""
    value = 0
    for shift in range(0, MAX_VARINT_BITS + 1, 7):
        if at >= end:
            raise WireError(f"a number is cut off at byte {at}")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise WireError(f"no number ends at byte {at}")
