"""Packed files with a timeline: written in one step, and only if they hold all there is to show."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isal import igzip

from analysis.output_file import writing
from analysis.timeline.record import Several, Writer
from profilers.rundir import ProfileError

FASTEST_LEVELS = 3
LONGEST = 4096
"""Characters of a text that are kept: what many slices say stands there many times."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written; `slices_in` is what there was to write, from the sources.

    `points` are slices of which only the start could be shown, `arrow_ends` the ends of arrows.
    `lacks` says what is missing of the sources.
    """

    slices_in: int
    slices: int
    points: int
    samples: int
    arrow_ends: int
    tracks: int
    lacks: tuple[str, ...] = ()


class Packed(Writer, Protocol):
    """A writer to a packed file."""

    def close(self) -> None:
        """Write the rest."""
        ...

    def counts(self, slices_in: int) -> Counts:
        """What was written, of so many slices."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file: how well it is packed, and what writes into the stream of one.

    `writer` is called with the stream and with a Unix time before everything that will be shown.
    """

    level: int
    writer: Callable[[gzip.GzipFile, int], Packed]


def write(
    files: dict[Path, Form], start_ns: int, draw: Callable[[Writer], int]
) -> dict[Path, Counts]:
    """Write the same timeline into some files, each of which takes the place of an old one.

    Args:
        files: where, and in what form.
        start_ns: Unix time before everything that is drawn.
        draw: shows everything, and says how many slices its sources have.

    Raises:
        ProfileError: a file can't be written, or would not show each slice once.
    """
    with ExitStack() as stack:
        writers = [
            form.writer(stack.enter_context(_open(path, form.level)), start_ns)
            for path, form in files.items()
        ]
        slices_in = draw(writers[0] if len(writers) == 1 else Several(tuple(writers)))
        for writer in writers:
            writer.close()
        counts = {
            path: writer.counts(slices_in) for path, writer in zip(files, writers, strict=True)
        }
        for path, found in counts.items():
            _check(path, found)
    return counts


def bounded(text: str) -> str:
    """A text, cut where it is very long, with its length then."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… ({len(text):,} characters)"


def _check(path: Path, counts: Counts) -> None:
    if counts.slices != counts.slices_in:
        raise ProfileError(
            f"{path} would show {counts.slices:,} of {counts.slices_in:,} slices, so it was not "
            "written; please report this with what was to be shown."
        )


@contextmanager
def _open(path: Path, level: int) -> Iterator[gzip.GzipFile]:
    """A gzip stream to a file that takes the place of the old one when all went well.

    The same content makes the same bytes. Up to level 3 isal packs, which is several times as fast
    as zlib is above.
    """
    pack = igzip.IGzipFile if level <= FASTEST_LEVELS else gzip.GzipFile
    with writing(path) as place:
        path.parent.mkdir(exist_ok=True)
        with (
            place.open("wb") as packed,
            pack(path.name, "wb", compresslevel=level, fileobj=packed, mtime=0) as file,
        ):
            yield file
