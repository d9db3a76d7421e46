"""Which forward op made the autograd node that each backward op runs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Kind
from analysis.columns import MIXER, Int64, group_rows
from analysis.folds.links import LinkTable
from analysis.windows import EventWindow

Rows = npt.NDArray[np.intp]
Thread = tuple[int, int, int]


class ForwardOps:
    """Keeps the layer of each forward op until its backward op has come.

    A node takes the sequence number that its thread counts on after it, and ops that make no node
    show the number that comes next. So of a thread's ops with one number, the last begun one made
    the node. Backward ops name that thread by a small number of torch's own (`forward_thread`).
    """

    def __init__(self) -> None:
        self._table = LinkTable(latest_counts=True)
        self._threads: dict[Thread, int] = {}
        self._answers: dict[Thread, int] = {}
        self._proven: set[Thread] = set()
        self._before = _no_ops()

    def layers(self, window: EventWindow, layer: Int64) -> Int64:
        """The layer of the forward op of each backward op of a window, -1 for others.

        Args:
            window: the events.
            layer: of the forward ops, shape (rows,).
        """
        block = window.block
        counted = (block.kind == Kind.OP) & (block.sequence >= 0) & window.new
        forward = self._ops(block, np.flatnonzero(counted & (block.forward_thread <= 0)), layer)
        backward = np.flatnonzero(counted & (block.forward_thread > 0))
        result = np.full(len(block), NONE, dtype=np.int64)
        at_hand = forward.after(self._before)
        for number, rows in _by_thread(block, block.forward_thread, backward):
            thread = self._answered(number, block, rows, at_hand)
            if thread >= 0:
                wanted = _keys(np.full(len(rows), thread), block.sequence[rows])
                found, values = self._table.find(wanted, 1)
                result[rows[found]] = values[found, 0]
                made = forward.last_before(wanted, block.start_ns[rows])
                result[rows[made >= 0]] = forward.layer[made[made >= 0]]
        self._remember(forward)
        return result

    def _ops(self, block: Block, rows: Rows, layer: Int64) -> "_Ops":
        thread = np.full(len(rows), NONE, dtype=np.int64)
        place = np.zeros(len(block), dtype=np.intp)
        place[rows] = np.arange(len(rows))
        for key, some in _by_thread(block, block.thread, rows):
            thread[place[some]] = self._threads.setdefault(key, len(self._threads))
        return _Ops(
            block.start_ns[rows], thread, block.sequence[rows], block.flow[rows], layer[rows]
        )

    def _answered(self, number: Thread, block: Block, rows: Rows, at_hand: "_Ops") -> int:
        """The thread whose forward ops these backward ops belong to, -1 if it is not known.

        Arrows between forward and backward ops prove it; without any, it is the thread that has
        the most of their sequence numbers.
        """
        if number in self._proven:
            return self._answers[number]
        flows = block.flow[rows]
        linked = at_hand.thread[np.isin(at_hand.flow, flows[flows >= 0])]
        if len(linked):
            self._proven.add(number)
        elif number in self._answers:
            return self._answers[number]
        else:
            linked = at_hand.thread[np.isin(at_hand.sequence, block.sequence[rows])]
        votes = np.bincount(linked) if len(linked) else self._known(block.sequence[rows])
        if not votes.any():
            return NONE
        self._answers[number] = int(votes.argmax())
        return self._answers[number]

    def _known(self, sequence: Int64) -> npt.NDArray[np.int_]:
        """How many of these numbers are remembered of each thread."""
        threads = range(len(self._threads))
        found = (
            self._table.find(_keys(np.full(len(sequence), t), sequence), 1)[0] for t in threads
        )
        return np.array([np.count_nonzero(each) for each in found], dtype=np.int_)

    def _remember(self, forward: "_Ops") -> None:
        """Keep what has a layer, and what takes the place of what had one."""
        order = np.argsort(-forward.start_ns, kind="stable")
        keys, layer = _keys(forward.thread, forward.sequence)[order], forward.layer[order]
        keys, first = np.unique(keys, return_index=True)
        layer = layer[first]
        useful = (layer >= 0) | self._table.find(keys, 1)[0]
        self._table.add(keys[useful], layer[useful].reshape(-1, 1).astype(np.int32))
        self._before = forward


@dataclass(frozen=True, slots=True, eq=False)
class _Ops:
    """Forward ops as columns of equal length; `thread` is a number of `ForwardOps`."""

    start_ns: Int64
    thread: Int64
    sequence: Int64
    flow: Int64
    layer: Int64

    def after(self, others: "_Ops") -> "_Ops":
        """The others, then these."""
        return _Ops(
            *(
                np.concatenate((getattr(others, name), getattr(self, name)))
                for name in ("start_ns", "thread", "sequence", "flow", "layer")
            )
        )

    def last_before(self, keys: Int64, times_ns: Int64) -> Int64:
        """For each key and time the position of the op with that key begun last, or -1."""
        own = len(self.thread)
        every_key = np.concatenate((_keys(self.thread, self.sequence), keys))
        every_time = np.concatenate((self.start_ns, times_ns))
        order = np.lexsort((np.arange(len(every_key)) >= own, every_time, every_key))
        last = np.maximum.accumulate(np.where(order < own, np.arange(len(order)), NONE))
        found = np.full(len(order), NONE, dtype=np.int64)
        candidate = np.where(last >= 0, order[last], NONE)
        same = (last >= 0) & (every_key[candidate] == every_key[order])
        found[order] = np.where(same, candidate, NONE)
        return found[own:]


def _no_ops() -> _Ops:
    return _Ops(*(np.zeros(0, dtype=np.int64) for _ in range(5)))


def _keys(thread: npt.NDArray[np.int_], sequence: Int64) -> Int64:
    return (thread.astype(np.uint64) * MIXER ^ sequence.astype(np.uint64)).astype(np.int64)


def _by_thread(block: Block, thread: Int64, rows: Rows) -> Iterator[tuple[Thread, Rows]]:
    """These rows by (rank, process, number of the thread)."""
    if not len(rows):
        return
    columns = (block.rank[rows], block.process[rows], thread[rows])
    group, first = group_rows(*columns)
    for number, row in enumerate(first.tolist()):
        rank, process, own = (int(column[row]) for column in columns)
        yield (rank, process, own), rows[group == number]
