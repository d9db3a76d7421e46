"""One step as stretches of phases, few enough to be drawn."""

from dataclasses import dataclass, field

import numpy as np

from analysis.blocks import Strings
from analysis.columns import Int64
from analysis.folds.intervals import Intervals
from analysis.partition.record import Stretch

MOST_STRETCHES = 2000
FINE = 16
"""How many times as many are kept until the last has come."""

Columns = tuple[Int64, Int64, Int64]
"""Starts, ends and phases of stretches in order of time."""


@dataclass(slots=True)
class Lanes:
    """Gathers what was active in one step, lane by lane."""

    _lanes: dict[str, Columns] = field(default_factory=dict)

    def add(self, lane: str, time: Intervals, phase: Int64) -> None:
        """Take stretches that lie behind those that were taken before."""
        found: Columns = (*time, phase)
        if lane in self._lanes:
            before = self._lanes[lane]
            found = (
                np.concatenate((before[0], found[0])),
                np.concatenate((before[1], found[1])),
                np.concatenate((before[2], found[2])),
            )
        found = _merged(found, 0)
        many = len(found[0]) > 2 * FINE * MOST_STRETCHES
        self._lanes[lane] = _fewer(found, FINE * MOST_STRETCHES) if many else found

    def stretches(self, strings: Strings, begin_ns: int) -> list[Stretch]:
        """Those of all lanes, from `begin_ns` on."""
        return [
            Stretch(lane, start - begin_ns, end - start, strings[phase])
            for lane, columns in self._lanes.items()
            for start, end, phase in zip(
                *(column.tolist() for column in _fewer(columns, MOST_STRETCHES)), strict=True
            )
        ]


def _fewer(columns: Columns, most: int) -> Columns:
    """Close the smallest gaps within a phase, then leave out the shortest stretches."""
    while len(columns[0]) > most:
        start_ns, end_ns, phase = columns
        many = len(start_ns) - most
        gaps_ns = (start_ns[1:] - end_ns[:-1])[phase[1:] == phase[:-1]]
        if len(gaps_ns):
            place = min(many, len(gaps_ns)) - 1
            columns = _merged(columns, int(np.partition(gaps_ns, place)[place]))
        else:
            stays = np.sort(np.argsort(end_ns - start_ns, kind="stable")[many:])
            columns = (start_ns[stays], end_ns[stays], phase[stays])
    return columns


def _merged(columns: Columns, gap_ns: int) -> Columns:
    """Make one of neighbours of one phase that lie no further apart."""
    start_ns, end_ns, phase = columns
    begins = np.ones(len(start_ns), dtype=bool)
    begins[1:] = (phase[1:] != phase[:-1]) | (start_ns[1:] - end_ns[:-1] > gap_ns)
    ends = np.append(begins[1:], True)[: len(begins)]
    return start_ns[begins], end_ns[ends], phase[begins]
