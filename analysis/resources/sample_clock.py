"""Times of samples when the system clock was set during a run: as the run's phases count them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from analysis.resources.sample_folds import Int64
from analysis.resources.sample_rows import Rows
from profilers import rundir
from profilers.records import ClockAnchor

MONOTONIC = "monotonic_ns"
SET_NS = 20_000_000
"""By how much both clocks part if one was set; a clock that is only steered parts more slowly."""
BEGINS = " begins"
"""How the labels end of the anchors by which the times of a phase are written."""


class _Clocks(msgspec.Struct, frozen=True):
    anchors: list[ClockAnchor]


def steady(rows: Rows, run: Path) -> Rows:
    """The rows with times that only grow.

    Where the clock was set each has the time that it would have as a part of its phase, in which
    the clock is the one of the phase's begin. Of times that come twice, as the clock was set back,
    the later ones stay. Rows without a reading of the monotonic clock stay as they are.

    Raises:
        ProfileError: the file with the run's clocks is damaged; the sentence names it.
    """
    if MONOTONIC not in rows.columns:
        return rows
    known = np.isfinite(rows.columns[MONOTONIC])
    monotonic_ns = rows.columns[MONOTONIC][known].astype(np.int64)
    if not len(monotonic_ns) or np.ptp(rows.time_ns[known] - monotonic_ns) <= SET_NS:
        return rows
    time_ns = rows.time_ns.copy()
    if (run / rundir.CLOCKS).exists():
        anchors = rundir.read_json(run / rundir.CLOCKS, _Clocks).anchors
        time_ns[known] = _by_phase(monotonic_ns, time_ns[known], anchors)
    next_ns = np.minimum.accumulate(time_ns[:0:-1])[::-1]
    kept = np.append(time_ns[:-1] < next_ns, True)
    return Rows(time_ns[kept], {name: values[kept] for name, values in rows.columns.items()})


def _by_phase(monotonic_ns: Int64, time_ns: Int64, anchors: Sequence[ClockAnchor]) -> Int64:
    begins = [each for each in anchors if each.label.endswith(BEGINS)]
    if not begins:
        return time_ns
    from_ns = np.array([each.monotonic_ns for each in begins])
    offset_ns = np.array([each.realtime_ns - each.monotonic_ns for each in begins])
    order = np.argsort(from_ns, kind="stable")
    place = np.searchsorted(from_ns[order], monotonic_ns, side="right") - 1
    found: Int64 = monotonic_ns + offset_ns[order][np.maximum(place, 0)]
    return found
