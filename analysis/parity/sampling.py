"""Which values of an array a probe kept, and those that two probes both kept of one."""

import hashlib
import math

import numpy as np
import numpy.typing as npt

from analysis.parity.arrays import Float64, elements
from profilers.parity_record import ArrayRecord


def positions(name: str, count: int, kept: int) -> npt.NDArray[np.int64]:
    """Where the kept values of an array of `count` elements lie in canonical order, ascending.

    They are the first `kept` numbers of numpy's PCG64 stream, modulo `count`, seeded by the name's
    SHA-256, as the profiler draws them: fewer of them lie among more.
    """
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    drawn = np.random.PCG64(seed).random_raw(kept) % np.uint64(count)
    return np.sort(drawn.astype(np.int64))


def common(
    records: tuple[ArrayRecord, ArrayRecord], arrays: tuple[Float64, Float64]
) -> tuple[Float64, Float64]:
    """The values at the positions that both sides kept; of arrays kept alike, all of them.

    Args:
        records: of arrays of one shape.
        arrays: what was kept of each.
    """
    kept = min(map(elements, records))
    left, right = (_at(record, array, kept) for record, array in zip(records, arrays, strict=True))
    return left, right


def _at(record: ArrayRecord, array: Float64, kept: int) -> Float64:
    if array.size == kept:
        return array
    count = math.prod(record.shape)
    wanted = positions(record.name, count, kept)
    if array.size == count:
        return array[wanted]
    return array[np.searchsorted(positions(record.name, count, array.size), wanted)]
