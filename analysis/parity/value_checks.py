"""Makes a check of two arrays, or of two curves of losses."""

import math

import msgspec

from analysis import wording
from analysis.parity import sampling
from analysis.parity.arrays import is_sampled
from analysis.parity.check import Check, Group
from analysis.parity.numbers import LossDistance, array_distance, number_distance
from analysis.parity.reader import Pair
from profilers.parity_record import ArrayRecord

Losses = list[float | None]


def array_check(
    pair: Pair,
    name: str,
    group: Group,
    records: tuple[ArrayRecord | None, ArrayRecord | None],
    tolerance: float,
    *,
    subject: str = "",
    least_scale: float = 0.0,
    effect: str = "",
) -> Check:
    """A check of an array of both sides; left and right are its norms, or shapes that differ.

    Of a large array the kept values are compared, and the norms of all.
    """
    left, right = records
    if left is None or right is None:
        lacks = [n for n, record in zip(pair.names, records, strict=True) if record is None]
        return Check(
            name=name,
            group=group,
            subject=subject,
            same=None,
            effect=f"{wording.listed(lacks)} has no array of it that can be compared.",
        )
    if left.shape != right.shape:
        return Check(
            name=name,
            group=group,
            subject=subject,
            left=str(list(left.shape)),
            right=str(list(right.shape)),
            same=False,
            effect=f"The shapes differ. {effect}".rstrip(),
        )
    kept = sampling.common((left, right), (pair.left.array(left), pair.right.array(right)))
    difference = array_distance(*kept, least_scale)
    if is_sampled(left) or is_sampled(right):
        difference = max(difference, number_distance(left.norm, right.norm, least_scale))
    same = difference <= tolerance
    if not math.isfinite(difference):
        effect = f"There are values in it that are no finite numbers. {effect}".rstrip()
    return Check(
        name=name,
        group=group,
        subject=subject,
        left=left.norm,
        right=right.norm,
        same=same,
        effect="" if same else effect,
        difference=difference,
        tolerance=tolerance,
    )


def with_effect(check: Check, effect: str) -> Check:
    """The check with another effect."""
    return msgspec.structs.replace(check, effect=effect)


def loss_check(
    pair: Pair,
    name: str,
    group: Group,
    curves: tuple[Losses, Losses],
    distance: LossDistance,
    effect: str,
) -> Check:
    """A check of two curves; left and right are the losses of the step that is told."""
    at = distance.worst
    shown = [curve[at] if at < len(curve) else None for curve in curves]
    if distance.apart is not None:
        several = max(map(len, curves)) > 1
        effect = f"They part in step {distance.apart}. {effect}" if several else effect
    elif distance.broken != (None, None):
        effect = _broken(pair, distance)
    elif distance.steps == 0:
        missing = [n for n, curve in zip(pair.names, curves, strict=True) if not curve]
        effect = f"{wording.listed(missing)} recorded no losses." if missing else ""
    else:
        effect = ""
    return Check(
        name=name,
        group=group,
        left=shown[0],
        right=shown[1],
        same=distance.same,
        effect=effect,
        difference=distance.difference if distance.steps else None,
        tolerance=distance.tolerance if distance.steps else None,
    )


def _broken(pair: Pair, distance: LossDistance) -> str:
    who = [
        f"of {name} from step {at} on"
        for name, at in zip(pair.names, distance.broken, strict=True)
        if at is not None
    ]
    return (
        f"The losses {wording.listed(who)} are no finite numbers: a lower learning rate may help."
    )
