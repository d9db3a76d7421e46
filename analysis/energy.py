"""The energy of the timed phase: the sensor's counter first, its power as a cross-check."""

from dataclasses import dataclass

import numpy as np

from analysis import resources
from analysis.resources import Window
from analysis.sample_folds import Float64, Int64
from analysis.samples import Samples

SHORTEST_SECONDS = 1.0
LARGEST_DIFFERENCE_RATIO = 0.10
SMALLEST_COVERED_RATIO = 0.95


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy in a window, in joules; None where it can't be told, and `reason` says why.

    `method` is "counter" or "trapezoid". `check_joules` is the trapezoid of power beside a
    counter, and `doubtful` says that the two are over 10 % apart.
    """

    joules: float | None
    method: str | None
    check_joules: float | None = None
    doubtful: bool = False
    reason: str = ""


def of_window(samples: Samples | None, window: Window | None) -> Energy:
    """The energy that the run's GPU took in a window; a run without a GPU has no sensor.

    A counter is updated about every 100 ms, so that 1 s is the shortest window with at least ten
    updates; less is not shown as a number.
    """
    if samples is None:
        return _unknown("no resources were recorded")
    if window is None:
        return _unknown(resources.NOT_REACHED)
    counter, power_watts = samples.energy_joules(), samples.power_watts()
    if np.isnan(counter).all() and np.isnan(power_watts).all():
        return _unknown(samples.why_empty("power_watts"))
    if window.seconds < SHORTEST_SECONDS:
        return _unknown(
            f"the timed phase took {window.seconds:.2f} s, under ten of the sensor's 100 ms"
        )
    check = trapezoid(samples.time_ns, power_watts, window)
    counted = resources.growth(samples.time_ns, counter, window)
    if counted is None or not _covered(counted[1], window):
        if check is None or not _covered(check[1], window):
            return _unknown("the samples cover only a part of the timed phase")
        return Energy(joules=check[0], method="trapezoid")
    check_joules = None if check is None else check[0]
    return Energy(
        joules=counted[0],
        method="counter",
        check_joules=check_joules,
        doubtful=check_joules is not None and _apart(counted[0], check_joules),
    )


def trapezoid(time_ns: Int64, power_watts: Float64, window: Window) -> tuple[float, float] | None:
    """(joules, seconds covered): power integrated over a window by the trapezoid rule.

    Power is interpolated linearly at the window's edges. None with fewer than 2 samples in it.
    """
    known = ~np.isnan(power_watts)
    time_ns, power_watts = time_ns[known], power_watts[known]
    inside = (time_ns > window.start_ns) & (time_ns < window.end_ns)
    if inside.sum() < 2:
        return None
    start_ns = max(window.start_ns, int(time_ns[0]))
    end_ns = min(window.end_ns, int(time_ns[-1]))
    corners = np.concatenate(([start_ns], time_ns[inside], [end_ns])) - start_ns
    seconds = corners / 1e9
    watts = np.interp(seconds, (time_ns - start_ns) / 1e9, power_watts)
    return float(np.trapezoid(watts, seconds)), (end_ns - start_ns) / 1e9


def _covered(seconds: float, window: Window) -> bool:
    return seconds >= SMALLEST_COVERED_RATIO * window.seconds


def _apart(left: float, right: float) -> bool:
    return abs(left - right) > LARGEST_DIFFERENCE_RATIO * max(abs(left), abs(right))


def _unknown(reason: str) -> Energy:
    return Energy(joules=None, method=None, reason=reason)
