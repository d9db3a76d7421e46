"""Reads a file's bytes, unpacked if it is packed, within limits, and as far as they go."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from isal import igzip_lib, isal_zlib

from profilers.rundir import ProfileError

BLOCK_BYTES = 1 << 18
GZIP = b"\x1f\x8b"
GZIP_BITS = 31
MAX_RATIO = 200
MAX_BYTES = 1 << 36
UNPACKED_BEFORE_RATIO = 1 << 28
# isal's type stub declares its error class as an instance.
ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]


class Source:
    """The bytes of a file, in order, once.

    `problem` says where a packed file breaks off or is damaged; what comes before is still given.
    `read_bytes` of `size_bytes` of the file have been read, for those who show progress.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES, limited: bool = True) -> None:
        self.path = path
        self.problem: str | None = None
        self.read_bytes = 0
        self.size_bytes = 0
        self._block_bytes = block_bytes
        self._limited = limited

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes; ProfileError if there are none, or more than a packed file may hold."""
        try:
            with self.path.open("rb") as file:
                self.size_bytes = self.path.stat().st_size
                begin = file.read(2)
                file.seek(0)
                yield from self._unpacked(file) if begin == GZIP else self._plain(file)
        except OSError as error:
            raise ProfileError(
                f"{self.path} can't be read ({error.strerror}); give the path of a recorded trace."
            ) from None

    def _plain(self, file: BinaryIO) -> Iterator[bytes]:
        while block := file.read(self._block_bytes):
            self.read_bytes += len(block)
            yield block

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        unpacked = 0
        member = isal_zlib.decompressobj(GZIP_BITS)
        rest = b""
        while packed := rest or file.read(max(self._block_bytes // 4, 1)):
            if not rest:
                self.read_bytes += len(packed)
            if member.eof:
                if not packed.startswith(GZIP[: len(packed)]):
                    return  # padding behind the last member
                member = isal_zlib.decompressobj(GZIP_BITS)
            try:
                block = member.decompress(packed, self._block_bytes)
            except ISAL_ERROR as error:
                self.problem = f"its packed data are damaged after {unpacked:,} bytes ({error})"
                return
            rest = member.unused_data if member.eof else member.unconsumed_tail
            unpacked += len(block)
            self._check(unpacked)
            if block:
                yield block
        if not member.eof:
            self.problem = f"its packed data break off after {unpacked:,} bytes"

    def _check(self, unpacked: int) -> None:
        too_dense = unpacked > UNPACKED_BEFORE_RATIO and unpacked > self.read_bytes * MAX_RATIO
        if self._limited and (too_dense or unpacked > MAX_BYTES):
            raise ProfileError(
                f"{self.path} unpacks to more than {unpacked >> 20:,} MiB from "
                f"{max(self.read_bytes >> 20, 1):,} MiB, as a gzip bomb would; if you trust it, "
                "add --no-limits."
            )
