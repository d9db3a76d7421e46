"""Which layers of Keras draw random numbers in training, and how each is turned off."""

from collections.abc import Iterator
from typing import Any

RATES = ("rate", "dropout", "recurrent_dropout", "_dropout", "stddev")


def drawing(layer: Any) -> str | None:
    """What makes this layer itself draw, and what to do; None where it draws nothing."""
    for name in RATES:
        rate = getattr(layer, name, None)
        if isinstance(rate, int | float) and rate > 0:
            plain = name.removeprefix("_")
            return f"{plain}={rate:g}; set {plain}=0"
    return "leave it out" if type(layer).__name__.startswith("Random") else None


def random_layers(model: Any) -> Iterator[str]:
    """The layers that draw random numbers in training, and how to turn each off."""
    for layer in model._flatten_layers(include_self=False, recursive=True):
        if how := drawing(layer):
            yield f"{layer.name} ({type(layer).__name__}, {how})"
