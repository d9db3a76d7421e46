"""How much of two sides' operations stands in the same order: a longest common subsequence."""

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from analysis.partition.record import Call

LARGEST_TABLE_BITS = 1 << 28
"""Above this, sequences are parted in two, so that memory stays at some 32 MiB."""

Pairs = list[tuple[int, int]]


def matched_ratio(baseline: Sequence[Call], other: Sequence[Call]) -> float | None:
    """The part of both sides' time that lies in operations with a counterpart.

    Calls correspond if they are of one operation with the same shapes and stand in the same order
    in their phase. Phases count where both sides know them, shapes where both record them. None
    where nothing took time.
    """
    sides = (baseline, other)
    whole_ns = sum(call.time_ns for side in sides for call in side)
    if not whole_ns:
        return None
    phases = all(any(call.phase for call in side) for side in sides)
    shapes = all(any(call.shapes for call in side) for side in sides)
    by_phase = [_by_phase(side, phases) for side in sides]
    matched_ns = 0
    for phase in by_phase[0].keys() & by_phase[1].keys():
        left, right = by_phase[0][phase], by_phase[1][phase]
        tokens = [[_token(call, shapes) for call in side] for side in (left, right)]
        for one, two in common_subsequence(*tokens):
            matched_ns += left[one].time_ns + right[two].time_ns
    return matched_ns / whole_ns


def common_subsequence(left: Sequence[Hashable], right: Sequence[Hashable]) -> Pairs:
    """Places of a longest common subsequence, in order.

    Source: H. Hyyrö, Bit-parallel LCS-length computation revisited, AWOCA 2004: a row of the table
    is one number, whose zeros are where the length grows. D. Hirschberg, A linear space algorithm
    for computing maximal common subsequences, CACM 18 (1975), for what is too large for one table.
    """
    start = _alike(left, right)
    left_rest, right_rest = left[start:], right[start:]
    end = _alike(left_rest[::-1], right_rest[::-1])
    inner = (left_rest[: len(left_rest) - end], right_rest[: len(right_rest) - end])
    pairs = [(at, at) for at in range(start)]
    pairs += [(start + one, start + two) for one, two in _subsequence(*inner)]
    pairs += [(len(left) - at, len(right) - at) for at in range(end, 0, -1)]
    return pairs


def _alike(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """How many tokens both begin with."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _subsequence(left: Sequence[Hashable], right: Sequence[Hashable]) -> Pairs:
    if not left or not right:
        return []
    if len(left) * len(right) <= LARGEST_TABLE_BITS or len(left) == 1:
        return _traced(left, right)
    half = len(left) // 2
    first = _lengths(left[:half], right)
    second = _lengths(left[half:][::-1], right[::-1])[::-1]
    split = int((first + second).argmax())
    before = _subsequence(left[:half], right[:split])
    after = _subsequence(left[half:], right[split:])
    return before + [(half + one, split + two) for one, two in after]


def _traced(left: Sequence[Hashable], right: Sequence[Hashable]) -> Pairs:
    """Backwards from the last row: the length grows at a column only where its bit is zero.

    Where it grew in the row before too, it is the same there.
    """
    rows = list(_rows(left, right))
    pairs, row, column = [], len(rows) - 1, len(right) - 1
    while row >= 0 and column >= 0:
        if _bit(rows[row], column):
            column -= 1
        elif row and not _bit(rows[row - 1], column):
            row -= 1
        else:
            pairs.append((row, column))
            row, column = row - 1, column - 1
    return pairs[::-1]


def _lengths(left: Sequence[Hashable], right: Sequence[Hashable]) -> npt.NDArray[np.int64]:
    """Lengths of the common subsequence with no, one, two ... of the right; shape (right + 1,)."""
    [last] = deque(_rows(left, right), maxlen=1)
    bits = np.unpackbits(np.frombuffer(last, dtype=np.uint8), bitorder="little")[: len(right)]
    return np.concatenate(([0], np.cumsum(bits == 0)))


def _rows(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[bytes]:
    """For each of the left a row of the table, the bit of a column being zero where it grows."""
    places: dict[Hashable, int] = {}
    for column, token in enumerate(right):
        places[token] = places.get(token, 0) | 1 << column
    size = (len(right) + 7) // 8
    every = row = (1 << len(right)) - 1
    for token in left:
        matches = row & places.get(token, 0)
        row = (row + matches | row - matches) & every
        yield row.to_bytes(size, "little")


def _bit(row: bytes, column: int) -> int:
    return row[column >> 3] >> (column & 7) & 1


def _by_phase(calls: Sequence[Call], phases: bool) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in calls:
        found.setdefault(call.phase if phases else "", []).append(call)
    return found


def _token(call: Call, shapes: bool) -> tuple[str, str]:
    return call.op or call.name, call.shapes if shapes else ""
