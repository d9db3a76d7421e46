"""Decodes pieces of a JSON array that may end in the middle, and what is left of broken ones."""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
import numpy as np

from analysis.readers.outline import Nesting
from analysis.readers.repair import elements, repaired

TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
POSITION = re.compile(r"\(byte (\d+)\)")
DOCUMENT = re.compile(rb'\]\s*(?:\}\s*(?![\s,}\]])|,\s*"[^"\\]*"\s*:)')
"""What stands behind an array of a document: its last bracket, or its next key."""
MOST_PARTS = 16
"""What a broken element is tried with: it may be a part of one that holds objects."""
TRUNCATED = "truncated"
LONGEST_WORD_BYTES = 8

Element = TypeVar("Element")
Decode = Callable[[bytes], list[Element]]


class Elements:
    """Decodes pieces of one array.

    `repaired` counts places where the text had to be mended, `lost` the elements that could not be,
    `too_large` those that were not decoded at all. `behind` is the text from the array's `]` on,
    once a piece had that.
    """

    def __init__(self) -> None:
        self.repaired = 0
        self.lost = 0
        self.too_large = 0
        self.behind: bytes | None = None

    def attempt(self, body: bytes | memoryview, decode: Decode[Element]) -> list[Element] | None:
        """The elements in `body`, or None if it ends within one; `behind` if the array ends."""
        try:
            return decode(b"".join((b"[", body, b"]")))
        except msgspec.DecodeError as error:
            if _at_end(error, len(body)):
                return None
            if where := TRAILING.search(str(error)):
                return self._ended(bytes(body), int(where[1]), decode)
        except (UnicodeDecodeError, RecursionError):
            pass
        return self._mended(bytes(body), decode, ends=False)

    def whole(self, body: bytes, decode: Decode[Element]) -> list[Element]:
        """The elements in text that ends with one, as far as they are JSON."""
        found = self.attempt(body, decode)
        return (self._mended(body, decode, ends=True) if found is None else found) or []

    def last(self, body: bytes, decode: Decode[Element]) -> list[Element] | None:
        """The elements in the last text of a file, None if they don't end with it."""
        found = self.attempt(body, decode)
        if found is None:
            # What is broken near the end looks as if it were cut there.
            text, places = repaired(body)
            if places and (found := self.attempt(text, decode)) is not None:
                self.repaired += places
        return found

    def _ended(self, body: bytes, position: int, decode: Decode[Element]) -> list[Element]:
        """The elements of an array that ends before this position, which counts our bracket."""
        bracket = body.rfind(b"]", 0, max(position - 1, 0))
        self.behind = body[bracket:]
        try:
            return decode(b"[" + body[:bracket] + b"]")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            text, places = repaired(body[:bracket])
            self.repaired += places
            return self._salvaged(text, decode)

    def _mended(self, body: bytes, decode: Decode[Element], ends: bool) -> list[Element] | None:
        """The same of text that is no JSON as it stands; None if it ends within an element."""
        text, places = repaired(body)
        try:
            found = decode(b"[" + text + b"]")
        except msgspec.DecodeError as error:
            if not ends and _at_end(error, len(text)):
                return None
            where = TRAILING.search(str(error))
            found = (
                self._ended(text, int(where[1]), decode) if where else self._salvaged(text, decode)
            )
        except (UnicodeDecodeError, RecursionError):
            found = self._salvaged(text, decode)
        self.repaired += places
        return found

    def _salvaged(self, text: bytes, decode: Decode[Element]) -> list[Element]:
        """Element by element, those that are JSON.

        What may be an element can be a part of one that holds objects; then more parts make it
        whole.
        """
        found: list[Element] = []
        parts = [(begin, begin + len(part)) for begin, part in elements(text)]
        number, behind = 0, self.behind
        while number < len(parts) and self.behind is behind:
            count, values = self._first(text, parts[number : number + MOST_PARTS], decode)
            found += values
            number += count
        return found

    def _first(
        self, text: bytes, parts: list[tuple[int, int]], decode: Decode[Element]
    ) -> tuple[int, list[Element]]:
        """How many of these parts of the text are its first element, and that; none if broken."""
        begin, end = parts[0]
        for count, (_, last) in enumerate(parts, 1):
            whole = text[begin:last]
            try:
                return count, decode(b"[" + whole + b"]")
            except msgspec.DecodeError as error:
                where = TRAILING.search(str(error))
                if where:
                    bracket = begin + whole.rfind(b"]", 0, max(int(where[1]) - 1, 0))
                    if DOCUMENT.match(text, bracket):
                        values = self._ended(whole, int(where[1]), decode)
                        self.behind = text[bracket:]
                        return count, values
                if where or not _at_end(error, len(whole)):
                    break
            except (UnicodeDecodeError, RecursionError):
                break
        self._lose(text, begin, end)
        return 1, []

    def _lose(self, text: bytes, begin: int, end: int) -> None:
        """Count an element that is broken; `behind` if the array seems to end behind it."""
        self.lost += 1
        if (place := _array_end(text[begin:end])) is not None:
            self.behind = text[begin + place :]


def _array_end(text: bytes) -> int | None:
    """Where the array seems to end behind a broken element, None if it goes on."""
    ends = np.flatnonzero(Nesting().of(text) < 0)
    return int(ends[0]) if len(ends) and DOCUMENT.match(text, ends[0]) else None


def _at_end(error: Exception, size_bytes: int) -> bool:
    """Whether text was found to be no JSON where it ends, as text does that was cut there."""
    where = POSITION.search(str(error))
    return TRUNCATED in str(error) or (
        where is not None
        and "trailing characters" not in str(error)
        and int(where[1]) > size_bytes - LONGEST_WORD_BYTES
    )
