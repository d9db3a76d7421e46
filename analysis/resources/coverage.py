"""What samples say of a stretch of time: growth of counters, means, how much of it they cover."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.resources.sample_folds import Float64, Int64

TOO_FEW = "fewer than 2 samples in the phase"
NOT_REACHED = "the timed phase was not reached"
ONLY_A_PART = "the samples cover only a part of the phase"
SMALLEST_COVERED_RATIO = 0.95
LONGEST_GAP_SECONDS, LONGEST_GAP_RATIO = 1.0, 5
"""Between two readings that are further apart, by time and beside the usual, a gauge is unknown."""
UPDATES = 10
"""How often a sensor must have been renewed in a window, for its mean there to be a figure."""


@dataclass(frozen=True)
class Window:
    """A stretch of Unix time in ns."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end_ns - self.start_ns) / 1e9

    def holds(self, time_ns: Int64) -> npt.NDArray[np.bool_]:
        """Which of some Unix times lie in it, its edges included."""
        return (time_ns >= self.start_ns) & (time_ns <= self.end_ns)


def growth(time_ns: Int64, counter: Float64, window: Window) -> tuple[float, float] | None:
    """How much a cumulative counter grew in a window, and over how many seconds of it.

    The counter is interpolated linearly at the window's edges; where the samples begin later or
    end earlier, the window is cut to them. None with fewer than 2 samples in the window.
    """
    known = ~np.isnan(counter)
    time_ns, counter = time_ns[known], counter[known]
    if window.holds(time_ns).sum() < 2:
        return None
    start_ns = max(window.start_ns, int(time_ns[0]))
    end_ns = min(window.end_ns, int(time_ns[-1]))
    if end_ns <= start_ns:
        return None
    edges = np.array([start_ns, end_ns], dtype=np.int64) - start_ns
    begin, end = np.interp(edges / 1e9, (time_ns - start_ns) / 1e9, counter)
    return float(end - begin), (end_ns - start_ns) / 1e9


def growth_of_all(
    time_ns: Int64, counter: Float64, window: Window | None
) -> tuple[float | None, str]:
    """How much a cumulative counter grew in all of a window, or why that is not known.

    What little is not covered counts like the rest.
    """
    if window is None:
        return None, NOT_REACHED
    found = growth(time_ns, counter, window)
    if found is None:
        return None, TOO_FEW
    if not covers(found[1], window):
        return None, ONLY_A_PART
    return found[0] * window.seconds / found[1], ""


def covers(seconds: float, window: Window) -> bool:
    """Whether so many seconds of a window are enough for a figure of all of it."""
    return seconds >= SMALLEST_COVERED_RATIO * window.seconds


def is_bridged(time_ns: Int64) -> npt.NDArray[np.bool_]:
    """Between which neighbours among the readings of a gauge one may be taken for the other."""
    gaps_ns = np.diff(time_ns)
    usual_ns = float(np.median(gaps_ns)) if len(gaps_ns) else 0.0
    bridged: npt.NDArray[np.bool_] = gaps_ns <= max(
        LONGEST_GAP_SECONDS * 1e9, LONGEST_GAP_RATIO * usual_ns
    )
    return bridged


def covered_seconds(time_ns: Int64, window: Window) -> float:
    """How much of a window lies between readings of a gauge that are near enough to each other."""
    ends_ns = np.clip(time_ns, window.start_ns, window.end_ns)
    return float(np.diff(ends_ns)[is_bridged(time_ns)].sum()) / 1e9


def median_gap_seconds(time_ns: Int64) -> float:
    """The usual time between readings, to 10 ms; 0 with fewer than 2 of them."""
    return round(float(np.median(np.diff(time_ns))) / 1e9, 2) if len(time_ns) > 1 else 0.0


def not_resolved(window: Window, period_seconds: float, readings: int) -> str:
    """Why a window is too short for a sensor that has so many readings in it; "" if it isn't."""
    if window.seconds < UPDATES * period_seconds:
        return (
            f"{window.seconds:.2f} s are too short, ten new values of the sensor take "
            f"{UPDATES * period_seconds:.3g} s"
        )
    return "" if readings > 1 else TOO_FEW


def held_mean(time_ns: Int64, gauge: Float64, window: Window) -> float | None:
    """The mean of a gauge over a window, each sample standing for the time since the one before.

    Sensors report on a window that is past, so a value is held backwards. What follows an empty
    cell counts from that cell on. None with fewer than 2 samples in the window.
    """
    known = ~np.isnan(gauge)
    if window.holds(time_ns[known]).sum() < 2:
        return None
    ends = np.clip(time_ns, window.start_ns, window.end_ns)
    held_seconds = np.diff(ends, prepend=ends[:1]) / 1e9
    weight = float(held_seconds[known].sum())
    return float((gauge[known] * held_seconds[known]).sum() / weight) if weight > 0 else None
