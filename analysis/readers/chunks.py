"""Reads the one huge array of a JSON document piece by piece, however the document is laid out."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from analysis.readers.repair import elements, repaired
from analysis.readers.source import BLOCK_BYTES, Source
from profilers.rundir import ProfileError

MAX_CUTS = 64
MAX_ELEMENT_BYTES = 64 << 20
WHITESPACE_BYTES = 256
TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
POSITION = re.compile(r"\(byte (\d+)\)")
TRUNCATED = "truncated"
LONGEST_WORD_BYTES = 8

Element = TypeVar("Element")
Decode = Callable[[bytes], list[Element]]


class ArrayReader:
    """The elements of the array under `key` of a JSON object, or of a document that is an array.

    `head` is the document up to and with the array's `[`; `tail` is what follows the array, from
    its `]` on, known once `lists` has been read to its end. `repaired` counts places where the text
    had to be mended, `lost` the elements that could not be. `truncated` says where a file breaks
    off: everything before is given.
    """

    def __init__(
        self,
        path: Path,
        key: str = "traceEvents",
        block_bytes: int = BLOCK_BYTES,
        limited: bool = True,
    ) -> None:
        self.path = path
        self.key = key
        self.head = b""
        self.tail = b""
        self.repaired = 0
        self.lost = 0
        self.truncated: str | None = None
        self.source = Source(path, block_bytes, limited)
        self._array = re.compile(b'"' + key.encode() + rb'"\s*:\s*\[')
        self._block_bytes = block_bytes
        self._offset_bytes = 0

    def find_head(self) -> bytes:
        """Read up to the array's start and return what stands before it; ProfileError if none."""
        self._read_head(Source(self.path, self._block_bytes).blocks())
        return self.head

    def lists(self, decode: Decode[Element]) -> Iterator[list[Element]]:
        """Yield what `decode` makes of the array, some elements at a time, in the file's order.

        Args:
            decode: takes the text of a JSON array; msgspec.DecodeError for text that is none.

        Raises:
            ProfileError: the file is no JSON, or has no such array.
        """
        blocks = self.source.blocks()
        buffer = self._read_head(blocks)
        self._offset_bytes = len(self.head)
        for block in blocks:
            buffer += block
            found, rest = self._prefix(buffer, decode)
            self._offset_bytes += len(buffer) - len(rest)
            buffer = rest
            if found:
                yield found
            if self.tail:
                self.tail = b"".join((self.tail, *_bounded(blocks)))
                return
            if len(buffer) > MAX_ELEMENT_BYTES:
                buffer = self._skipped(buffer)
        yield self._rest(buffer, decode)

    def _read_head(self, blocks: Iterator[bytes]) -> bytes:
        """Set `head` and return what was read behind it."""
        text = b""
        for block in blocks:
            text += block
            start = text.lstrip(b"\xef\xbb\xbf \t\r\n")
            if start[:1] == b"[":
                self.head = text[: len(text) - len(start) + 1]
                return text[len(self.head) :]
            if start[:1] not in (b"", b"{"):
                break
            for match in self._array.finditer(text):
                if _is_json(text[: match.end()] + b"]}"):
                    self.head = text[: match.end()]
                    return text[match.end() :]
            if len(text) > MAX_ELEMENT_BYTES:
                break
        if not text.strip():
            problem = self.source.problem
            raise ProfileError(
                f"{self.path} is a damaged gzip file: {problem}; copy it again."
                if problem
                else f"{self.path} is empty; record the trace again."
            )
        raise ProfileError(
            f"{self.path} is no trace: it has no {self.key} array and is none (it starts with "
            f"{text[:12]!r}); give a trace that a profiler exported."
        )

    def _prefix(self, buffer: bytes, decode: Decode[Element]) -> tuple[list[Element], bytes]:
        """As many whole elements as there are, and the text behind them.

        A cut inside a string or a nested array leaves text that ends too early, so it can't be
        taken for a good one: the next earlier place is tried. `tail` is set if the array ends here.
        """
        brace = len(buffer)
        for _ in range(MAX_CUTS):
            brace = buffer.rfind(b"{", 0, brace)
            if brace <= 0:
                break
            before = buffer[max(0, brace - WHITESPACE_BYTES) : brace].rstrip()
            if before.endswith(b",") and before[:-1].rstrip().endswith(b"}"):
                comma = max(0, brace - WHITESPACE_BYTES) + len(before) - 1
                found = self._attempt(memoryview(buffer)[:comma], decode)
                if self.tail:
                    self.tail += buffer[comma:]
                    return found or [], b""
                if found is not None:
                    return found, buffer[brace:]
        return [], buffer

    def _rest(self, buffer: bytes, decode: Decode[Element]) -> list[Element]:
        """The last elements: the array ends at a `]`, or the file breaks off."""
        if self.source.problem:
            self.truncated = self.source.problem
        found = self._attempt(buffer, decode)
        if self.tail:
            return found or []
        body = buffer.rstrip().rstrip(b",").rstrip()
        if found is None and body.endswith(b"}"):
            found = self._attempt(body, decode)
        if found is not None:
            self._break(len(buffer), ends=self.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[")
            return found
        brace = len(buffer)
        for _ in range(MAX_CUTS):
            brace = buffer.rfind(b"}", 0, brace)
            if brace < 0:
                break
            found = self._attempt(buffer[: brace + 1], decode)
            if found is not None:
                self._break(brace + 1, ends=False)
                return found
        self._break(0, ends=False)
        return []

    def _break(self, bytes_used: int, ends: bool) -> None:
        """Note that the file breaks off, unless its array `ends` without a bracket by custom."""
        if self.truncated is None and not ends:
            self.truncated = f"it breaks off after {self._offset_bytes + bytes_used:,} bytes"

    def _attempt(self, body: bytes | memoryview, decode: Decode[Element]) -> list[Element] | None:
        """The elements in `body`, or None if it ends within one; sets `tail` if the array ends."""
        try:
            return decode(b"".join((b"[", body, b"]")))
        except msgspec.DecodeError as error:
            if _at_end(error, len(body)):
                return None
            if where := TRAILING.search(str(error)):
                return self._ended(bytes(body), int(where[1]), decode)
        except (UnicodeDecodeError, RecursionError):
            pass
        return self._mended(bytes(body), decode)

    def _ended(self, body: bytes, position: int, decode: Decode[Element]) -> list[Element]:
        """The elements of an array that ends before this position, which counts our bracket."""
        bracket = body.rfind(b"]", 0, max(position - 1, 0))
        self.tail = body[bracket:]
        try:
            return decode(b"[" + body[:bracket] + b"]")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            text, places = repaired(body[:bracket])
            self.repaired += places
            return self._salvaged(text, decode)

    def _mended(self, body: bytes, decode: Decode[Element]) -> list[Element] | None:
        """The same of text that is no JSON as it stands."""
        text, places = repaired(body)
        try:
            found = decode(b"[" + text + b"]")
        except msgspec.DecodeError as error:
            if _at_end(error, len(text)):
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
        """Element by element, those that are JSON."""
        found: list[Element] = []
        for begin, element in elements(text):
            try:
                found += decode(b"[" + element + b"]")
            except msgspec.DecodeError as error:
                if where := TRAILING.search(str(error)):
                    found += self._ended(element, int(where[1]), decode)
                    self.tail = text[begin + len(element) - len(self.tail) :]
                    break
                self.lost += 1
            except (UnicodeDecodeError, RecursionError):
                self.lost += 1
        return found

    def _skipped(self, buffer: bytes) -> bytes:
        """What is left of a buffer in which no element ends."""
        self.lost += 1
        brace = buffer.rfind(b"{", 1)
        return buffer[brace:] if brace > 0 else b""


def _at_end(error: Exception, size_bytes: int) -> bool:
    """Whether text was found to be no JSON where it ends, as text does that was cut there."""
    where = POSITION.search(str(error))
    return TRUNCATED in str(error) or (
        where is not None
        and "trailing characters" not in str(error)
        and int(where[1]) > size_bytes - LONGEST_WORD_BYTES
    )


def _bounded(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """What follows the array, up to a limit."""
    size = 0
    for block in blocks:
        size += len(block)
        if size <= MAX_ELEMENT_BYTES:
            yield block


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
