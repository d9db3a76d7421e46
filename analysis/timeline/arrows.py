"""Arrows of a profile: from each launch to its work, from forward to backward operations."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.blocks import Block, Kind, Strings, TextTable
from analysis.columns import Int64
from analysis.folds.links import NO_USE, LinkTable, launching, link_keys, on_device, uses
from analysis.folds.paths import PathNames, phase_of
from analysis.windows import EventWindow

LAUNCH, GRADIENT, STEP = range(3)
NUMBER_BITS, RANK_BITS, SORT_BITS = 37, 15, 2

Rows = npt.NDArray[np.intp]


def numbered(run: int, sort: int, rank: Int64, number: Int64) -> Int64:
    """Numbers of arrows that are the same at both ends and differ between runs, from 1 on.

    Args:
        run: the number of the run in the file.
        sort: LAUNCH, GRADIENT or STEP.
        rank: shape (arrows,).
        number: shape (arrows,); what both ends have in common, within a rank.
    """
    mask = (1 << NUMBER_BITS) - 1
    head = ((run + 1) << SORT_BITS | sort) << RANK_BITS
    where = (rank & ((1 << RANK_BITS) - 1)) | head
    found: Int64 = (where << NUMBER_BITS) | (number & mask)
    return found


@dataclass(slots=True)
class Ends:
    """What is to be known of a whole trace before any of it is drawn.

    `first_ns` is when the first event of any kind begins, None if there is none; `has_phase_paths`
    is whether the paths of operations name phases.
    """

    strings: Strings
    first_ns: int | None = None
    has_phase_paths: bool = False
    _work: LinkTable = field(default_factory=LinkTable)
    _uses: TextTable = field(init=False)
    _by_path: PathNames = field(init=False)

    def __post_init__(self) -> None:
        self._by_path = PathNames(self.strings, phase_of)
        self._uses = uses(self.strings)

    def take(self, block: Block) -> None:
        """Look at the next events of the trace, in any order."""
        if len(block):
            begins_ns = int(block.start_ns.min())
            known_ns = self.first_ns
            self.first_ns = begins_ns if known_ns is None else min(known_ns, begins_ns)
            if not self.has_phase_paths:
                ops = (block.kind == Kind.OP) & (block.device < 0)
                self.has_phase_paths = bool((ops & (self._by_path.of(block) >= 0)).any())
            rows = np.flatnonzero(on_device(block) & (block.correlation >= 0))
            self._work.add(link_keys(block, rows), np.zeros((len(rows), 1), dtype=np.int32))

    def launching(self, window: EventWindow) -> Rows:
        """New calls of the host that launched something that the trace has; each launch once."""
        block = window.block
        rows: Rows = launching(block)
        rows = rows[rows >= window.carried]
        rows = rows[self._uses.of(block.name[rows]) != NO_USE]
        if not len(rows):
            return rows
        keys = link_keys(block, rows)
        _, first = np.unique(keys, return_index=True)
        known, _ = self._work.find(keys[first], 1)
        chosen: Rows = rows[first[known]]
        return chosen


def launches(window: EventWindow, linked: npt.NDArray[np.bool_], ends: Ends, run: int) -> Int64:
    """For each row the number of the arrow that begins at it, minus that which ends; 0 for none."""
    block = window.block
    found = np.zeros(len(block), dtype=np.int64)
    work = np.flatnonzero(linked & window.new)
    for rows, sign in ((ends.launching(window), 1), (work, -1)):
        rank = block.rank[rows].astype(np.int64)
        found[rows] = sign * numbered(run, LAUNCH, rank, block.correlation[rows])
    return found


def gradients(window: EventWindow, run: int) -> Int64:
    """The same of the arrows from forward to backward operations, as the source ties them.

    Of operations that begin together one is in the other, and the source ties them all: the
    innermost forward and the outermost backward one are taken.
    """
    block = window.block
    found = np.zeros(len(block), dtype=np.int64)
    rows = np.flatnonzero((block.kind == Kind.OP) & (block.flow >= 0) & window.new)
    for back in (False, True):
        some = rows[(block.forward_thread[rows] > 0) == back]
        some = some if back else some[::-1]
        keys = (block.rank[some].astype(np.int64), block.flow[some], block.start_ns[some])
        _, first = np.unique(np.stack(keys, axis=1), axis=0, return_index=True)
        some = some[first]
        number = numbered(run, GRADIENT, block.rank[some].astype(np.int64), block.flow[some])
        found[some] = -number if back else number
    return found
