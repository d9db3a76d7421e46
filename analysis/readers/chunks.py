"""Reads the one huge array of a JSON document piece by piece, however the document is laid out."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from isal import igzip, igzip_lib

from profilers.rundir import ProfileError

BLOCK_BYTES = 2 << 20
MAX_CUTS = 64
MAX_ELEMENT_BYTES = 64 << 20
WHITESPACE_BYTES = 256
AT_A_WRONG_CUT = ("truncated", "trailing characters")
# isal's type stub declares its error class as an instance.
ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]
GZIP_ERRORS = (ISAL_ERROR, EOFError, zlib.error, gzip.BadGzipFile)

Element = TypeVar("Element")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        ...


def read_blocks(path: Path, size_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked if it is gzip; ProfileError if it can't be read."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            source: Readable = igzip.open(file, "rb") if packed else file  # type: ignore[no-untyped-call]
            while block := source.read(size_bytes):
                yield block
    except GZIP_ERRORS as error:
        raise ProfileError(f"{path} is a damaged gzip file ({error}); copy it again.") from None
    except OSError as error:
        raise ProfileError(
            f"{path} can't be read ({error.strerror}); give the path of a recorded trace."
        ) from None


class ArrayReader:
    """The elements of the array under `key` in the JSON object that a file holds.

    `head` is the document up to and with the array's `[`, known after `find_head`; `tail` is the
    document from the array's `]` on, known once `lists` has been read to its end.
    """

    def __init__(self, path: Path, key: str, block_bytes: int = BLOCK_BYTES) -> None:
        self.path = path
        self.key = key
        self.head = b""
        self.tail = b""
        self._array = re.compile(b'"' + key.encode() + rb'"\s*:\s*\[')
        self._block_bytes = block_bytes
        self._offset_bytes = 0

    def find_head(self) -> bytes:
        """Read up to the array's start and return what stands before it; ProfileError if none."""
        self._read_head(read_blocks(self.path, self._block_bytes))
        return self.head

    def lists(self, decode: Callable[[bytes], list[Element]]) -> Iterator[list[Element]]:
        """Yield what `decode` makes of the array, some elements at a time, in the file's order.

        Args:
            decode: takes the text of a JSON array; msgspec.DecodeError for text that is none.

        Raises:
            ProfileError: the file is no JSON, is cut off, or has no such array.
        """
        blocks = read_blocks(self.path, self._block_bytes)
        buffer = self._read_head(blocks)
        self._offset_bytes = len(self.head)
        for block in blocks:
            buffer += block
            elements, rest = self._decode_prefix(buffer, decode)
            self._offset_bytes += len(buffer) - len(rest)
            buffer = rest
            if elements:
                yield elements
            elif len(buffer) > MAX_ELEMENT_BYTES:
                raise self._damaged(0, "no event ends there")
        yield self._decode_rest(buffer, decode)

    def _read_head(self, blocks: Iterator[bytes]) -> bytes:
        """Set `head` and return what was read behind it."""
        text = b""
        for block in blocks:
            text += block
            if text.lstrip()[:1] not in (b"", b"{"):
                raise ProfileError(
                    f"{self.path} is no JSON object (it starts with {text[:12]!r}); "
                    "give a trace that torch.profiler exported."
                )
            for match in self._array.finditer(text):
                if _is_json(text[: match.end()] + b"]}"):
                    self.head = text[: match.end()]
                    return text[match.end() :]
            if len(text) > MAX_ELEMENT_BYTES:
                break
        if not text.strip():
            raise ProfileError(f"{self.path} is empty; record the trace again.")
        raise ProfileError(
            f"{self.path} has no {self.key} array; give a trace that torch.profiler exported."
        )

    def _decode_prefix(
        self, buffer: bytes, decode: Callable[[bytes], list[Element]]
    ) -> tuple[list[Element], bytes]:
        """As many whole elements as there are, and the text behind them.

        A cut inside a string or a nested array leaves text that ends too early, so it can't be
        taken for a good one: the next earlier place is tried.
        """
        brace = len(buffer)
        for _ in range(MAX_CUTS):
            brace = buffer.rfind(b"{", 0, brace)
            if brace <= 0:
                break
            before = buffer[max(0, brace - WHITESPACE_BYTES) : brace].rstrip()
            if before.endswith(b",") and before[:-1].rstrip().endswith(b"}"):
                comma = max(0, brace - WHITESPACE_BYTES) + len(before) - 1
                elements = self._attempt(buffer[:comma], decode)
                if elements is not None:
                    return elements, buffer[brace:]
        return [], buffer

    def _decode_rest(
        self, buffer: bytes, decode: Callable[[bytes], list[Element]]
    ) -> list[Element]:
        """The last elements: the array ends at a `]` with only the document's end behind it."""
        bracket = len(buffer)
        while (bracket := buffer.rfind(b"]", 0, bracket)) >= 0:
            body = buffer[:bracket].rstrip()
            if body and not body.endswith(b"}"):
                continue
            elements = self._attempt(body, decode)
            if elements is not None and _is_json(self.head + buffer[bracket:]):
                self.tail = buffer[bracket:]
                return elements
        raise ProfileError(
            f"{self.path} is cut off: its {self.key} array has no end; "
            "copy it again or record a new one."
        )

    def _attempt(
        self, body: bytes, decode: Callable[[bytes], list[Element]]
    ) -> list[Element] | None:
        """The elements in `body`, or None if it was not cut between two elements."""
        try:
            return decode(b"[" + body + b"]")
        except msgspec.DecodeError as error:
            if any(words in str(error) for words in AT_A_WRONG_CUT):
                return None
            where = re.search(r"\(byte (\d+)\)", str(error))
            raise self._damaged(int(where[1]) - 1 if where else 0, str(error)) from None
        except (UnicodeDecodeError, RecursionError) as error:
            raise self._damaged(0, str(error)) from None

    def _damaged(self, byte: int, why: str) -> ProfileError:
        place = self._offset_bytes + byte
        return ProfileError(
            f"{self.path} is no valid JSON after byte {place:,} ({why.split(' (byte')[0]}); "
            "record the trace again."
        )


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
