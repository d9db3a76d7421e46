"""The words in which both frameworks' settings are written down, and what is found by trying.

Groups are "optimizer", "loss", "precision", "layout", "threads" or a layer's name.
Sizes are "height,width", a padding is "top,bottom,left,right", and the momentum of a layer is the
share of the newest batch.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from profilers.parity_record import Setting, SettingValue

AFTER, BEFORE = "after bias correction", "before bias correction"
DENSE, SLICES = "dense", "sparse slices"
UNBIASED, BIASED = "unbiased", "biased"
EXACT, TANH = "exact", "tanh"
TRIED = 1e-5

LossFunction = Callable[[npt.NDArray[np.float32], npt.NDArray[np.int64]], float]


def settings(group: str, values: Mapping[str, SettingValue]) -> list[Setting]:
    """The settings of one group."""
    return [Setting(group=group, name=name, value=value) for name, value in values.items()]


def sizes(values: Iterable[int]) -> str:
    """(3, 3) -> "3,3"."""
    return ",".join(str(int(value)) for value in values)


def loss(function: LossFunction, name: str) -> dict[str, SettingValue]:
    """What kind of loss it is, by its values for logits and for probabilities of three samples.

    "softmax" is how many of them it applies to what it is given before it takes logarithms.
    """
    logits = np.array([[2.0, -1.0, 0.5], [0.1, 0.3, -0.7], [1.2, 0.4, 3.0]], np.float32)
    labels = np.array([0, 2, 1], np.int64)
    once = _softmax(logits)
    for count, given, probabilities in (
        (1, logits, once),
        (2, logits, _softmax(once)),
        (0, once, once),
    ):
        try:
            found = function(given, labels)
        except Exception:  # of whatever kind the user's own loss raises for labels that are classes
            break
        each = -np.log(probabilities[np.arange(3), labels])
        for reduction, value in (("mean", each.mean()), ("sum", each.sum())):
            if abs(found - value) < TRIED * value:
                return {"kind": "cross-entropy", "reduction": reduction, "softmax": count}
    return {"kind": name}


def _softmax(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Over the last axis."""
    shifted = np.exp(values - values.max(-1, keepdims=True))
    probabilities: npt.NDArray[np.float32] = shifted / shifted.sum(-1, keepdims=True)
    return probabilities


def gelu(function: Callable[[float], float]) -> str:
    """Which form it has: erf and tanh differ by 2e-4 at 1."""
    return TANH if abs(function(1.0) - 0.8411920) < TRIED else EXACT


def process(threads: Mapping[str, int], precision: Mapping[str, Any]) -> list[Setting]:
    """What both frameworks have alike: threads and flags of precision."""
    return [
        *settings("precision", dict(precision)),
        *settings("threads", {name: threads[name] for name in ("intra_op", "inter_op")}),
    ]
