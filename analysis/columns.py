"""Columns of whole numbers: those that hold one number only, and rows that are equal."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

MIXER = np.uint64(0x9E3779B97F4A7C15)

Column = npt.NDArray[np.signedinteger]
Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]


def is_constant(column: npt.NDArray[np.generic]) -> bool:
    """Whether a column is made of one number, which stands for all rows."""
    return column.strides == (0,)


def pick(column: Column, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Column:
    """The chosen rows of a column; one that is made of one number stays so."""
    if not is_constant(column):
        return column[rows]
    if isinstance(rows, slice):
        count = len(range(*rows.indices(len(column))))
    else:
        count = int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows)
    return np.broadcast_to(column[0], (count,)) if len(column) else column


def joined(columns: list[Column]) -> Column:
    """Columns one behind the other; those that hold one number take no memory."""
    first = columns[0][0]
    if all(is_constant(column) and column[0] == first for column in columns):
        return np.broadcast_to(first, (sum(map(len, columns)),))
    return np.concatenate(columns)


def distinct(numbers: Int64) -> Int64:
    """Each of some numbers once, sorted."""
    ordered = np.sort(numbers)
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def group_rows(
    *columns: npt.NDArray[np.signedinteger],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows with equal values in all columns, as groups.

    Returns:
        For each row the number of its group, and for each group the first row of it.
    """
    varied = [column for column in columns if not is_constant(column)]
    if not len(columns[0]) or not varied:
        return np.zeros(len(columns[0]), dtype=np.intp), np.zeros(min(len(columns[0]), 1), np.intp)
    mixed = varied[0].astype(np.uint64)
    for column in varied[1:]:
        mixed = mixed * MIXER + column.astype(np.uint64)
        mixed ^= mixed >> np.uint64(29)
    _, first, group = np.unique(mixed, return_index=True, return_inverse=True)
    if any((column[first][group] != column).any() for column in varied):  # two mixed alike
        table = np.stack([column.astype(np.int64) for column in varied], axis=1)
        _, first, group = np.unique(table, axis=0, return_index=True, return_inverse=True)
    return group.reshape(-1), first


def runs_of_equal(*columns: Column) -> Iterator[tuple[int, int]]:
    """(begin, end) of each stretch in which all columns keep their value."""
    if not len(columns[0]):
        return
    changed = np.zeros(len(columns[0]) - 1, dtype=bool)
    for column in columns:
        changed |= np.diff(column) != 0
    edges = np.concatenate(([0], np.flatnonzero(changed) + 1, [len(columns[0])]))
    yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
