"""Which event encloses each event on its track, and how much of its time is its own."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Int64, Kind, runs_of_equal

INSTANTS = (Kind.MEMORY, Kind.COUNTER)
AROUND = (Kind.ANNOTATION, Kind.STEP)


def nest(block: Block) -> tuple[Int64, Int64]:
    """(parent_row, self_ns) of each row, on its track (process, thread, stream).

    The parent is the event that began last among those still open when a row begins; it ends
    before the row where both overlap in part. Each instant belongs to the open event that began
    last, so self times are never negative and add up to the union of a track's events.

    Self times are taken on three levels, so that one does not depend on what is recorded around
    it: ops, calls that launch work and device work among themselves; Python frames and calls of the
    runtime that launch nothing among those; step and annotation ranges among all. Memory instants
    take no part (-1 and 0).

    Returns:
        Two columns of shape (rows,): row numbers, -1 for none; nanoseconds.
    """
    order = block.nested_order()
    order = order[~np.isin(block.kind[order], INSTANTS)]
    levels = np.full(len(block), 2)
    levels[block.kind == Kind.PYTHON] = 1
    levels[(block.kind == Kind.RUNTIME) & (block.correlation < 0)] = 1
    levels[np.isin(block.kind, AROUND)] = 0
    parent_row, self_ns = _sweep_tracks(block, order)
    for level in (1, 2):
        at_least = levels[order] >= level
        if at_least.all():
            continue
        rows = order[at_least]
        _, own_ns = _sweep_tracks(block, rows)
        self_ns[rows] = own_ns[rows]
    return parent_row, self_ns


def _sweep_tracks(block: Block, rows: npt.NDArray[np.intp]) -> tuple[Int64, Int64]:
    """Nest these rows, which are in nested order, as if there were no others."""
    parent_row = np.full(len(block), NONE, dtype=np.int64)
    self_ns = np.zeros(len(block), dtype=np.int64)
    track = [column[rows].astype(np.int64) for column in (block.process, block.thread)]
    track.append(block.stream[rows].astype(np.int64))
    for begin, end in runs_of_equal(*track):
        some = rows[begin:end]
        parents, own = sweep(block.start_ns[some].tolist(), block.end_ns[some].tolist())
        position = np.array(parents, dtype=np.int64)
        parent_row[some] = np.where(position >= 0, some[position], NONE)
        self_ns[some] = own
    return parent_row, self_ns


def sweep(start_ns: list[int], end_ns: list[int]) -> tuple[list[int], list[int]]:
    """Parents and self times of the events of one track, sorted by start, longer ones first.

    Returns:
        For each event the position of its parent (-1 for none), and its own nanoseconds.
    """
    parents = [NONE] * len(start_ns)
    own = [0] * len(start_ns)
    stack: list[int] = []
    clock = 0
    for row, now in enumerate(start_ns):
        while stack:
            top = stack[-1]
            end = end_ns[top]
            if end > now:
                if now > clock:
                    own[top] += now - clock
                parents[row] = top
                break
            if end > clock:
                own[top] += end - clock
                clock = end
            stack.pop()
        clock = now
        stack.append(row)
    while stack:
        top = stack.pop()
        if end_ns[top] > clock:
            own[top] += end_ns[top] - clock
            clock = end_ns[top]
    return parents, own
