"""Keeps the sums of a trace beside it, for as long as the trace stays what it is."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

import msgspec

from analysis.derived import ANALYSIS_VERSION
from analysis.output_file import replacing
from analysis.sums import Gathered
from profilers import rundir

CACHE = f"{rundir.DERIVED}/ops.msgpack"
FOREIGN_CACHE = ".crossprof-ops"

Inputs = list[tuple[str, int, int]]


class _Stored(msgspec.Struct, kw_only=True):
    """A cache file: the sums, and what they were made of."""

    analysis_version: int
    inputs: Inputs
    gathered: Gathered


def path_of(path: Path, is_run: bool) -> Path:
    """Where the sums of a run, or those of a foreign trace or folder, are kept."""
    if is_run:
        return path / CACHE
    path = path.resolve()
    return path.parent / f"{FOREIGN_CACHE}-{path.name}.msgpack"


def stats(files: Iterable[Path]) -> Inputs:
    """Name, size and time of what is read; to be asked before it is read, as it may grow."""
    found = []
    for file in files:
        with suppress(OSError):  # it may be gone by now
            stat = file.stat()
            if S_ISREG(stat.st_mode):
                found.append((file.name, stat.st_size, stat.st_mtime_ns))
    return found


def read(cache: Path, current: Inputs) -> Gathered | None:
    """The sums, if they are there and of these inputs."""
    try:
        stored = msgspec.msgpack.decode(cache.read_bytes(), type=_Stored)
    except (OSError, msgspec.DecodeError, ValueError):
        return None
    fresh = stored.analysis_version == ANALYSIS_VERSION and stored.inputs == current
    return stored.gathered if fresh else None


def write(cache: Path, made_of: Inputs, gathered: Gathered) -> bool:
    """Keep the sums; whether that went well."""
    stored = _Stored(analysis_version=ANALYSIS_VERSION, inputs=made_of, gathered=gathered)
    try:
        cache.parent.mkdir(exist_ok=True)
        with replacing(cache) as path:
            path.write_bytes(msgspec.msgpack.encode(stored))
    except (OSError, UnicodeEncodeError, OverflowError):
        return False
    return True
