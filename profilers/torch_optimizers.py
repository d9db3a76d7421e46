"""torch's optimizers: its own, or one whose constants are made those of Keras."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from profilers.records import Settings

KERAS_EPSILON = 1e-7


class MatchedAdam(torch.optim.Adam):
    """torch's Adam, given before each step the rate and epsilon that make it Keras' Adam.

    Keras adds its epsilon before the bias correction, and has the corrections in float32:
    with rate·sqrt(1 - beta_2^t) / (1 - beta_1^t) as its rate, epsilon counts
    1 / sqrt(1 - beta_2^t) times as much as torch's (keras/src/optimizers/adam.py).
    """

    epsilon = KERAS_EPSILON

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float) -> None:
        super().__init__(parameters, lr=lr)
        self.rate = lr
        self.register_step_pre_hook(_match)


def _match(optimizer: Any, *_: Any) -> None:
    """Set rate and epsilon for the step to come; it is counted by the optimizer's own state."""
    state = next((each for each in optimizer.state.values() if "step" in each), None)
    step = 1 + (int(state["step"]) if state else 0)
    for group in optimizer.param_groups:
        beta1, beta2 = group["betas"]
        correction2 = math.sqrt(1 - beta2**step)
        rate = _keras_rate(optimizer.rate, beta1, beta2, step)
        group["lr"] = rate * (1 - beta1**step) / correction2
        group["eps"] = KERAS_EPSILON / correction2


def _keras_rate(rate: float, beta1: float, beta2: float, step: int) -> float:
    one, steps = np.float32(1), np.float32(step)
    correction1 = one - np.power(np.float32(beta1), steps)
    correction2 = one - np.power(np.float32(beta2), steps)
    return float(np.float32(rate) * np.sqrt(correction2) / correction1)


def create(
    settings: Settings, parameters: Iterable[torch.nn.Parameter], rate: float
) -> torch.optim.Optimizer:
    """The optimizer asked for, with this learning rate."""
    if settings.optimizer_parity == "matched" and settings.optimizer == "adam":
        return MatchedAdam(parameters, rate)
    if settings.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate)
    return torch.optim.SGD(parameters, lr=rate)
