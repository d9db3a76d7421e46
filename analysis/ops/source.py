"""Finds and opens what `analysis ops` is asked to read: a run, a trace or a folder of ranks.

The readers are loaded when there is something to read: sums that were kept are shown without.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from analysis.blocks import Trace
from analysis.derived import profile_path
from profilers import rundir
from profilers.records import RoundsRecord
from profilers.rundir import ProfileError

RANKS = "ranks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for: `steps` as the user wrote them, `cached` also beside a foreign trace.

    `host` asks for all that the host did, also what changes no table of operations, `memory` for
    what its allocators did too.
    """

    path: Path
    steps: str | None = None
    rank: int | None = None
    limited: bool = True
    cached: bool = False
    host: bool = False
    memory: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The file or folder that is read, and whether it is the profile of a run of ours."""

    path: Path
    is_run: bool

    def files(self) -> list[Path]:
        """The files that are read."""
        return _trace_files(self.path) if self.path.is_dir() else [self.path]


def find(request: Request) -> Source:
    """Where to read; ProfileError if there is nothing of the kind that can be read."""
    path = request.path
    try:
        if not path.exists():
            raise ProfileError(f"{path} does not exist; name a run, a trace or a folder.")
        if (path / rundir.RUN).exists():
            return Source(_profile(path, request.rank), is_run=True)
        if path.is_dir():
            _refuse_runs(path)
    except OSError as error:
        raise ProfileError(f"{path} can't be read ({error.strerror}).") from None
    return Source(path, is_run=False)


def _profile(run: Path, rank: int | None) -> Path:
    if not rank:
        return profile_path(run)
    others = [each.name for each in (run / RANKS).glob("*") if each.name.isdecimal()]
    if str(rank) not in others:
        ranks = ", ".join(["0", *sorted(others, key=int)])
        raise ProfileError(f"{run} has no rank {rank}; it has {ranks}.")
    return profile_path(run / RANKS / str(rank))


def _refuse_runs(folder: Path) -> None:
    """A comparison and a folder of runs are not read as one; ProfileError that names a run."""
    if (folder / rundir.ROUNDS).exists():
        record = rundir.read_json(folder / rundir.ROUNDS, RoundsRecord)
        runs = [Path(os.path.normpath(folder / run.path)) for run in record.runs]
        what = "a comparison"
    elif not _trace_files(folder):
        runs = sorted(record.parent for record in folder.glob(f"*/{rundir.RUN}"))
        what = "a folder of runs"
    else:
        return
    there = [run for run in runs if (run / rundir.RUN).exists()]
    if there:
        raise ProfileError(f"{folder} is {what}; name one of the runs, such as {there[0]}.")


def opened(request: Request, source: Source) -> Trace:
    """The trace; ProfileError if it is none, or not of the rank that is asked for."""
    from analysis.readers.ranks import Ranks, said_rank
    from analysis.readers.registry import open_trace

    trace = open_trace(
        source.path, limited=request.limited, host=request.host, memory=request.memory
    )
    if request.rank is None or source.is_run:
        return trace
    if isinstance(trace, Ranks):
        trace.keep_rank(request.rank)
        return trace
    said = said_rank(trace)
    if said is None:
        raise ProfileError(f"{source.path} does not say which rank it is; leave --rank out.")
    if said != request.rank:
        raise ProfileError(f"{source.path} is of rank {said}, not of rank {request.rank}.")
    return trace


def _trace_files(folder: Path) -> list[Path]:
    from analysis.readers.ranks import trace_files

    return trace_files(folder)
