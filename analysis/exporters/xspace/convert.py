"""Any trace of torch as an .xplane.pb file: read from its file, and written to another."""

from pathlib import Path

from analysis.annotate import annotated
from analysis.exporters.xspace.write import Counts, write
from analysis.ops import source
from analysis.readers.kineto import KinetoTrace
from analysis.readers.registry import open_trace
from analysis.readers.xspace import XSpaceTrace
from analysis.reading_progress import reading
from profilers.rundir import ProfileError


def is_xspace(path: Path) -> bool:
    """Whether a file is an .xplane.pb already; ProfileError if it is no trace."""
    return isinstance(open_trace(path), XSpaceTrace)


def convert(path: Path, output: Path) -> Counts:
    """Write the trace of a file, or of a run, in XProf's format; memory does not follow its size.

    Raises:
        ProfileError: it is no trace of torch, can't be read, or the file can't be written.
    """
    found = source.find(source.Request(path=path))
    trace = open_trace(found.path, memory=True, details=True)
    if isinstance(trace, XSpaceTrace):
        raise ProfileError(f"{found.path} is in this format already; take it as it is.")
    if not isinstance(trace, KinetoTrace):
        raise ProfileError(f"{path} is no trace of torch; no other one becomes an .xplane.pb.")
    with reading(trace) as progress:
        recorded = annotated(trace, progress=progress)
    return write(recorded, output)
