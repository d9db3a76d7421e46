"""The energy of a stretch of a run: the sensor's counter first, its power as a cross-check.

Gross is all that the sensor counted, net what is above the device's power before the run began.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from analysis import wording
from analysis.resources import coverage
from analysis.resources.coverage import Window
from analysis.resources.run_cost import AVERAGING_SECONDS
from analysis.resources.sample_folds import Float64, Int64
from analysis.resources.sensors import Sensor
from profilers.records import POWER_AVERAGE

LARGEST_DIFFERENCE_RATIO = 0.10
SHORTEST_IDLE_SECONDS = 1.0
SET_BACK = "the energy counter was set back"
STOOD_STILL = "the energy counter stood still"
MOST_USE_RATIO = 0.05
"""How much of the time before the run the device may have been in use, to count as idle."""


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy in a window, in joules; None where it can't be told, and `reason` says why.

    `method` is "counter" or "trapezoid"; `resolution_seconds` is how often the sensor was seen to
    have a new value. `covered_ratio` is the part of the window that was sampled; joules are for all
    of it, at the same power. `check_joules` is the trapezoid of power beside a counter, and
    `doubtful` says that the two are over 10 % apart. `net_joules` is what is above the idle power;
    why it is not known stands in `net_reason`.
    """

    joules: float | None
    method: str | None
    resolution_seconds: float | None = None
    covered_ratio: float = 1.0
    check_joules: float | None = None
    doubtful: bool = False
    reason: str = ""
    net_joules: float | None = None
    net_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Idle:
    """What a device took before the run began; None if it can't be told, and why."""

    watts: float | None
    seconds: float = 0.0
    reason: str = ""


NO_BASELINE = Idle(watts=None, reason="no time before the run was sampled")


@dataclass(frozen=True)
class _Told:
    """What one reading of a sensor says of a window; `joules` is None for a `reason`."""

    joules: float | None
    resolution_seconds: float
    reason: str
    covered_ratio: float = 1.0


def of_window(sensor: Sensor, window: Window | None, idle: Idle = NO_BASELINE) -> Energy:
    """The energy that a sensor saw in a window, gross and, by the idle power, net.

    A window in which the sensor was not renewed ten times has no figure.
    """
    if window is None:
        return _unknown(coverage.NOT_REACHED)
    if reason := sensor.reason or _lost(sensor, window):
        return _unknown(reason)
    counted, integrated = _counted(sensor, window), _integrated(sensor, window)
    if counted.joules is not None:
        check = integrated.joules
        found = Energy(
            joules=counted.joules,
            method="counter",
            resolution_seconds=counted.resolution_seconds,
            covered_ratio=counted.covered_ratio,
            check_joules=check,
            doubtful=check is not None and _apart(counted.joules, check),
        )
    elif integrated.joules is not None:
        found = Energy(
            joules=integrated.joules,
            method="trapezoid",
            resolution_seconds=integrated.resolution_seconds,
            covered_ratio=integrated.covered_ratio,
        )
    else:
        return _unknown(counted.reason or integrated.reason)
    return _net(found, window, idle)


def _lost(sensor: Sensor, window: Window) -> str:
    """Why the sensor told nothing any more before the window was over; "" if it did."""
    known = ~np.isnan(sensor.counter_joules) | ~np.isnan(sensor.power_watts)
    return sensor.lost if not (sensor.time_ns[known] >= window.end_ns).any() else ""


def _counted(sensor: Sensor, window: Window) -> _Told:
    counter = sensor.counter_joules
    if np.isnan(counter).all():
        return _Told(None, math.inf, "")
    grown = coverage.growth(sensor.time_ns, counter, window)
    seen = _seen(sensor.time_ns, counter, window)
    seconds = max(sensor.period_seconds, coverage.median_gap_seconds(seen))
    if _falls(sensor.time_ns, counter, window):
        return _Told(None, seconds, SET_BACK)
    if grown and not grown[0] and window.seconds >= coverage.UPDATES * sensor.period_seconds:
        return _Told(None, seconds, STOOD_STILL)
    return _told(grown, seconds, window, len(seen))


def _falls(time_ns: Int64, counter: Float64, window: Window) -> bool:
    """Whether a counter began anew between the readings from which its growth is taken."""
    known = ~np.isnan(counter)
    time_ns, counter = time_ns[known], counter[known]
    first = max(0, np.searchsorted(time_ns, window.start_ns, side="right") - 1)
    last = np.searchsorted(time_ns, window.end_ns, side="left") + 1
    return bool((np.diff(counter[first:last]) < 0).any())


