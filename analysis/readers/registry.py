"""Opens a file or a folder of traces with the reader that its content asks for."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from analysis.blocks import Block, Strings, Trace
from analysis.readers.chrome import ChromeEvent, ChromeTrace
from analysis.readers.chunks import ArrayReader
from analysis.readers.kineto import KinetoTrace
from analysis.readers.kineto_events import KINDS
from analysis.readers.onnxruntime import CATEGORIES, OnnxRuntimeTrace
from analysis.readers.source import GZIP, Source
from profilers.rundir import ProfileError

SUFFIXES = (".json", ".json.gz", ".pb", ".pb.gz")
KINETO_KEYS = {"schemaVersion", "deviceProperties", "record_shapes", "trace_id"}
RANK = re.compile(r"rank[-_. ]?(\d{1,5})", re.IGNORECASE)
JSON_BEGINS = (b"{", b"[")
XSPACE_BEGINS = b"\x0a"
MAX_RANK = 2**15


def open_trace(path: Path, memory: bool = False, limited: bool = True) -> Trace:
    """The trace in a file, or those of all files of a folder as one, each being a rank.

    Args:
        path: a file, or a folder of them.
        memory: whether the blocks hold allocations, where the source has them.
        limited: whether a packed file that unpacks to far too much is refused.

    Raises:
        ProfileError: there is no trace there; the sentence says what there is.
    """
    if path.is_dir():
        return Ranks(path, _files(path), memory, limited)
    return _open_file(path, memory, limited, Strings())


def _files(folder: Path) -> list[Path]:
    """The traces of a folder, by rank and name."""
    found = [file for file in sorted(folder.iterdir()) if file.name.endswith(SUFFIXES)]
    if not found:
        raise ProfileError(
            f"{folder} holds no trace ({', '.join(SUFFIXES)}) and is no run; name a trace."
        )
    return sorted(found, key=lambda file: (rank_of(file.name, MAX_RANK), file.name))


def rank_of(name: str, otherwise: int) -> int:
    """The rank that a file's name says, or another number."""
    found = RANK.search(name)
    return min(int(found[1]), MAX_RANK - 1) if found else otherwise


def _open_file(path: Path, memory: bool, limited: bool, strings: Strings) -> Trace:
    begin = b"".join(_first(Source(path, 1 << 12, limited)))
    text = begin.lstrip(b"\xef\xbb\xbf \t\r\n")
    is_xspace = begin.startswith(XSPACE_BEGINS) and (
        ".pb" in path.name or not text.startswith(JSON_BEGINS)
    )
    if not is_xspace and (text.startswith(JSON_BEGINS) or not text):
        kind = _json_kind(path, limited)
        if kind is KinetoTrace:
            return KinetoTrace(path, memory=memory, limited=limited, strings=strings)
        return kind(path, limited=limited, strings=strings)
    if is_xspace:
        from analysis.readers.xspace import XSpaceTrace  # protobuf is needed for nothing else

        if _is_packed(path):
            raise ProfileError(f"{path} is packed; unpack it with gunzip first.")
        return XSpaceTrace(path, strings=strings)
    raise ProfileError(
        f"{path} is no trace: it begins with {begin[:12]!r}; give a .json, .json.gz or .xplane.pb "
        "that a profiler wrote."
    )


def _first(source: Source) -> Iterator[bytes]:
    for block in source.blocks():
        yield block
        if block.strip():
            return


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP


def _json_kind(path: Path, limited: bool) -> type[KinetoTrace] | type[ChromeTrace]:
    """Which reader a JSON trace is for, by its head and its first events."""
    reader = ArrayReader(path, limited=limited)
    if KINETO_KEYS & reader.find_header().keys():
        return KinetoTrace
    decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
    for elements in reader.lists(decode):
        categories = {category for raw in elements[:4096] for category in _category(raw)}
        if categories & set(KINDS):
            return KinetoTrace
        if categories and categories <= CATEGORIES:
            return OnnxRuntimeTrace
        if categories:
            break
    return ChromeTrace


def _category(raw: msgspec.Raw) -> Iterator[str]:
    """The category of what may be an event, if it has one."""
    try:
        event = msgspec.json.decode(raw, type=ChromeEvent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if event.ph == "X" and event.cat:
        yield event.cat


class Ranks:
    """The traces of several ranks as one; meets analysis.blocks.Trace.

    A trace that does not say its rank has that in its name, else its place among the files. What
    is no trace is left out, and a note says so.
    """

    def __init__(self, path: Path, files: Sequence[Path], memory: bool, limited: bool) -> None:
        self.path = path
        self.strings = Strings()
        self.process_names: dict[int, str] = {}
        self.thread_names: dict[tuple[int, int], str] = {}
        self.devices: list[dict[str, object]] = []
        self.base_ns = 0
        self.notes: list[str] = []
        self.traces: list[Trace] = []
        for number, file in enumerate(files):
            try:
                trace = _open_file(file, memory, limited, self.strings)
            except ProfileError as error:
                self.notes.append(f"Left out: {error}")
                continue
            trace.rank = rank_of(file.name, number)
            if isinstance(trace, KinetoTrace):
                trace.read_header()
            self.traces.append(trace)
        if not self.traces:
            raise ProfileError(self.notes[0].removeprefix("Left out: "))

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
            for reason, count in trace.dropped_reasons.items():
                reasons[reason] = reasons.get(reason, 0) + count
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
            ranks = ", ".join(str(trace.rank) for trace in self.traces)
            raise ProfileError(f"{self.path} has no rank {rank}; it has {ranks}.")
        self.traces = kept

    def blocks(self) -> Iterator[Block]:
        """The events of each rank in turn."""
        for trace in self.traces:
            for block in trace.blocks():
                yield block.replaced(rank=np.broadcast_to(np.int16(trace.rank), (len(block),)))
            self.process_names |= trace.process_names
            self.thread_names |= trace.thread_names
            self.devices += trace.devices
            self.notes += trace.notes
