"""Protobuf by hand: numbers of variable length, and the fields of a message."""

import struct

HIGH = 0x80
PAIRS = HIGH * HIGH
FOURS = PAIRS * PAIRS

SHORT = [bytes((low,)) for low in range(HIGH)]
SHORT += [bytes((low | HIGH, high)) for high in range(1, HIGH) for low in range(HIGH)]
"""Varints of the numbers below PAIRS: where there are millions, a look is cheaper than a call."""

FIRST_TWO = [bytes((low | HIGH, high | HIGH)) for high in range(HIGH) for low in range(HIGH)]
"""The lowest 14 bits of numbers that have more: FIRST_TWO[number % PAIRS] + varint(number // PAIRS)
is a varint."""


def varint(number: int) -> bytes:
    """A number from 0 on, seven bits a byte, the lowest first."""
    if number < PAIRS:
        return SHORT[number]
    return FIRST_TWO[number & (PAIRS - 1)] + varint(number >> 14)


def number_field(field: int, value: int) -> bytes:
    """A field that is a whole number; a negative one is the 64 bits of its two's complement."""
    return varint(field << 3) + varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def bytes_field(field: int, value: bytes) -> bytes:
    """A field that is a text or a message of its own."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def double_field(field: int, value: float) -> bytes:
    """A field that is a 64-bit float."""
    return varint(field << 3 | 1) + struct.pack("<d", value)


def fixed_field(field: int, value: int) -> bytes:
    """A field of 64 bits that are written as they are."""
    return varint(field << 3 | 1) + struct.pack("<Q", value)
