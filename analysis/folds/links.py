"""Which event another one belongs to: by nesting, or by the launch of work on a device."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import DEVICE_KINDS, NONE, Block, Int64, Kind


def inherit(parent_row: Int64, seed: Int64) -> Int64:
    """For each row the seed of the nearest enclosing row that has one, itself included.

    Args:
        parent_row: shape (rows,); the enclosing row, -1 for none.
        seed: shape (rows,); a value of 0 or more, -1 for none.
    """
    value = seed.copy()
    ancestor = parent_row.copy()
    while True:
        open_rows = np.flatnonzero((value < 0) & (ancestor >= 0))
        if not len(open_rows):
            return value
        # Every round looks twice as far up, so a stack 1,000 deep takes ten rounds.
        found = value[ancestor[open_rows]]
        ancestor = np.where(ancestor >= 0, ancestor[ancestor], NONE)
        value[open_rows] = found


def on_device(block: Block) -> npt.NDArray[np.bool_]:
    """Rows that are work on an accelerator: kernels, copies and memsets."""
    return np.isin(block.kind, DEVICE_KINDS)


def launches(block: Block) -> Int64:
    """The row of the runtime call that launched each device event, -1 for none and for others.

    One call may launch many kernels (a CUDA graph); where several calls carry one correlation,
    the first one counts.
    """
    rows = np.flatnonzero(
        (block.kind == Kind.RUNTIME) & (block.correlation >= 0) & (block.device < 0)
    )
    rows = rows[np.argsort(block.start_ns[rows], kind="stable")]
    result = np.full(len(block), NONE, dtype=np.int64)
    device_rows = np.flatnonzero(on_device(block) & (block.correlation >= 0))
    result[device_rows] = lookup(
        [block.rank[rows], block.correlation[rows]],
        rows,
        [block.rank[device_rows], block.correlation[device_rows]],
    )
    return result


def lookup(
    keys: list[npt.NDArray[np.signedinteger]],
    values: npt.NDArray[np.signedinteger],
    wanted: list[npt.NDArray[np.signedinteger]],
) -> Int64:
    """For each wanted key (columns side by side) the value of the first equal key, or -1."""
    if not len(values) or not len(wanted[0]):
        return np.full(len(wanted[0]), NONE, dtype=np.int64)
    table = np.stack([np.concatenate(pair) for pair in zip(keys, wanted, strict=True)], axis=1)
    _, number = np.unique(table, axis=0, return_inverse=True)
    number = number.reshape(-1)
    first = np.full(len(table), NONE, dtype=np.int64)
    known = number[: len(values)]
    first[known[::-1]] = values[::-1]
    return first[number[len(values) :]]


def within(times_ns: Int64, start_ns: Int64, end_ns: Int64) -> Int64:
    """For each time the number of the interval it lies in (the latest begun one), or -1.

    Args:
        times_ns: shape (times,).
        start_ns: shape (intervals,), sorted; an interval holds its start, not its end.
        end_ns: shape (intervals,).
    """
    if not len(start_ns):
        return np.full(len(times_ns), NONE, dtype=np.int64)
    number = np.searchsorted(start_ns, times_ns, side="right") - 1
    inside = (number >= 0) & (times_ns < end_ns[number])
    return np.where(inside, number, NONE)
