"""Which phase and layer's range is open where nothing is active."""

from collections.abc import Iterator

import numpy as np

from analysis.annotate import Folded
from analysis.columns import Int64, group_rows
from analysis.folds.intervals import Intervals
from analysis.folds.selftime import latest_open
from analysis.keyed_sums import sum_by


class OpenRanges:
    """The ranges of a window: of phases and of layers, on any thread."""

    def __init__(self, folded: Folded) -> None:
        start_ns, end_ns = folded.block.start_ns, folded.block.end_ns
        self._columns: list[tuple[Int64, Int64, Int64]] = []
        for names in (folded.phase_range, folded.layer_range):
            rows = np.flatnonzero(names >= 0)
            self._columns.append((start_ns[rows], end_ns[rows], names[rows]))
        self._edges_ns = np.concatenate([edges for column in self._columns for edges in column[:2]])

    def parted(self, time: Intervals) -> Iterator[tuple[int, int, int]]:
        """Phase and layer (-1 for none) of some stretches of time, and how long these are."""
        time = time.cut(self._inside(time))
        phase, layer = (self._open(*column, time.start_ns) for column in self._columns)
        group, first = group_rows(phase, layer)
        sums = sum_by(group, time.end_ns - time.start_ns, len(first))
        yield from zip(phase[first].tolist(), layer[first].tolist(), sums.tolist(), strict=True)

    def _inside(self, time: Intervals) -> Int64:
        return self._edges_ns[time.hold(self._edges_ns)]

    @staticmethod
    def _open(start_ns: Int64, end_ns: Int64, names: Int64, times_ns: Int64) -> Int64:
        place = latest_open(start_ns, end_ns, times_ns)
        return np.where(place >= 0, names[place], place) if len(names) else place
