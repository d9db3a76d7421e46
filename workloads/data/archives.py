"""Unpacks a data set's archives into a folder that is gone afterwards, within limits."""

import gzip
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from workloads.data import cache
from workloads.data.layout import shown
from workloads.spec import WorkloadError

MAX_UNPACKED_BYTES = 2 << 30
MAX_MEMBERS = 200_000
DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # a zip file's for a cipher or a packing that is not known
)

Member = TypeVar("Member")


@contextmanager
def unpacked(files: Sequence[Path]) -> Iterator[Path]:
    """A folder of the cache with the content of archives; other files are used where they lie.

    Raises:
        WorkloadError: an archive is damaged, too large, or names a place outside.
    """
    archives = [path for path in files if path.name.endswith((".tar.gz", ".zip"))]
    if not archives:
        yield files[0].parent
        return
    try:
        target = Path(tempfile.mkdtemp(prefix=".unpacked-", dir=cache.folder()))
    except OSError as error:
        raise cache.unwritable(error) from None
    try:
        for path in archives:
            _unpack(path, target)
        yield target
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _unpack(path: Path, target: Path) -> None:
    unpack = _unpack_zip if path.suffix == ".zip" else _unpack_tar
    try:
        unpack(path, target)
    except DAMAGED as error:
        reason = shown(str(error) or type(error).__name__)
        raise WorkloadError(
            f"{shown(path)} can't be unpacked ({reason}); remove it and fetch it again."
        ) from None
    except OSError as error:
        raise cache.unwritable(error) from None


def _unpack_tar(path: Path, target: Path) -> None:
    if not hasattr(tarfile, "data_filter"):
        raise WorkloadError(
            f"this Python can't unpack {path.name} safely; use Python 3.11.4 or newer, or unpack "
            "it by hand and name the folder with --data DIR."
        )
    with tarfile.open(path, "r:gz") as archive:
        members = _limited(path, archive, lambda member: member.size)
        archive.extractall(target, members=members, filter="data")


def _unpack_zip(path: Path, target: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in _limited(path, archive.infolist(), lambda member: member.file_size):
            archive.extract(member, target)


def _limited(
    path: Path, members: Iterable[Member], size_bytes: Callable[[Member], int]
) -> Iterator[Member]:
    """The members until they pass a limit, which is an error before the one beyond is written."""
    total_bytes = 0
    for number, member in enumerate(members, 1):
        total_bytes += size_bytes(member)
        if number > MAX_MEMBERS or total_bytes > MAX_UNPACKED_BYTES:
            raise WorkloadError(
                f"{shown(path)} holds more than {MAX_MEMBERS:,} files or "
                f"{MAX_UNPACKED_BYTES:,} bytes and was not unpacked; remove it."
            )
        yield member
