"""A model under Keras with its canonical arrays, whatever it was made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from profilers.backend import Arrays
from profilers.tensorflow_weights import View


@dataclass(frozen=True)
class Network:
    """A model; its layers and arrays have the names that both frameworks share.

    `loss` takes outputs and labels.
    """

    model: Any
    layers: Mapping[str, Any]
    views: Mapping[str, View]
    loss: Callable[[Any, Any], Any]

    def assign(self, arrays: Arrays) -> None:
        """Set every parameter and running statistic in place."""
        for name, view in self.views.items():
            view.write(arrays[name])

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """Every parameter and running statistic as it is now, in canonical layout."""
        return {name: view.read().astype(np.float32) for name, view in self.views.items()}


def cross_entropy(outputs: Any, labels: Any) -> Any:
    """The mean over all labels: (batch, classes) with (batch,), or one more axis in both."""
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=outputs)
    )
