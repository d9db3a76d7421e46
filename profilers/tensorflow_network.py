"""A workload's model under Keras, with its canonical arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from profilers import tensorflow_layers, tensorflow_weights
from profilers.backend import Arrays
from profilers.tensorflow_weights import View
from workloads.native import AnyWorkload, NativeWorkload


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


def build(workload: AnyWorkload, weights: Arrays) -> Network:
    """The model of a workload with these weights, of the type of Keras' global policy."""
    if isinstance(workload, NativeWorkload):
        from profilers import tensorflow_native  # which makes a Network, too

        return tensorflow_native.build(workload, weights)
    model = tensorflow_layers.build(workload)
    network = Network(
        model,
        {layer.name: model.get_layer(layer.name) for layer in workload.layers},
        tensorflow_weights.views(workload, model),
        cross_entropy,
    )
    network.assign(weights)
    return network


def cross_entropy(outputs: Any, labels: Any) -> Any:
    """The mean over all labels: (batch, classes) with (batch,), or one more axis in both."""
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=outputs)
    )
