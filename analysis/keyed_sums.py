"""Sums of whole numbers by keys, added up window by window without a Python object for each."""

import numpy as np
import numpy.typing as npt

from analysis.columns import Int64, group_rows

FEWEST_ROWS = 1 << 12
LARGEST = 2**63 - 1

Table = npt.NDArray[np.int64]


class KeyedSums:
    """Rows of sums by rows of keys; memory follows the number of distinct keys.

    What is added waits until there is as much of it as there are sums, and is then added up at
    once, so that each row is looked at a few times at most.
    """

    def __init__(self, keys: int, values: int) -> None:
        self._keys: list[Table] = [np.zeros((0, keys), dtype=np.int64)]
        self._values: list[Table] = [np.zeros((0, values), dtype=np.int64)]
        self._waiting = 0

    def add(self, keys: Table, values: Table) -> None:
        """Add values of shape (rows, values) to the sums of keys of shape (rows, keys)."""
        self._keys.append(keys)
        self._values.append(values)
        self._waiting += len(keys)
        if self._waiting > max(FEWEST_ROWS, len(self._keys[0])):
            self._merge()

    def sums(self) -> tuple[Table, Table]:
        """The distinct keys in the order in which they came up, and their sums."""
        self._merge()
        return self._keys[0], self._values[0]

    def _merge(self) -> None:
        keys, values = np.concatenate(self._keys), np.concatenate(self._values)
        group, first = group_rows(*keys.T)
        order = np.argsort(first)
        sums = [sum_by(group, column, len(first))[order] for column in values.T]
        self._keys, self._values = [keys[first[order]]], [np.stack(sums, axis=1)]
        self._waiting = 0


def sum_by(group: npt.NDArray[np.intp], values: Int64, groups: int) -> Int64:
    """The sum of the values of each group; `group` and `values` have shape (rows,).

    It is exact, but for sums that do not fit into 64 bits: those are the largest number that does.
    """
    total = np.zeros(groups, dtype=np.int64)
    np.add.at(total, group, values)
    if not len(values) or int(np.abs(values).max()) <= LARGEST // len(values):
        return total
    exact = [0] * groups
    for number, value in zip(group.tolist(), values.tolist(), strict=True):
        exact[number] += value
    return np.array([max(-LARGEST, min(each, LARGEST)) for each in exact], dtype=np.int64)
