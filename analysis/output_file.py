"""Writes a file in one step, so that nobody finds half of it and a failure leaves the old one."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
