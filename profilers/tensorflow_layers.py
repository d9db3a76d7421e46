"""The neutral layers as Keras layers, whose layout is the canonical one: weights go in as is."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from profilers.backend import Arrays
from workloads.spec import Conv2d, Flatten, Layer, Linear, MaxPool2d, Relu, Workload

MODEL = "model"
PARTS = {"weight": "kernel", "bias": "bias"}


def build(workload: Workload, weights: Arrays) -> Any:
    """The model; layer names are the spec's, a padding layer's is "<layer>_pad"."""
    layers = [keras.Input(workload.input_shape)]
    for layer in workload.layers:
        if isinstance(layer, Conv2d) and layer.padding:
            layers.append(keras.layers.ZeroPadding2D(layer.padding, name=f"{layer.name}_pad"))
        layers.append(_layer(layer))
    model = keras.Sequential(layers, name=MODEL)
    assign(model, weights)
    return model


def assign(model: Any, weights: Arrays) -> None:
    """Set every parameter to its canonical array."""
    for name, variable in _parameters(model).items():
        variable.assign(weights[name])


def canonical_weights(model: Any) -> dict[str, npt.NDArray[np.float32]]:
    """The parameters as float32 arrays: kernels HWIO, linear weights (in, out)."""
    return {
        name: np.array(keras.ops.convert_to_numpy(variable), dtype=np.float32)
        for name, variable in _parameters(model).items()
    }


def _parameters(model: Any) -> dict[str, Any]:
    return {
        f"{layer.name}.{part}": getattr(layer, attribute)
        for layer in model.layers
        for part, attribute in PARTS.items()
        if layer.weights
    }


def _layer(layer: Layer) -> Any:
    match layer:
        case Conv2d():
            return keras.layers.Conv2D(
                layer.filters, layer.kernel, layer.stride, "valid", name=layer.name
            )
        case Linear():
            return keras.layers.Dense(layer.units, name=layer.name)
        case Relu():
            return keras.layers.ReLU(name=layer.name)
        case MaxPool2d():
            return keras.layers.MaxPooling2D(layer.size, name=layer.name)
        case Flatten():
            return keras.layers.Flatten(name=layer.name)
