"""How rows of samples are put together, column by column: counters, gauges, bits."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from profilers.records import MAXIMUM, READINGS

TIME = "time_ns"
MINIMUM = "_min"
BITS = "_bits"
OLD_COUNTERS = ("_seconds", "_joules", "_switches", "_io_read_bytes", "_io_write_bytes")
"""How the columns end that only grow, in files that have no maxima, which tell the others."""

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Columns = dict[str, Float64]
Fold = Callable[[Columns, Int64], Columns]
"""From columns, and where the rows begin that become one, the columns of these."""


def folds(names: Sequence[str]) -> list[Fold]:
    """One for each figure, by what the names of all columns say about it."""
    has_maxima = any(name.endswith(MAXIMUM) for name in names)
    found: list[Fold] = []
    for name in names:
        if name == TIME or (has_maxima and name.endswith(MAXIMUM)):
            continue
        counts = f"{name}{MAXIMUM}" not in names if has_maxima else name.endswith(OLD_COUNTERS)
        if name == READINGS:
            found.append(_summed(name))
        elif name.endswith(BITS):
            found.append(_flags(name))
        else:
            found.append(_last(name) if counts else _gauge(name))
    return found


def any_set(values: Float64, begins: Int64) -> Float64:
    """The bits that are set in some known value from one begin to the next; NaN without one."""
    known = ~np.isnan(values)
    bits = np.where(known, values, 0).astype(np.int64)
    found = np.bitwise_or.reduceat(bits, begins).astype(np.float64)
    return np.where(np.logical_or.reduceat(known, begins), found, np.nan)


def _flags(name: str) -> Fold:
    """The last bits that are known, which tell how long one was set, and each that ever was."""
    last = _last(name)
    return lambda columns, begins: {
        **last(columns, begins),
        f"{name}{MAXIMUM}": any_set(columns[name], begins),
    }


def _summed(name: str) -> Fold:
    return lambda columns, begins: {name: np.add.reduceat(columns[name], begins)}


def _last(name: str) -> Fold:
    """The last value that is known."""

    def fold(columns: Columns, begins: Int64) -> Columns:
        values = columns[name]
        places = np.where(np.isnan(values), -1, np.arange(len(values)))
        last = np.maximum.reduceat(places, begins)
        return {name: np.where(last < 0, np.nan, values[last])}

    return fold


def means(values: Float64, begins: Int64) -> Float64:
    """The means of the values that are known from each begin to the next; NaN where none is."""
    known = ~np.isnan(values)
    counts = np.add.reduceat(known.astype(np.float64), begins)
    sums = np.add.reduceat(np.where(known, values, 0.0), begins)
    found = np.full(len(begins), np.nan)
    np.divide(sums, counts, out=found, where=counts > 0)
    return found


def _gauge(name: str) -> Fold:
    """Mean, maximum and minimum of the values that are known."""

    def fold(columns: Columns, begins: Int64) -> Columns:
        values = columns[name]
        highest = np.fmax(values, columns.get(f"{name}{MAXIMUM}", values))
        return {
            name: means(values, begins),
            f"{name}{MAXIMUM}": np.fmax.reduceat(highest, begins),
            f"{name}{MINIMUM}": np.fmin.reduceat(values, begins),
        }

    return fold
