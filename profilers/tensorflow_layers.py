"""The neutral layers as Keras layers, joined as the workload says."""

from typing import Any

import keras

from workloads.layers import (
    Add,
    AnyLayer,
    Attention,
    BatchNorm,
    Conv2d,
    Embedding,
    Flatten,
    Gelu,
    LayerNorm,
    Linear,
    Lstm,
    MaxPool2d,
    MeanPool,
    Positions,
    Relu,
    Rows,
    Shape,
)
from workloads.spec import INPUT, Workload

MODEL = "model"
PADDING = "_pad"


def build(workload: Workload) -> Any:
    """The model with Keras' own weights, of the type of Keras' global dtype policy.

    Layers have the spec's names; one that pads beforehand, as Keras can't pad so, is "<name>_pad".
    """
    token = workload.vocabulary is not None
    inputs = keras.Input(workload.input_shape, dtype="int64" if token else None, name=INPUT)
    values = {INPUT: inputs}
    for placed in workload.placed():
        given = [values[name] for name in placed.inputs]
        values[placed.layer.name] = _applied(placed.layer, placed.shape, given)
    return keras.Model(inputs, values[placed.layer.name], name=MODEL)


def _applied(layer: AnyLayer, shape: Shape, given: list[Any]) -> Any:
    """What a layer makes of symbolic inputs."""
    made = keras_layer(layer, shape)
    if isinstance(layer, Conv2d) and _padding(layer) == "valid" and layer.padding:
        pad = keras.layers.ZeroPadding2D(layer.padding, name=f"{layer.name}{PADDING}")
        return made(pad(given[0]))
    if isinstance(layer, Attention):
        return made(given[0], given[0], use_causal_mask=layer.causal)
    return made(given if layer.takes > 1 else given[0])


def keras_layer(layer: AnyLayer, shape: Shape) -> Any:
    """The Keras layer of a layer that is given samples of this shape."""
    name = layer.name
    match layer:
        case Conv2d():
            sizes = (layer.filters, layer.kernel, layer.stride)
            return keras.layers.Conv2D(*sizes, _padding(layer), use_bias=layer.bias, name=name)
        case Linear():
            return keras.layers.Dense(layer.units, use_bias=layer.bias, name=name)
        case BatchNorm():
            return keras.layers.BatchNormalization(
                momentum=1 - layer.momentum, epsilon=layer.epsilon, name=name
            )
        case LayerNorm():
            return keras.layers.LayerNormalization(epsilon=layer.epsilon, name=name)
        case Embedding():
            return keras.layers.Embedding(layer.vocabulary, layer.width, name=name)
        case Positions():
            return LearnedPositions(name=name)
        case Attention():
            width = shape[-1] // layer.heads
            return keras.layers.MultiHeadAttention(layer.heads, width, name=name)
        case Lstm():
            return keras.layers.LSTM(layer.units, name=name)
        case _:
            return _without_parameters(layer, shape)


def _padding(layer: Conv2d) -> str:
    """Keras' own padding where it lies evenly around the image, which it does without a stride."""
    same = layer.stride == 1 and 2 * layer.padding == layer.kernel - 1
    return "same" if same else "valid"


def _without_parameters(layer: AnyLayer, shape: Shape) -> Any:
    name = layer.name
    match layer:
        case Relu():
            return keras.layers.ReLU(name=name)
        case Gelu():
            return keras.layers.Activation(tanh_gelu if layer.approximate else "gelu", name=name)
        case MaxPool2d():
            return keras.layers.MaxPooling2D(layer.size, name=name)
        case MeanPool():
            image = len(shape) == 3
            kind = "GlobalAveragePooling2D" if image else "GlobalAveragePooling1D"
            return getattr(keras.layers, kind)(name=name)
        case Flatten():
            return keras.layers.Flatten(name=name)
        case Rows():
            return keras.layers.Reshape((shape[0], shape[1] * shape[2]), name=name)
        case Add():
            return keras.layers.Add(name=name)
    raise TypeError(f"{type(layer).__name__} is no layer that Keras builds")


def tanh_gelu(values: Any) -> Any:
    """GELU by its approximation with tanh."""
    return keras.activations.gelu(values, approximate=True)


class LearnedPositions(keras.layers.Layer):  # type: ignore[misc]
    """Adds a vector of its own to each place: (batch, length, width) -> the same."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the vectors."""
        self.kernel = self.add_weight(shape=shape[1:], initializer="zeros", name="kernel")

    def call(self, values: Any) -> Any:
        """The values with the vectors added."""
        return values + self.kernel
