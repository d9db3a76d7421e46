"""Keras' optimizers: its own, or one that adds up the gradients of a token before it uses them."""

from typing import Any

import keras
import tensorflow as tf

from profilers.records import Settings


class DenseGradients:
    """Mixed into an optimizer, gives it dense gradients.

    Those of an embedding come as slices, one for each token of the batch. Keras' Adam squares them
    as they are, equal tokens not added up, and so learns otherwise than from their sum.
    """

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Update the variables, `fit` too calls this."""
        dense = [None if each is None else tf.convert_to_tensor(each) for each in grads]
        super().apply(dense, trainable_variables)  # type: ignore[misc]


class MatchedAdam(DenseGradients, keras.optimizers.Adam):  # type: ignore[misc]
    """Keras' Adam on dense gradients."""


class MatchedSGD(DenseGradients, keras.optimizers.SGD):  # type: ignore[misc]
    """Keras' SGD on dense gradients."""


KINDS = {
    ("adam", "stock"): keras.optimizers.Adam,
    ("sgd", "stock"): keras.optimizers.SGD,
    ("adam", "matched"): MatchedAdam,
    ("sgd", "matched"): MatchedSGD,
}


def create(settings: Settings, rate: float) -> Any:
    """The optimizer asked for, with this learning rate; in fp16 it scales the loss."""
    optimizer = KINDS[settings.optimizer, settings.optimizer_parity](learning_rate=rate)
    if settings.precision == "fp16":
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
