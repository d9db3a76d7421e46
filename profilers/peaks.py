"""What the device can do at best with the framework itself: the roofs of a roofline."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from profilers.backend import Backend

SIDES = (512, 1024, 2048, 4096)
COPIED_BYTES = 64 << 20
"""With its copy more than the caches of most processors hold."""
PRODUCT_SECONDS, COPY_SECONDS = 0.25, 0.15
SECONDS = PRODUCT_SECONDS + COPY_SECONDS
MEASURABLE_NS = 2_000_000


@dataclass(frozen=True)
class Peaks:
    """The most that was seen; None where it could not be measured."""

    flops_per_second: float | None
    bytes_per_second: float | None


def measure(backend: Backend, warn: Callable[[str], None]) -> Peaks:
    """Multiply matrices and copy memory, each over and over, and take the shortest time.

    A product of n x n matrices counts 2 n³ operations, at the precision of the run; a copy the
    bytes that are read and those that are written.

    Args:
        backend: has its model built; what it holds stays as it is.
        warn: is told why a figure could not be measured.
    """
    found: list[float | None] = []
    for what, roof in (("matrix products", _product), ("copies", _copy)):
        try:
            found.append(roof(backend))
        except Exception as error:  # whatever it is, the run itself is complete
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            warn(f"the device's peak in {what} was not measured ({reason})")
            found.append(None)
    return Peaks(*found)


def _product(backend: Backend) -> float:
    """Of the smallest matrices that keep the device busy long enough to be timed."""
    for side in SIDES:
        multiply = backend.product(side)
        _timed_ns(backend, multiply, 1)
        if _timed_ns(backend, multiply, 1) >= MEASURABLE_NS:
            break
    return 2 * side**3 / _shortest(backend, multiply, PRODUCT_SECONDS)


def _copy(backend: Backend) -> float:
    copy = backend.copying(COPIED_BYTES)
    _timed_ns(backend, copy, 1)
    return 2 * COPIED_BYTES / _shortest(backend, copy, COPY_SECONDS)


def _shortest(backend: Backend, call: Callable[[], object], seconds: float) -> float:
    """The shortest time of a call in seconds; short ones are timed some at a time."""
    end_ns = time.monotonic_ns() + round(seconds * 1e9)
    calls, best_ns = 1, math.inf
    while True:
        elapsed_ns = _timed_ns(backend, call, calls)
        best_ns = min(best_ns, elapsed_ns / calls)
        if time.monotonic_ns() >= end_ns:
            return best_ns / 1e9
        if elapsed_ns < MEASURABLE_NS:
            calls *= 2


def _timed_ns(backend: Backend, call: Callable[[], object], calls: int) -> int:
    """How long so many calls take, until the device has done them."""
    began_ns = time.monotonic_ns()
    for _ in range(calls):
        call()
    backend.synchronise()
    return max(1, time.monotonic_ns() - began_ns)
