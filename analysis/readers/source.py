"""Reads a file's bytes, unpacked if it is packed, within limits, and as far as they go."""

import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
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
COARSE_BYTES = 1 << 12
FINE_BYTES = 1 << 16
"""How many packed bytes before damage are unpacked one by one."""
# isal's type stub declares its error class as an instance.
ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]


class Source:
    """The bytes of a file, in order, once.

    `problem` says where a packed file breaks off or is damaged; what comes before is still given.
    `read_bytes` of `size_bytes` of the file have been read, for those who show progress;
    `given_bytes` have been given.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES, limited: bool = True) -> None:
        self.path = path
        self.problem: str | None = None
        self.read_bytes = 0
        self.size_bytes = 0
        self.given_bytes = 0
        self._block_bytes = block_bytes
        self._limited = limited

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes; ProfileError if there are none, or more than a packed file may hold."""
        try:
            status = self.path.stat()
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                raise ProfileError(
                    f"{self.path} is a pipe or a device, and a trace is read more than once; "
                    "write it to a file first."
                )
            with self.path.open("rb") as file:
                self.size_bytes = status.st_size
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
            self.given_bytes += len(block)
            yield block

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        member = isal_zlib.decompressobj(GZIP_BITS)
        begin = before = 0  # where the member begins, and what came before it
        rest = b""
        held = False  # what was unpacked may not have been given yet
        while (packed := rest or file.read(max(self._block_bytes // 4, 1))) or held:
            if not rest:
                self.read_bytes += len(packed)
            if member.eof:
                if not packed.startswith(GZIP[: len(packed)]):
                    self._take_padding(file, packed)
                    return
                member = isal_zlib.decompressobj(GZIP_BITS)
                begin, before = file.tell() - len(packed), self.given_bytes
            try:
                block = member.decompress(packed, self._block_bytes)
            except ISAL_ERROR as error:
                again = _before_damage(file, begin, file.tell() - len(packed), len(packed))
                yield from self._checked(_behind(again, self.given_bytes - before))
                self.problem = (
                    f"its packed data are damaged after {self.given_bytes:,} bytes ({error})"
                )
                return
            rest = member.unused_data if member.eof else member.unconsumed_tail
            held = len(block) == self._block_bytes and not member.eof
            yield from self._checked([block])
        if not member.eof:
            self.problem = f"its packed data break off after {self.given_bytes:,} bytes"

    def _take_padding(self, file: BinaryIO, packed: bytes) -> None:
        """Zeros may stand behind the last member; anything else is a member that was damaged."""
        while packed:
            if packed.strip(b"\0"):
                self.problem = (
                    f"its packed data go on with what is no gzip after {self.given_bytes:,} bytes"
                )
                return
            packed = file.read(self._block_bytes)

    def _checked(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.given_bytes += len(block)
            unpacked = self.given_bytes
            too_dense = unpacked > UNPACKED_BEFORE_RATIO and unpacked > self.read_bytes * MAX_RATIO
            if self._limited and (too_dense or unpacked > MAX_BYTES):
                raise ProfileError(
                    f"{self.path} unpacks to more than {unpacked >> 20:,} MiB from "
                    f"{max(self.read_bytes >> 20, 1):,} MiB, as a gzip bomb would; if you trust "
                    "it, add --no-limits."
                )
            if block:
                yield block


def _before_damage(file: BinaryIO, begin: int, damaged: int, damaged_bytes: int) -> Iterator[bytes]:
    """All that a gzip member gives before the damage in it, in small steps.

    A step that meets damage gives nothing, so the steps near it are of one byte.
    """
    member = zlib.decompressobj(GZIP_BITS)
    file.seek(begin)
    end = damaged + damaged_bytes
    with suppress(zlib.error):
        while not member.eof and (at := file.tell()) < end:
            coarse = at + COARSE_BYTES < damaged - FINE_BYTES
            for step in [file.read(COARSE_BYTES)] if coarse else _single(file.read(end - at)):
                yield member.decompress(step)


def _single(text: bytes) -> Iterator[bytes]:
    return (text[at : at + 1] for at in range(len(text)))


def _behind(blocks: Iterable[bytes], size_bytes: int) -> Iterator[bytes]:
    """What follows so many bytes."""
    for block in blocks:
        if size_bytes < len(block):
            yield block[size_bytes:]
        size_bytes = max(0, size_bytes - len(block))
