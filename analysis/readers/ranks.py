"""Reads a folder of traces as one, each file being a rank."""

import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from analysis.blocks import NONE, Block, Strings, Trace
from analysis.readers.kineto import KinetoTrace
from profilers.rundir import ProfileError

XSPACE = ".xplane.pb"
SUFFIXES = (".json", ".json.gz", ".pb", ".pb.gz")
RANK = re.compile(r"rank[-_. ]?(\d{1,5})", re.IGNORECASE)
MAX_RANK = 2**15
TWINS = (".trace.json", ".trace.json.gz")
PERFETTO = "perfetto_trace.json.gz"
LEFT_OUT = "Left out: "


def trace_files(folder: Path) -> list[Path]:
    """The files of a folder that are traces by their names, by rank and name.

    Beside an .xplane.pb, any other .pb is a table that XProf made of it.

    Raises:
        ProfileError: the folder can't be read.
    """
    try:
        names = sorted(file.name for file in folder.iterdir() if not file.is_dir())
    except OSError as error:
        raise ProfileError(f"{folder} can't be read ({error.strerror}).") from None
    found = [name for name in names if name.endswith(SUFFIXES)]
    if any(name.endswith(XSPACE) for name in found):
        found = [name for name in found if ".pb" not in name or XSPACE in name]
    return [folder / name for name in sorted(found, key=lambda name: (_by_name(name), name))]


def _by_name(name: str) -> int:
    named = named_rank(name)
    return MAX_RANK if named is None else named


def same_recording(files: Sequence[Path]) -> dict[Path, Path]:
    """The files in JSON that hold what an .xplane.pb beside them holds, with this .xplane.pb.

    JAX and TensorFlow write NAME.trace.json.gz beside NAME.xplane.pb.
    """
    profiles = [file for file in files if file.name.endswith(XSPACE)]
    names = {f"{file.name.removesuffix(XSPACE)}{twin}": file for file in profiles for twin in TWINS}
    if profiles:
        names[PERFETTO] = profiles[0]
    return {file: names[file.name] for file in files if file.name in names}


def named_rank(name: str) -> int | None:
    """The rank that a file's name says."""
    found = RANK.search(name)
    return min(int(found[1]), MAX_RANK - 1) if found else None


def said_rank(trace: Trace) -> int | None:
    """The rank that a trace says it is, or else its name; to be asked before it is read."""
    before, trace.rank = trace.rank, NONE
    if isinstance(trace, KinetoTrace):
        trace.read_header()
    said = named_rank(trace.path.name) if trace.rank == NONE else trace.rank
    trace.rank = before if said is None else said
    return said


class Ranks:
    """The traces of several ranks as one; meets analysis.blocks.Trace.

    A trace that does not say its rank has that in its name, else its place among the traces, or the
    first number that is free. What turns out to be no trace is left out, and a note says so.
    """

    def __init__(
        self, path: Path, traces: Sequence[Trace], notes: Sequence[str], strings: Strings
    ) -> None:
        self.path = path
        self.strings = strings
        self.process_names: dict[int, str] = {}
        self.thread_names: dict[tuple[int, int], str] = {}
        self.devices: list[dict[str, object]] = []
        self.base_ns = 0
        self.notes = list(notes)
        self.traces = list(traces)
        self._refuse_nothing()
        _number(self.traces)

    @property
    def rank(self) -> int:
        """The first rank."""
        return self.traces[0].rank

    @rank.setter
    def rank(self, rank: int) -> None:
        raise AttributeError("each of the traces has a rank of its own")

    @property
    def dropped_reasons(self) -> dict[str, int]:
        """How many events could not be understood, and why."""
        reasons: dict[str, int] = {}
        for trace in self.traces:
            for reason, number in trace.dropped_reasons.items():
                reasons[reason] = reasons.get(reason, 0) + number
        return reasons

    @property
    def dropped(self) -> int:
        """Events that no block holds because they could not be understood."""
        return sum(trace.dropped for trace in self.traces)

    @property
    def left_out(self) -> int:
        """Events that are kept from the blocks."""
        return sum(trace.left_out for trace in self.traces)

    @property
    def repaired(self) -> int:
        """Places where a file's text had to be mended."""
        return sum(trace.repaired for trace in self.traces)

    @property
    def truncated(self) -> str | None:
        """Which files break off, and where."""
        broken = [f"{t.path.name}: {t.truncated}" for t in self.traces if t.truncated]
        return "; ".join(broken) or None

    def progress(self) -> tuple[int, int]:
        """Bytes read, and bytes in all."""
        parts = [trace.progress() for trace in self.traces]
        return sum(part[0] for part in parts), sum(part[1] for part in parts)

    def keep_rank(self, rank: int) -> None:
        """Read one rank alone; ProfileError if there is none with this number."""
        kept = [trace for trace in self.traces if trace.rank == rank]
        if not kept:
            ranks = ", ".join(map(str, sorted({trace.rank for trace in self.traces})))
            raise ProfileError(f"{self.path} has no rank {rank}; it has {ranks}.")
        self.traces = kept

    def blocks(self) -> Iterator[Block]:
        """The events of each rank in turn; ProfileError if two files are of one rank."""
        self._refuse_namesakes()
        for trace in tuple(self.traces):
            begun = False
            try:
                for block in trace.blocks():
                    begun = True
                    yield block.replaced(rank=np.broadcast_to(np.int16(trace.rank), (len(block),)))
            except ProfileError as error:
                if begun:
                    raise
                self.traces.remove(trace)
                self.notes.append(f"{LEFT_OUT}{error}")
                self._refuse_nothing()
                continue
            self.process_names |= trace.process_names
            self.thread_names |= trace.thread_names
            self.devices += trace.devices
            self.notes += trace.notes

    def _refuse_nothing(self) -> None:
        if not self.traces:
            raise ProfileError(self.notes[-1].removeprefix(LEFT_OUT))

    def _refuse_namesakes(self) -> None:
        names: dict[int, str] = {}
        for trace in self.traces:
            if trace.rank in names:
                raise ProfileError(
                    f"{self.path} holds two traces of rank {trace.rank}, {names[trace.rank]} and "
                    f"{trace.path.name}, which would be added up; name one of them, or a folder "
                    "with one file a rank."
                )
            names[trace.rank] = trace.path.name


def _number(traces: Sequence[Trace]) -> None:
    """Set each trace's rank."""
    said = {number: said_rank(trace) for number, trace in enumerate(traces)}
    taken = {rank for rank in said.values() if rank is not None}
    for number, trace in enumerate(traces):
        if said[number] is None:
            free = (rank for rank in count() if rank not in taken)
            trace.rank = number if number not in taken else next(free)
            taken.add(trace.rank)
