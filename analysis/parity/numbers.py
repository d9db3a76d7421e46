"""How far two arrays or two curves of losses lie apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.parity.arrays import Float64
from analysis.parity.tolerances import CONTROL_FACTOR
from profilers.parity_record import Curve


def array_distance(left: Float64, right: Float64, least_scale: float = 0.0) -> float:
    """The largest difference as a part of the largest absolute value.

    That counts as no smaller than `least_scale`. Arrays of other lengths, or with values that are
    no finite numbers, are infinitely far apart.
    """
    if left.shape != right.shape or not (np.isfinite(left).all() and np.isfinite(right).all()):
        return math.inf
    if not left.size:
        return 0.0
    scale = max(largest(left), largest(right), least_scale)
    with np.errstate(over="ignore"):
        difference = float(np.max(np.abs(left - right)))
    return ratio(difference, scale)


def largest(array: Float64) -> float:
    """The largest absolute value; 0 for an empty array, NaN if there is one in it."""
    return float(np.max(np.abs(array))) if array.size else 0.0


def number_distance(left: float | None, right: float | None, least_scale: float = 0.0) -> float:
    """The difference as a part of the larger absolute value; None is infinitely far from any."""
    if left is None or right is None:
        return math.inf
    return ratio(abs(left - right), max(abs(left), abs(right), least_scale))


def ratio(difference: float, scale: float) -> float:
    """A difference as a part of a scale; 0 where both are 0."""
    if difference == 0:
        return 0.0
    return difference / scale if scale > 0 else math.inf


@dataclass(frozen=True)
class LossDistance:
    """How two curves lie to each other over the steps that both have, up to a broken one.

    `apart` is the first step that lies outside the tolerance, `worst` the one whose difference is
    shown: that first step, else the one that is furthest apart. A curve breaks at its first
    loss that is no finite number; None is a curve that does not. `one_sided` says that one broke
    at a step where the other one goes on.
    """

    steps: int
    apart: int | None
    worst: int
    difference: float
    tolerance: float
    broken: tuple[int | None, int | None]
    one_sided: bool

    @property
    def same(self) -> bool | None:
        """Whether all compared losses agree; None where some can't be compared."""
        if self.apart is not None or self.one_sided:
            return False
        return None if self.steps == 0 or self.broken != (None, None) else True


def loss_distance(
    left: Sequence[float | None], right: Sequence[float | None], band: Sequence[float]
) -> LossDistance:
    """Compare losses step by step.

    Args:
        left: losses of one side.
        right: losses of the other side.
        band: what each step may part by; as many as the steps that both have, or more.
    """
    broken = (_broken(left), _broken(right))
    common = min(len(left), len(right))
    steps = min([common, *(at for at in broken if at is not None)])
    found = [number_distance(left[at], right[at], 1.0) for at in range(steps)]
    apart = next((at for at in range(steps) if not found[at] <= band[at]), None)
    worst = apart if apart is not None else max(range(steps), key=found.__getitem__, default=0)
    return LossDistance(
        steps=steps,
        apart=apart,
        worst=worst,
        difference=found[worst] if steps else math.inf,
        tolerance=band[worst] if steps else 0.0,
        broken=broken,
        one_sided=broken[0] != broken[1] and steps < common,
    )


def band(least: float, *curves: Curve) -> list[float]:
    """What losses may part by up to each step: the curves' own distance from their controls.

    It never shrinks from one step to the next, and is `least` at least.
    """
    steps = max((len(curve.losses) for curve in curves), default=0)
    found, widest = [], least
    for at in range(steps):
        for curve in curves:
            if at < min(len(curve.losses), len(curve.control)):
                moved = number_distance(curve.losses[at], curve.control[at], 1.0)
                widest = max(widest, CONTROL_FACTOR * moved) if math.isfinite(moved) else widest
        found.append(widest)
    return found


def _broken(losses: Sequence[float | None]) -> int | None:
    """The first step whose loss is no finite number."""
    return next((at for at, loss in enumerate(losses) if loss is None), None)
