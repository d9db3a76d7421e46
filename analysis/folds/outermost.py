"""Whose work is added up so that none counts twice: that of events inside no other with work."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.blocks import DEVICE_KINDS, NONE, Kind, Strings, is_kind
from analysis.columns import Int64, group_rows
from analysis.folds.flops import work
from analysis.sums import Key
from analysis.windows import EventWindow

LOW_BITS = 32
CALL = [Key._fields.index(name) for name in ("name", "shapes", "args", "types")]
"""The columns of a key that tell a call, in the order of the arguments of `work`."""

Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


class Works:
    """What one event of a group computes and moves; the formulas are asked once for each call."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._known: dict[tuple[int, ...], tuple[int, int]] = {}

    def of(self, groups: npt.NDArray[np.int64]) -> tuple[Int64, Int64]:
        """Operations and bytes of one event of each group, -1 where they are not known.

        The source's own figures go first, then the formulas. Only ops and work of a device have
        any.

        Args:
            groups: shape (groups, fields of Key and 2): keys, and the operations and bytes that
                the source has for one event, -1 for none.
        """
        kind, flops, moved = groups[:, Key._fields.index("kind")], groups[:, -2], groups[:, -1]
        is_op = kind == Kind.OP
        flops, moved = (
            np.where(is_op | is_kind(kind, DEVICE_KINDS), each, NONE) for each in (flops, moved)
        )
        rows = np.flatnonzero(is_op)
        calls = groups[rows][:, CALL]
        group, first = group_rows(*calls.T)
        known = [self._of_call(*call) for call in calls[first].tolist()]
        formula = np.array(known, dtype=np.int64).reshape(-1, 2)[group]
        for column, values in zip((flops, moved), formula.T, strict=True):
            column[rows] = np.where(column[rows] < 0, values, column[rows])
        return flops, moved

    def _of_call(self, *call: int) -> tuple[int, int]:
        known = self._known.get(call)
        if known is None:
            flops, moved = work(*(self._strings[number] for number in call))
            known = (NONE if flops is None else flops, NONE if moved is None else moved)
            self._known[call] = known
        return known


class Marks(NamedTuple):
    """Of each event of a window: whether its work counts, and how much it is; columns (events,).

    `counted` are the new events whose floating-point operations are known and that lie in no event
    whose are; `covered` are all events whose are known or that lie in one whose are. `flops` and
    `bytes` are those of the counted events, -1 where they are not known.
    """

    counted: Mask
    covered: Mask
    flops: Int64
    bytes: Int64


def marks(window: EventWindow, rows: Rows, flops: Int64, moved_bytes: Int64) -> Marks:
    """Which of the chosen events' work counts; asked once for each window, in their order.

    Args:
        window: events in order of time.
        rows: the chosen events.
        flops: the operations of each of them, -1 where they are not known.
        moved_bytes: the same.
    """
    known = flops >= 0
    seed = np.full(len(window), NONE, dtype=np.int64)
    seed[rows[known]] = 1
    covered = window.inherit("work", seed) >= 0
    parent = window.parent_row[rows]
    counts = known & (rows >= window.carried) & ((parent < 0) | ~covered[parent])
    return Marks(
        _column(len(window), rows, counts, False),
        covered,
        _column(len(window), rows, np.where(counts, flops, NONE), NONE),
        _column(len(window), rows, np.where(counts, moved_bytes, NONE), NONE),
    )


def exact_sums(group: Rows, values: Int64, groups: int) -> list[int | None]:
    """The sum of the values of each group, of any size; None where a value is not known (-1)."""
    lost = np.bincount(group, values < 0, groups) > 0
    high, low = np.zeros(groups, dtype=np.int64), np.zeros(groups, dtype=np.int64)
    np.add.at(high, group, values >> LOW_BITS)
    np.add.at(low, group, values & ((1 << LOW_BITS) - 1))
    columns = (lost.tolist(), high.tolist(), low.tolist())
    return [
        None if unknown else (each << LOW_BITS) + rest
        for unknown, each, rest in zip(*columns, strict=True)
    ]


def _column(length: int, rows: Rows, values: npt.NDArray[Any], other: int) -> npt.NDArray[Any]:
    column = np.full(length, other, dtype=values.dtype)
    column[rows] = values
    return column
