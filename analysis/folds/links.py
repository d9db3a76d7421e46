"""Which call of the host launched each piece of work on a device."""

import re
import tempfile
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.blocks import DEVICE_KINDS, NONE, Block, Kind, Strings, TextTable, is_kind
from analysis.columns import MIXER, Int32, Int64
from analysis.windows import EventWindow

MEMORY_BYTES = 64 << 20
GRAPH = "Graph"
NO_USE, CALL_USE, GRAPH_USE = range(3)

Mask = npt.NDArray[np.bool_]
NO_LAUNCH = re.compile(
    r"(?:cuda|cu|hip|xpu|ze)\w*(?:Synchronize|Query|Malloc|Free|Occupancy|Attribute|Properties"
    r"|GetDevice|SetDevice|LastError|EventRecord|EventCreate|EventDestroy|StreamWaitEvent"
    r"|StreamIsCapturing|StreamGetCaptureInfo|PrimaryCtx)\w*"
)


def on_device(block: Block) -> npt.NDArray[np.bool_]:
    """Rows that are work on an accelerator: kernels, copies and memsets."""
    return is_kind(block.kind, DEVICE_KINDS)


def launching(block: Block) -> npt.NDArray[np.intp]:
    """Rows of calls of the runtime that other rows may name by their correlation."""
    return np.flatnonzero(
        (block.kind == Kind.RUNTIME) & (block.correlation >= 0) & (block.device < 0)
    )


def link_keys(block: Block, rows: npt.NDArray[np.intp]) -> Int64:
    """One number for rank and correlation of each of these rows."""
    rank = block.rank[rows].astype(np.uint64) * MIXER
    return (block.correlation[rows].astype(np.uint64) ^ rank).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    keys: Int64
    values: Int32


@dataclass(slots=True)
class LinkTable:
    """What waits to be named by a later event: up to four small numbers by a key, 24 bytes each.

    Segments of sorted keys; above `memory_bytes` they go to a temporary file, from which only the
    pages that are looked at come back.
    """

    memory_bytes: int = MEMORY_BYTES
    latest_counts: bool = False
    _segments: list[_Segment] = field(default_factory=list)
    _spilled: list[_Segment] = field(default_factory=list)

    def add(self, keys: Int64, values: Int32) -> None:
        """Keys of shape (links,), values (links, numbers); of equal keys the first counts."""
        if not len(keys):
            return
        keys, first = np.unique(keys, return_index=True)
        self._segments.append(_Segment(keys, values[first].astype(np.int32)))
        if len(self._segments) > 8:
            self._merge()

    def find(self, keys: Int64, numbers: int) -> tuple[npt.NDArray[np.bool_], Int32]:
        """Which keys are known, and their values of shape (keys, numbers), -1 for unknown ones."""
        found = np.zeros(len(keys), dtype=bool)
        values = np.full((len(keys), numbers), NONE, dtype=np.int32)
        segments = [*self._spilled, *self._segments]
        for segment in reversed(segments) if self.latest_counts else segments:
            left = np.flatnonzero(~found)
            if not len(left):
                break
            place = np.minimum(np.searchsorted(segment.keys, keys[left]), len(segment.keys) - 1)
            hit = segment.keys[place] == keys[left]
            found[left[hit]] = True
            values[left[hit]] = segment.values[place[hit]]
        return found, values

    def forget(self, keys: Int64) -> None:
        """Drop what has been named and won't be again."""
        kept = []
        for segment in self._segments:
            stays = ~np.isin(segment.keys, keys)
            if stays.any():
                kept.append(_Segment(segment.keys[stays], segment.values[stays]))
        self._segments = kept

    def _merge(self) -> None:
        segments = self._segments[::-1] if self.latest_counts else self._segments
        keys, first = np.unique(np.concatenate([s.keys for s in segments]), return_index=True)
        merged = _Segment(keys, np.concatenate([s.values for s in segments])[first])
        self._segments = [merged]
        if merged.keys.nbytes + merged.values.nbytes > self.memory_bytes:
            self._spilled.append(_Segment(_to_disk(merged.keys), _to_disk(merged.values)))
            self._segments = []


def _to_disk(array: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.signedinteger]:
    with tempfile.TemporaryFile() as file:
        array.tofile(file)
        file.flush()
        return np.memmap(file, dtype=array.dtype, mode="r", shape=array.shape)


class Launches:
    """Hands what a launch belongs to (step, phase, layer, op) on to the work that it launched.

    A launch is forgotten once its work was seen; that of a graph stays, as it launches many.
    """

    def __init__(self, strings: Strings) -> None:
        self._calls = LinkTable()
        self._graphs = LinkTable()
        self._uses = uses(strings)

    def resolve(self, window: EventWindow, context: Int32) -> tuple[Mask, Mask, Int32]:
        """Which rows' launch is known, which of these a graph's is, and its context; by row.

        Args:
            window: the events.
            context: what each row belongs to, shape (rows, numbers), for the host's rows.
        """
        block = window.block
        rows = launching(block)
        rows = rows[rows >= window.carried]
        use = self._uses.of(block.name[rows])
        rows, graph = rows[use != NO_USE], use[use != NO_USE] == GRAPH_USE
        for table, some in ((self._calls, rows[~graph]), (self._graphs, rows[graph])):
            table.add(link_keys(block, some), context[some])
        linked = np.zeros(len(block), dtype=bool)
        of_graph = np.zeros(len(block), dtype=bool)
        values = np.full(context.shape, NONE, dtype=np.int32)
        work = np.flatnonzero(on_device(block) & (block.correlation >= 0))
        work = work[work >= window.carried]
        if len(work):
            for table in (self._calls, self._graphs):
                left = work[~linked[work]]
                linked[left], values[left] = table.find(link_keys(block, left), context.shape[1])
                of_graph[left] = linked[left] & (table is self._graphs)
            self._calls.forget(link_keys(block, work))
        return linked, of_graph, values


def uses(strings: Strings) -> TextTable:
    """What a call of the runtime is, by its name: NO_USE, CALL_USE or GRAPH_USE."""
    return TextTable(strings, _use)


def _use(name: str) -> int:
    """What a call of the runtime is to what comes later: nothing, one launch, or many."""
    if NO_LAUNCH.fullmatch(name):
        return NO_USE
    return GRAPH_USE if GRAPH in name else CALL_USE
