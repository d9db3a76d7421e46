"""What all readers of Chrome's JSON have in common: the file, and the account of what was lost."""

from collections import Counter
from pathlib import Path

from analysis.blocks import Strings
from analysis.readers.chunks import MAX_ELEMENT_BYTES, ArrayReader
from analysis.readers.source import BLOCK_BYTES


class JsonTrace:
    """A trace in Chrome's JSON, without its events: those are what a subclass reads."""

    def __init__(
        self,
        path: Path,
        block_bytes: int = BLOCK_BYTES,
        limited: bool = True,
        strings: Strings | None = None,
    ) -> None:
        self.path = path
        self.strings = Strings() if strings is None else strings
        self.process_names: dict[int, str] = {}
        self.thread_names: dict[tuple[int, int], str] = {}
        self.devices: list[dict[str, object]] = []
        self.base_ns = 0
        self.rank = 0
        self.left_out = 0
        self.notes: list[str] = []
        self._dropped: dict[str, int] = Counter()
        self._reader = ArrayReader(path, block_bytes=block_bytes, limited=limited)

    @property
    def dropped_reasons(self) -> dict[str, int]:
        """How many events could not be understood, and why."""
        reasons = dict(self._dropped) | {
            "not valid JSON": self._reader.lost,
            f"larger than {MAX_ELEMENT_BYTES >> 20} MiB": self._reader.too_large,
        }
        return {reason: count for reason, count in reasons.items() if count}

    @property
    def dropped(self) -> int:
        """Events that no block holds because they could not be understood."""
        return sum(self.dropped_reasons.values())

    @property
    def repaired(self) -> int:
        """Places where the file's text had to be mended."""
        return self._reader.repaired

    @property
    def truncated(self) -> str | None:
        """Where the file breaks off, None if it is whole."""
        return self._reader.truncated

    def progress(self) -> tuple[int, int]:
        """Bytes of the file that were read, and bytes in all."""
        return self._reader.source.read_bytes, self._reader.source.size_bytes
