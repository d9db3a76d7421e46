"""Follows how JSON text is nested, block by block, and reads the small members of an object."""

import re

import msgspec
import numpy as np
import numpy.typing as npt

from analysis.readers.repair import repaired

MAX_MEMBER_BYTES = 1 << 20
MAX_MEMBERS_BYTES = 1 << 24
PIECE_BYTES = 1 << 14
"""What is looked at in one go: the members before an array are often shorter."""
ESCAPE = re.compile(rb"\\.", re.DOTALL)
KEY = re.compile(rb'\s*("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*', re.DOTALL)
WHITESPACE = re.compile(rb"\s+")
QUOTE = ord('"')
STEPS = np.zeros(256, dtype=np.int8)
STEPS[list(b"{[")] = 1
STEPS[list(b"}]")] = -1

Levels = npt.NDArray[np.int32]


class Nesting:
    """How deep text lies in the array or object that it began in."""

    def __init__(self) -> None:
        self.level = 0
        self._in_string = False
        self._escaped = False

    def of(self, block: bytes) -> Levels:
        """The level behind each byte of the next text, shape (bytes,).

        It is 0 for what stands directly in the array or object and for the last bracket or quote of
        its values, more inside of these, and -1 from its own last bracket on.
        """
        text = b"_" + block[1:] if self._escaped and block else block
        if b"\\" in text:
            text = ESCAPE.sub(b"__", text)
        self._escaped = text.endswith(b"\\")
        codes = np.frombuffer(text, dtype=np.uint8)
        in_string = np.cumsum(codes == QUOTE, dtype=np.int32) + self._in_string & 1
        steps = STEPS[codes] * (in_string == 0)
        depth = np.cumsum(steps, dtype=np.int32) + (self.level - self._in_string)
        levels: Levels = depth + in_string
        if len(levels):
            self.level, self._in_string = int(levels[-1]), bool(in_string[-1])
        return levels


class Members:
    """The members of a JSON object, from text of any size.

    `values` holds them by key as far as the text was given; None stands for what is large, and for
    what is no JSON, which `unread` counts. Members behind MAX_MEMBERS_BYTES are left out. Places
    where a value had to be mended are in `repaired`.
    """

    def __init__(self, array: str | None = None) -> None:
        self.values: dict[str, object] = {}
        self.unread = 0
        self.repaired = 0
        self.ended = False
        self._array = array
        self._nesting = Nesting()
        self._member = bytearray()
        self._bytes = 0

    def take(self, block: bytes) -> int | None:
        """Read on: up to the object's end, or behind the `[` of the array that was asked for.

        The place, if it is in this block; `ended` tells which. Nothing may follow.
        """
        for begin in range(0, len(block), PIECE_BYTES):
            if (place := self._take(block[begin : begin + PIECE_BYTES])) is not None:
                return begin + place
        return None

    def _take(self, block: bytes) -> int | None:
        inside_before = self._nesting.level > 0
        levels = self._nesting.of(block)
        ends = np.flatnonzero(levels < 0)
        stop = int(ends[0]) if len(ends) else len(block)
        inside = levels[:stop] > 0
        changed = np.flatnonzero(inside != np.append(inside_before, inside[:-1])[:stop])
        begin, is_inside = 0, inside_before
        for end in (*changed.tolist(), stop):
            self._add(block[begin:end], is_inside)
            if end < stop:
                is_inside = not is_inside
                if is_inside and block[end : end + 1] == b"[" and self._at_array():
                    return int(end) + 1
            begin = end
        if stop == len(block):
            return None
        self._finish()
        self.ended = True
        return stop + 1

    def _finish(self) -> None:
        """Take the member that was given last, which is whole."""
        member, self._member = bytes(self._member), bytearray()
        found = KEY.match(member)
        if found is None:
            self.unread += bool(member.strip())
            return
        key = _decoded(found[1])
        value: object = None
        self._bytes += min(len(member), MAX_MEMBER_BYTES)
        if len(member) <= MAX_MEMBER_BYTES and self._bytes <= MAX_MEMBERS_BYTES:
            value = _decoded(member[found.end() :])
            if value is UNREADABLE:
                text, places = repaired(member[found.end() :])
                value = _decoded(text)
                self.repaired += places
        if value is UNREADABLE or not isinstance(key, str):
            self.unread += 1
        elif self._bytes <= MAX_MEMBERS_BYTES:
            self.values[key] = value

    def _add(self, text: bytes, is_inside: bool) -> None:
        if is_inside:
            if len(self._member) <= MAX_MEMBER_BYTES:
                self._member += text
            return
        *whole, last = text.split(b",")
        for each in whole:
            self._grow(each)
            self._finish()
        self._grow(last)

    def _grow(self, text: bytes) -> None:
        """Add what stands between values, with few blanks."""
        if len(self._member) <= MAX_MEMBER_BYTES:
            text = WHITESPACE.sub(b" ", text)
            self._member += text.lstrip() if self._member[-1:].isspace() else text

    def _at_array(self) -> bool:
        if self._array is None or len(self._member) > MAX_MEMBER_BYTES:
            return False
        found = KEY.fullmatch(self._member)
        return found is not None and _decoded(found[1]) == self._array


UNREADABLE = object()


def _decoded(text: bytes | bytearray) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return UNREADABLE
