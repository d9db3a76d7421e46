"""A workload's model under Keras, with its canonical arrays."""

from profilers import tensorflow_layers, tensorflow_native, tensorflow_weights
from profilers.backend import Arrays
from profilers.tensorflow_network import Network, cross_entropy
from workloads.native import AnyWorkload, NativeWorkload


def build(workload: AnyWorkload, weights: Arrays) -> Network:
    """The model of a workload with these weights, of the type of Keras' global policy."""
    if isinstance(workload, NativeWorkload):
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
