"""Checks that decide nothing: the first loss against chance, and the last weights."""

import math
from collections.abc import Iterator

from analysis import wording
from analysis.parity import tolerances
from analysis.parity.check import Check
from analysis.parity.numbers import number_distance
from analysis.parity.reader import Pair


def checks(pair: Pair) -> Iterator[Check]:
    """What is worth knowing and part of no verdict."""
    yield from _initial_loss(pair)
    yield from _parameter_norm(pair)


def _initial_loss(pair: Pair) -> Iterator[Check]:
    """A model that knows nothing gives each class the same chance: its loss is ln(classes)."""
    classes = pair.left.record.classes
    if classes is None or classes < 2 or classes != pair.right.record.classes:
        return
    expected = math.log(classes)
    losses = pair.left.record.single_loss, pair.right.record.single_loss
    said = [
        f"That of {name} is {wording.number(loss)}, and chance gives {wording.number(expected)}."
        for name, loss in zip(pair.names, losses, strict=True)
        if loss is not None and not _is_near(loss, expected)
    ]
    both = losses[0] is not None and losses[1] is not None
    distance = number_distance(*losses, 1.0)
    yield Check(
        name=f"first loss against ln({classes:,})",
        kind="information",
        group="information",
        left=losses[0],
        right=losses[1],
        same=distance <= tolerances.SINGLE_LOSS if both else None,
        effect=" ".join([*said, "Logits start large, so rounding is seen earlier."] if said else [])
        or ("" if both else "It is no finite number on one side."),
    )


def _is_near(loss: float, expected: float) -> bool:
    factor = tolerances.INITIAL_LOSS_FACTOR
    return expected / factor <= loss <= expected * factor


def _parameter_norm(pair: Pair) -> Iterator[Check]:
    """How far the weights are from each other after training, by their norms alone."""
    results = [side.run.result if side.run else None for _, side in pair.both]
    left, right = results
    if left is None or right is None or left.trained_steps == 0:
        return
    if left.trained_steps != right.trained_steps:
        return
    distance = number_distance(left.parameter_norm, right.parameter_norm)
    broken = left.parameter_norm is None or right.parameter_norm is None
    same = None if broken else distance <= tolerances.TRAINED_NORM
    yield Check(
        name=f"norm of the weights after {wording.counted(left.trained_steps, 'step')}",
        kind="information",
        group="information",
        left=left.parameter_norm,
        right=right.parameter_norm,
        same=same,
        effect=_norm_effect(broken, same),
        difference=None if broken else distance,
        tolerance=tolerances.TRAINED_NORM,
    )


def _norm_effect(broken: bool, same: bool | None) -> str:
    if broken:
        return "It is no finite number on one side."
    return (
        "" if same else "Training led to other weights; rounding alone may do that in many steps."
    )
