"""Losses of first steps, as many as fit into a time, and of the same steps from moved weights."""

import math
import time
from collections.abc import Iterable

import numpy as np

from profilers.backend import Arrays, Backend
from profilers.parity_record import Curve
from workloads.batches import Batches

EXPLICIT_BITS = {"fp32": 23, "tf32": 10, "fp16": 10, "bf16": 7}


SHORT_SECONDS = 1.0
"""Steps that together take no longer are taken whatever the share is."""


class Share:
    """A part of the time: `least` steps at least, `most` at most, and what fits between."""

    def __init__(self, least: int, most: int, seconds: float) -> None:
        self.least, self.most, self.seconds = least, most, seconds
        self._began = self._last = time.monotonic()

    def is_used_up(self, steps: int) -> bool:
        """Whether another step, as long as the last one, would be one too many.

        Where the first one took long, as it was compiled, short ones may follow all the same.
        """
        now = time.monotonic()
        step, self._last = now - self._last, now
        if steps >= self.most:
            return True
        if steps < self.least or now - self._began + step <= self.seconds:
            return False
        return (self.most - steps) * step > SHORT_SECONDS


class Losses:
    """An Observer that keeps the loss of each step, and has enough when its share is used up."""

    def __init__(self, backend: Backend, share: Share) -> None:
        self.values: list[float] = []
        self._backend, self._share = backend, share

    def begins(self) -> None:
        """A step begins."""

    def ends(self, loss: object) -> bool:
        """Note its loss; whether that was enough."""
        self.values.append(self._backend.mean_loss([loss]))
        return self._share.is_used_up(len(self.values))


def taken(losses: Iterable[float], share: Share) -> list[float]:
    """As many of the losses as fit into the share; each is a step."""
    values: list[float] = []
    for loss in losses:
        values.append(loss)
        if share.is_used_up(len(values)):
            break
    return values


def with_control(
    backend: Backend, batches: Batches, weights: Arrays, precision: str, share: Share
) -> tuple[list[float], list[float]]:
    """(losses, control) of a backend that has built its model; each may use half of the share."""
    half = Share(share.least, share.most, share.seconds / 2)
    first = Losses(backend, half)
    backend.run(batches, first)
    backend.restart(moved(weights, precision))
    again = Losses(backend, Share(len(first.values), len(first.values), math.inf))
    backend.run(batches, again)
    return first.values, again.values


def moved(weights: Arrays, precision: str) -> Arrays:
    """Every weight one unit in the last place further up: of float32, or of a type with fewer bits.

    Weights in float32 that are rounded to fewer bits in each step would mostly be rounded to the
    same values, if they were moved by less.
    """
    if precision == "fp32":
        up = np.float32(np.inf)
        return {name: np.nextafter(array, up) for name, array in weights.items()}
    units = 2.0 ** (EXPLICIT_BITS["fp32"] - EXPLICIT_BITS[precision])
    return {
        name: (array + units * np.spacing(np.abs(array))).astype(np.float32)
        for name, array in weights.items()
    }


def curve(losses: list[float], control: list[float] | None = None) -> Curve:
    """The record of these losses."""
    return Curve(losses=_finite(losses), control=_finite(control or []))


def _finite(losses: list[float]) -> list[float | None]:
    return [loss if math.isfinite(loss) else None for loss in losses]


def trouble(title: str, found: Curve) -> str | None:
    """A sentence on the first loss of a curve that is no finite number, or None."""
    for name, losses in ((title, found.losses), (f"control of the {title}", found.control)):
        if None in losses:
            return f"The {name} has no finite loss in step {losses.index(None)}."
    return None
