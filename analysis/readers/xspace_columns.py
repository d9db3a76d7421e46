"""The columns that the events of a line are decoded into."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.columns import Int64
from analysis.readers.wire import Places, UInt64

FORMS = {"double_value": 2, "uint64_value": 3, "int64_value": 4, "str_value": 5}
FORMS |= {"bytes_value": 6, "ref_value": 7}
DOUBLE, UINT, INT, STRING, OCTETS, REFERENCE = FORMS.values()
FORM_OF = np.zeros(256, dtype=np.int8)
"""A stat's form of value by the first byte of that field; 0: it is none."""
FORM_OF[[0x11, 0x18, 0x20, 0x2A, 0x32, 0x38]] = tuple(FORMS.values())

DENSE = 1 << 16


class Codes:
    """Small numbers for ids: the place of an id among those that are known, -1 for others."""

    def __init__(self, ids: Iterable[int]) -> None:
        self.ids = np.array(sorted(ids), dtype=np.int64)
        self._dense = np.full(DENSE, -1, dtype=np.int64)
        self._is_dense = not len(self.ids) or bool(self.ids[0] >= 0 and self.ids[-1] < DENSE - 1)
        if self._is_dense:
            self._dense[self.ids] = np.arange(len(self.ids))

    def of(self, ids: Int64) -> Int64:
        """The codes of these ids; of the same shape."""
        if self._is_dense:
            known = ids.view(np.uint64) < DENSE
            return self._dense[np.where(known, ids, DENSE - 1)]
        places = np.minimum(self.ids.searchsorted(ids), len(self.ids) - 1)
        return np.where(self.ids[places] == ids, places, -1)


@dataclass(frozen=True, slots=True)
class Stats:
    """Some stats of events as columns: of which event each is, its code, and its value.

    `form` is the number of the value's field. `value` holds numbers as their 64 bits, and for
    texts their places in `texts`.
    """

    event: Places
    code: Int64
    form: npt.NDArray[np.int8]
    value: UInt64
    texts: list[str]


@dataclass(frozen=True, slots=True)
class Events:
    """Events as columns of equal length, and those of their stats that were asked for.

    `damaged` counts events that are no protobuf message; they are left out.
    """

    metadata_id: Int64
    offset_ps: Int64
    duration_ps: Int64
    occurrences: Int64
    stats: Stats
    damaged: int = 0

    def __len__(self) -> int:
        return len(self.metadata_id)
