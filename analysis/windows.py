"""A window of a trace: events in order of time, and what is still open from the windows before."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, concat, from_columns
from analysis.columns import Int64

OPEN_END_NS = np.iinfo(np.int64).max


class EventWindow:
    """What the folds see at a time: some events, and what they found out about each.

    The rows are those that began in earlier windows and are still open, in the order in which they
    began (`carried` of them), then those that begin in this one. So all events around a row are in
    its window. A whole trace may be one window.

    A fold gives back columns of shape (rows,). What it found out about a row stays with the row:
    `keep` and `inherit` put the values of the carried rows back in place.
    """

    def __init__(
        self,
        block: Block,
        carried: int = 0,
        begin_ns: int = -OPEN_END_NS,
        end_ns: int = OPEN_END_NS,
        kept: dict[str, Int64] | None = None,
    ) -> None:
        self.block = block
        self.carried = carried
        self.begin_ns = begin_ns
        self.end_ns = end_ns
        self.parent_row: Int64 = np.full(len(block), NONE, dtype=np.int64)
        self._tracks: npt.NDArray[np.intp] | None = None
        self._kept = kept or {}
        self._columns: dict[str, Int64] = {}

    def __len__(self) -> int:
        return len(self.block)

    @property
    def new(self) -> npt.NDArray[np.bool_]:
        """Rows that begin in this window: each event of a trace is new in one window."""
        return np.arange(len(self.block)) >= self.carried

    @property
    def tracks(self) -> npt.NDArray[np.intp]:
        """For each row the number of its track, as by `Block.tracks`."""
        if self._tracks is None:
            self._tracks = self.block.tracks()
        return self._tracks

    def inside(self) -> tuple[Int64, Int64]:
        """Start and end of each row, as far as they lie in this window."""
        block = self.block
        if self.begin_ns == -OPEN_END_NS and self.end_ns == OPEN_END_NS:
            return block.start_ns, block.end_ns
        start_ns = np.maximum(block.start_ns, self.begin_ns)
        return start_ns, np.maximum(np.minimum(block.end_ns, self.end_ns), start_ns)

    def keep(self, name: str, column: Int64) -> Int64:
        """The column, in which carried rows have the value that they had when they were new."""
        if self.carried:
            column[: self.carried] = self._kept[name]
        self._columns[name] = column
        return column

    def inherit(self, name: str, seed: Int64) -> Int64:
        """For each row the seed of the nearest row around it that has one, itself included.

        Args:
            name: what the windows after this one find the column by.
            seed: shape (rows,); a value of 0 or more, -1 for none.
        """
        if self.carried:
            seed = seed.copy()
            seed[: self.carried] = self._kept[name]
        self._columns[name] = value = inherit(self.parent_row, seed)
        return value

    def following(self, block: Block, end_ns: int | None) -> "EventWindow":
        """The window after this one: what is open at its end, and the events of `block`."""
        is_open = np.flatnonzero(self.block.end_ns > self.end_ns)
        return EventWindow(
            concat([self.block.take(is_open), block]) if len(is_open) else block,
            len(is_open),
            self.end_ns,
            OPEN_END_NS if end_ns is None else end_ns,
            {name: column[is_open] for name, column in self._columns.items()},
        )


def first_window(end_ns: int | None = None) -> EventWindow:
    """An empty window, which the windows of a trace follow."""
    return EventWindow(from_columns(0), 0, -OPEN_END_NS, -OPEN_END_NS if end_ns is None else end_ns)


def whole(block: Block) -> EventWindow:
    """All of a trace as one window, in order of time."""
    return EventWindow(block.take(block.time_order()))


def inherit(parent_row: Int64, seed: Int64) -> Int64:
    """For each row the seed of the nearest enclosing row that has one, itself included.

    Args:
        parent_row: shape (rows,); the enclosing row, -1 for none.
        seed: shape (rows,); a value of 0 or more, -1 for none.
    """
    value = seed.copy()
    if not len(seed) or seed.max() < 0:
        return value
    ancestor = parent_row.copy()
    while True:
        open_rows = np.flatnonzero((value < 0) & (ancestor >= 0))
        if not len(open_rows):
            return value
        # Every round looks twice as far up, so a stack 1,000 deep takes ten rounds.
        above = ancestor[open_rows]
        value[open_rows] = value[above]
        ancestor[open_rows] = ancestor[above]
