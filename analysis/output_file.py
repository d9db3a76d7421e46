"""Writes a file in one step, so that nobody finds half of it and a failure leaves the old one."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from profilers.rundir import ProfileError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write: a temporary file, which takes this path's place when all went well.

    What is there and no plain file, such as a pipe or /dev/null, is written to as it is. A link
    stays one, and a file keeps its rights.

    Raises:
        OSError: it can't be written.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield temporary
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """The same; ProfileError where it can't be written."""
    try:
        with replacing(path) as place:
            yield place
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> ProfileError:
    """What is said where a file or folder can't be written."""
    why = os.strerror(error.errno) if error.errno else error
    return ProfileError(
        f"{path} can't be written ({why}); free some space, change its rights or name another "
        "place."
    )
