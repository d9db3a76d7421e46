"""A packed file with a timeline: written in one step, and only if it holds all there is to show."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isal import igzip

from profilers.rundir import ProfileError

FASTEST_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written; `slices_in` is what there was to write, from the sources."""

    slices_in: int
    slices: int
    samples: int
    arrows: int
    tracks: int

    def check(self, path: Path) -> None:
        """Raise ProfileError if the file does not show each slice once."""
        if self.slices != self.slices_in:
            raise ProfileError(
                f"{path} would show {self.slices:,} of {self.slices_in:,} slices, so it was not "
                "written; please report this with the run's folder."
            )


@contextmanager
def open_trace_file(path: Path, level: int) -> Iterator[gzip.GzipFile]:
    """A gzip stream to a file that takes the place of the old one when all went well.

    Args:
        path: the file.
        level: of packing; up to 3 by isal, which is several times as fast as zlib is above.

    Raises:
        ProfileError: the folder can't be written to.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        pack = igzip.open if level <= FASTEST_LEVELS else gzip.open
        with pack(temporary, "wb", compresslevel=level) as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise ProfileError(
            f"{path} can't be written ({error.strerror}); free some space or change its rights."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
