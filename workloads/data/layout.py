"""How the files of a data set lie in a folder, and what to say when they do not."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workloads.spec import WorkloadError

SHOWN_NAMES = 6
MAX_FILE_BYTES = 1 << 30
REMEDY = "copy it again, or fetch the data set with --download"


@dataclass(frozen=True)
class Layout:
    """The files of one data set.

    `expected` says in words what there must be. `markers` are globs: a folder with a match is meant
    to be this data set. `inner` is the folder that the data set's archive makes. `files` gives
    every file that is read, in a fixed order, or raises WorkloadError when one is missing.
    """

    expected: str
    markers: tuple[str, ...]
    inner: str
    files: Callable[[Path], list[Path]]

    def find(self, folder: Path) -> Path | None:
        """`folder`, or the data set's own folder in it, or None if neither looks like it."""
        for place in (folder, folder / self.inner):
            if any(any(place.glob(marker)) for marker in self.markers):
                return place
        return None


def incomplete(folder: Path, missing: str, expected: str) -> WorkloadError:
    """The error for a folder in which something is missing."""
    return WorkloadError(
        f"{shown(folder)} lacks {missing}; expected {expected}, found {found(folder)}."
    )


def found(folder: Path) -> str:
    """The first names in a folder and how many more there are."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        return f"no folder that can be read ({error.strerror})"
    return name_some(names) or "nothing"


def name_some(names: list[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = len(names) - SHOWN_NAMES
    text = ", ".join(shown(name) for name in names[:SHOWN_NAMES])
    return f"{text} and {more:,} more" if more > 0 else text


def shown(name: object) -> str:
    """A file's name as it can stand in a sentence: in one line, whatever it is made of."""
    text = str(name)
    return text if text.isprintable() else ascii(text)


def checked_size(path: Path, limit: int = MAX_FILE_BYTES) -> int:
    """The bytes of a plain file, or WorkloadError if it is none or has more than `limit`."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from None
    if not path.is_file() or size > limit:
        raise WorkloadError(
            f"{shown(path)} is no file of at most {limit:,} bytes; name another folder with --data."
        )
    return size


def read_bytes(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The content of a plain file of at most `limit` bytes, or WorkloadError."""
    checked_size(path, limit)
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> WorkloadError:
    """The error for a file that can't be read, for the reason that `error` gives."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return WorkloadError(f"{shown(path)} can't be read ({shown(reason)}); {REMEDY}.")
