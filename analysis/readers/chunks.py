"""Reads the one huge array of a JSON document piece by piece, however the document is laid out."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from analysis.readers.elements import Decode, Element, Elements
from analysis.readers.outline import Members, Nesting
from analysis.readers.source import BLOCK_BYTES, Source
from profilers.rundir import ProfileError

MAX_CUTS = 64
MAX_ELEMENT_BYTES = 64 << 20
SEARCHED_BYTES = 1 << 19
"""From this size on, text without a place to cut it is followed bracket by bracket."""
WHITESPACE_BYTES = 256
BLANK = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ArrayReader:
    """The elements of the array under `key` of a JSON object, or of a document that is an array.

    `header` has the object's other members, without those over a MB: what stands before the array
    once that was found, and all once `lists` has been read to its end. `repaired` counts places
    where the text had to be mended, `lost` the elements that could not be, `too_large` those that
    no buffer takes. `truncated` says where a
    file breaks off: everything before is given. `notes` are sentences on what else was not read.
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
        self.header: dict[str, object] = {}
        self.truncated: str | None = None
        self.notes: list[str] = []
        self.source = Source(path, block_bytes, limited)
        self._block_bytes = block_bytes
        self._limited = limited
        self._is_array = False
        self._elements = Elements()
        self._members: list[Members] = []

    @property
    def repaired(self) -> int:
        """Places where the text had to be mended."""
        return self._elements.repaired + sum(members.repaired for members in self._members)

    @property
    def lost(self) -> int:
        """Elements that are no JSON."""
        return self._elements.lost

    @property
    def too_large(self) -> int:
        """Elements of more than MAX_ELEMENT_BYTES."""
        return self._elements.too_large

    def find_header(self) -> dict[str, object]:
        """Read up to the array's start, return what stands before it; ProfileError if none."""
        source = Source(self.path, self._block_bytes, self._limited)
        self._read_head(source, source.blocks())
        return self.header

    def lists(self, decode: Decode[Element]) -> Iterator[list[Element]]:
        """Yield what `decode` makes of the array, some elements at a time, in the file's order.

        Args:
            decode: takes the text of a JSON array; msgspec.DecodeError for text that is none.

        Raises:
            ProfileError: the file is no JSON, or has no such array.
        """
        blocks = self.source.blocks()
        buffer = self._read_head(self.source, blocks)
        for block in blocks:
            buffer += block
            found, buffer = self._prefix(buffer, decode)
            if not found and len(buffer) > SEARCHED_BYTES:
                found, buffer = self._outlined(buffer, blocks, decode)
            if found:
                yield found
            if self._elements.behind is not None:
                break
        else:
            yield self._rest(buffer, decode)
        self._read_tail(blocks)

    def _read_head(self, source: Source, blocks: Iterator[bytes]) -> bytes:
        """Take the members before the array and return what was read behind its `[`."""
        text = b""
        for block in blocks:
            text = (text + block).lstrip(BLANK)
            if text[:1] != BYTE_ORDER_MARK[:1] or len(text) >= len(BYTE_ORDER_MARK):
                text = text.removeprefix(BYTE_ORDER_MARK).lstrip(BLANK)
                if text:
                    break
        self._is_array = text.startswith(b"[")
        if self._is_array:
            return text[1:]
        if text.startswith(b"{"):
            members = Members(self.key)
            self._members = [members]
            self.header = members.values
            for block in chain((text[1:],), blocks):
                if (place := members.take(block)) is not None:
                    if members.ended:
                        break
                    return block[place:]
        raise ProfileError(self._no_array(source, text))

    def _no_array(self, source: Source, text: bytes) -> str:
        """Why there is no array, and what to do."""
        if not text:
            return (
                f"{self.path} is a damaged gzip file: {source.problem}; copy it again."
                if source.problem
                else f"{self.path} is empty; record the trace again."
            )
        if not text.startswith(b"{"):
            return (
                f"{self.path} is no trace: it begins with {text[:12]!r}; give a trace that a "
                "profiler exported."
            )
        if self._members[0].ended:
            return (
                f"{self.path} is no trace: its JSON object has no {self.key} array; give a trace "
                "that a profiler exported."
            )
        problem = source.problem or f"it breaks off after {source.given_bytes:,} bytes"
        return (
            f"{self.path} has no {self.key} array up to where it ends: {problem}; copy it again, "
            "or record the trace again."
        )

    def _prefix(self, buffer: bytes, decode: Decode[Element]) -> tuple[list[Element], bytes]:
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
                found = self._elements.attempt(memoryview(buffer)[:comma], decode)
                if self._elements.behind is not None:
                    self._elements.behind += buffer[comma:]
                    return found or [], b""
                if found is not None:
                    return found, buffer[brace:]
        return [], buffer

    def _outlined(
        self, buffer: bytes, blocks: Iterator[bytes], decode: Decode[Element]
    ) -> tuple[list[Element], bytes]:
        """The same where an element or the space between two is large, or the array ends.

        An element that is too large to be kept is counted.
        """
        nesting = Nesting()
        kept = bytearray()
        too_large = False
        for block in chain((buffer,), blocks):
            levels = nesting.of(block)
            ends = np.flatnonzero(levels < 0)
            end = int(ends[0]) if len(ends) else len(block)
            codes = np.frombuffer(block, dtype=np.uint8)[:end]
            commas = np.flatnonzero((codes == ord(",")) & (levels[:end] == 0))
            if not len(ends) and not len(commas):
                if not too_large and (levels.any() or block.strip(BLANK)):
                    kept += block
                    too_large = len(kept) > MAX_ELEMENT_BYTES
                continue
            if too_large and len(commas):
                cut = int(commas[0])
            else:
                cut = end if len(ends) else int(commas[-1])
            if too_large:
                self._elements.too_large += 1
                found: list[Element] = []
            else:
                found = self._elements.whole(bytes(kept) + block[:cut], decode)
            if self._elements.behind is not None:
                self._elements.behind += block[cut:]
            elif len(ends) and cut == end:
                self._elements.behind = block[cut:]
            return found, block[cut + 1 :].lstrip(BLANK)
        self._elements.too_large += too_large
        return [], b"" if too_large else bytes(kept)

    def _rest(self, buffer: bytes, decode: Decode[Element]) -> list[Element]:
        """The last elements: the array ends at a `]`, or the file breaks off."""
        found = self._elements.last(buffer, decode)
        if self._elements.behind is not None:
            return found or []
        body = buffer.rstrip().rstrip(b",").rstrip()
        if found is None and body.endswith(b"}"):
            found = self._elements.attempt(body, decode)
        if found is not None:
            self._break(0, ends=self._is_array)
            return found
        brace = len(buffer)
        for _ in range(MAX_CUTS):
            brace = buffer.rfind(b"}", 0, brace)
            if brace < 0:
                break
            found = self._elements.attempt(buffer[: brace + 1], decode)
            if found is not None:
                self._break(len(buffer) - brace - 1, ends=False)
                return found
        self._break(len(buffer), ends=False)
        return []

    def _break(self, bytes_unused: int, ends: bool) -> None:
        """Note that the file breaks off, unless its array `ends` without a bracket by custom."""
        if not ends:
            used = self.source.given_bytes - bytes_unused
            self.truncated = f"it breaks off after {used:,} bytes"

    def _read_tail(self, blocks: Iterable[bytes]) -> None:
        """Take the members behind the array, and what is behind the document."""
        behind = self._elements.behind
        if behind is not None:
            members = Members()
            members.ended = self._is_array
            self._members.append(members)
            after = 0
            for block in chain((behind[1:],), blocks):
                text = block
                if not members.ended:
                    place = members.take(block)
                    text = b"" if place is None else block[place:]
                after += len(text) if after else len(text.lstrip(BLANK))
            self._break(0, ends=members.ended)
            self._take_tail(members, after)
        self.truncated = self.source.problem or self.truncated

    def _take_tail(self, members: Members, after_bytes: int) -> None:
        if self.key in members.values:
            self.notes.append(f"It has a second {self.key} array, which was not read.")
            del members.values[self.key]
        self.header = self.header | members.values
        if after_bytes:
            self.notes.append(
                f"Behind its JSON follow {after_bytes:,} bytes, which were not read; are these two "
                "traces in one file?"
            )
        if unread := sum(each.unread for each in self._members):
            self.notes.append(
                f"Values beside its events were no JSON and were not read: {unread:,}."
            )
