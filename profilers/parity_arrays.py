"""The arrays of parity.npz: small ones whole, of large ones what lies at places by their name."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from profilers.parity_record import SAMPLED_ELEMENTS, WHOLE_ELEMENTS, ArrayRecord
from workloads import weights

Array = npt.NDArray[Any]

MOST_FILE_BYTES = 20 * 2**20
MEMBER_BYTES = 512
"""What an array's name and headers take in the file, at most."""

FEWER = [(WHOLE_ELEMENTS >> by, SAMPLED_ELEMENTS) for by in range(5)] + [
    (SAMPLED_ELEMENTS >> by, SAMPLED_ELEMENTS >> by) for by in range(1, 7)
]
"""(elements up to which an array is whole, elements kept of others), until the file is small."""


def positions(name: str, count: int, kept: int = SAMPLED_ELEMENTS) -> npt.NDArray[np.int64]:
    """Where the kept values of an array of `count` elements lie in canonical order, ascending.

    They are the first `kept` numbers of numpy's PCG64 stream, modulo `count`, seeded by the name's
    SHA-256; numpy keeps the streams of its bit generators as they are.
    """
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    drawn = np.random.PCG64(seed).random_raw(kept) % np.uint64(count)
    return np.sort(drawn.astype(np.int64))


class ParityArrays:
    """Arrays by name, of which no more is held than the file may have."""

    def __init__(self) -> None:
        self._kept: dict[str, Array] = {}
        self._records: dict[str, ArrayRecord] = {}

    def add(self, name: str, array: Array) -> None:
        """Keep an array in its own type, float32 or float64."""
        norm = weights.norm({name: array})
        self._records[name] = ArrayRecord(
            name=name, shape=array.shape, norm=norm if math.isfinite(norm) else None
        )
        self._kept[name] = _values(name, array, WHOLE_ELEMENTS, SAMPLED_ELEMENTS)

    def save(self, path: Path) -> Mapping[str, ArrayRecord]:
        """Write the file, with fewer values where it would be too large; the records by name."""
        whole, sampled = next((pair for pair in FEWER if self._fits(*pair)), FEWER[-1])
        if whole < WHOLE_ELEMENTS:
            for name, record in self._records.items():
                self._cut(name, record, whole, sampled)
        weights.save(path, self._kept)
        return self._records

    def _fits(self, whole: int, sampled: int) -> bool:
        sizes = (
            _kept_count(math.prod(record.shape), whole, sampled) * self._kept[name].itemsize
            for name, record in self._records.items()
        )
        return sum(sizes) + MEMBER_BYTES * len(self._records) <= MOST_FILE_BYTES

    def _cut(self, name: str, record: ArrayRecord, whole: int, sampled: int) -> None:
        count = math.prod(record.shape)
        kept = _kept_count(count, whole, sampled)
        if kept == self._kept[name].size:
            return
        if self._kept[name].size == count:
            self._kept[name] = _values(name, self._kept[name], whole, sampled)
        else:
            places = positions(name, count)
            self._kept[name] = self._kept[name][
                np.searchsorted(places, positions(name, count, kept))
            ]
        self._records[name] = ArrayRecord(
            name=name, shape=record.shape, norm=record.norm, kept=kept
        )


def _kept_count(count: int, whole: int, sampled: int) -> int:
    return count if count <= whole else sampled


def _values(name: str, array: Array, whole: int, sampled: int) -> Array:
    if array.size <= whole:
        return np.array(array)
    return np.ascontiguousarray(array).reshape(-1)[positions(name, array.size, sampled)]