def _integrated(sensor: Sensor, window: Window) -> _Told:
    watts = sensor.power_watts
    if np.isnan(watts).all():
        return _Told(None, math.inf, "")
    known_ns = sensor.time_ns[~np.isnan(watts)]
    seen = known_ns[window.holds(known_ns)]
    seconds = max(sensor.period_seconds, coverage.median_gap_seconds(seen))
    if sensor.power_kind == POWER_AVERAGE:
        seconds = max(seconds, AVERAGING_SECONDS)
    return _told(trapezoid(sensor.time_ns, watts, window), seconds, window, len(seen))


def _told(
    found: tuple[float, float] | None, seconds: float, window: Window, readings: int
) -> _Told:
    reason = coverage.not_resolved(window, seconds, readings)
    if found is None or not coverage.covers(found[1], window):
        return _Told(None, seconds, reason or coverage.ONLY_A_PART)
    if reason:
        return _Told(None, seconds, reason)
    covered_ratio = found[1] / window.seconds
    return _Told(found[0] / covered_ratio, seconds, "", covered_ratio)


def _seen(time_ns: Int64, counter: Float64, window: Window) -> Int64:
    """When in the window the counter was seen to have grown."""
    known = ~np.isnan(counter)
    time_ns, counter = time_ns[known], counter[known]
    grown = np.diff(counter, prepend=counter[:1] - 1) != 0
    seen: Int64 = time_ns[grown & window.holds(time_ns)]
    return seen


def trapezoid(time_ns: Int64, power_watts: Float64, window: Window) -> tuple[float, float] | None:
    """(joules, seconds covered): power integrated over a window by the trapezoid rule.

    Power is interpolated linearly at the window's edges, and not at all where readings are far
    apart. None with fewer than 2 samples in it.
    """
    known = ~np.isnan(power_watts)
    time_ns, power_watts = time_ns[known], power_watts[known]
    if ((time_ns > window.start_ns) & (time_ns < window.end_ns)).sum() < 2:
        return None
    ends_ns = np.clip(time_ns, window.start_ns, window.end_ns)
    seconds = (ends_ns - window.start_ns) / 1e9
    watts = np.interp(seconds, (time_ns - window.start_ns) / 1e9, power_watts)
    between = coverage.is_bridged(time_ns)
    long_seconds = np.diff(seconds)[between]
    mean_watts = ((watts[1:] + watts[:-1]) / 2)[between]
    return float(mean_watts @ long_seconds), float(long_seconds.sum())


def idle(sensor: Sensor, window: Window | None) -> Idle:
    """The power of a device in a window before the run.

    By its counter, else by its power. Readings that are means of a second count from one second
    on, as they look back.
    """
    if sensor.reason:
        return Idle(watts=None, reason=sensor.reason)
    if window is None or window.seconds < SHORTEST_IDLE_SECONDS:
        seconds = window.seconds if window else 0.0
        return Idle(
            watts=None, reason=f"{seconds:.1f} s before the run were sampled, it takes 1 s or more"
        )
    use = coverage.held_mean(sensor.time_ns, sensor.use_ratio, window)
    if use is not None and use > MOST_USE_RATIO:
        return Idle(
            watts=None,
            reason=f"the GPU was in use {wording.percent(use)} of the time before the run",
        )
    counted = _counted(sensor, window)
    if counted.joules is not None:
        return Idle(watts=counted.joules / window.seconds, seconds=window.seconds)
    own = window
    if sensor.power_kind == POWER_AVERAGE:
        own = replace(window, start_ns=window.start_ns + round(AVERAGING_SECONDS * 1e9))
    known_ns = sensor.time_ns[~np.isnan(sensor.power_watts)]
    watts = coverage.held_mean(sensor.time_ns, sensor.power_watts, own)
    if watts is None or not coverage.covers(coverage.covered_seconds(known_ns, own), own):
        return Idle(watts=None, reason=counted.reason or "too few samples before the run")
    return Idle(watts=watts, seconds=own.seconds)


def _net(found: Energy, window: Window, idle: Idle) -> Energy:
    if found.joules is None or idle.watts is None:
        return replace(found, net_reason=idle.reason)
    net = found.joules - idle.watts * window.seconds
    if net < 0:
        reason = f"it took less than before the run, {wording.number(idle.watts)} W"
        return replace(found, net_reason=reason)
    return replace(found, net_joules=net)


def _apart(left: float, right: float) -> bool:
    return abs(left - right) > LARGEST_DIFFERENCE_RATIO * max(abs(left), abs(right))


def _unknown(reason: str) -> Energy:
    return Energy(joules=None, method=None, reason=reason, net_reason=reason)
