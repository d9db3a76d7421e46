"""Where each canonical array of a model lies in Keras' variables, which have the same layout."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from workloads.layers import Attention, BatchNorm, LayerNorm, Lstm, Shape
from workloads.spec import Placed, Workload

Array = npt.NDArray[Any]

PARTS = {"weight": "kernel", "bias": "bias"}
NORM_PARTS = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_variance": "moving_variance",
}
LSTM_PARTS = {"input_weight": "kernel", "hidden_weight": "recurrent_kernel", "bias": "bias"}


@dataclass(frozen=True)
class View:
    """A canonical array of this shape, whose values are those of a variable in the same order."""

    native: str
    variable: Any
    shape: Shape

    def write(self, array: Array) -> None:
        """Set the values, converted to the variable's own type."""
        self.variable.assign(array.reshape(self.variable.shape))

    def read(self) -> Array:
        """The values in canonical layout, in the variable's own type."""
        return self.canonical(keras.ops.convert_to_numpy(self.variable))

    def canonical(self, values: Array) -> Array:
        """An array that is shaped as the variable, such as its gradient, in canonical layout."""
        return np.array(values).reshape(self.shape)


def views(workload: Workload, model: Any) -> dict[str, View]:
    """Every canonical array of a model that `tensorflow_layers.build` made."""
    return {
        f"{placed.layer.name}.{part}": View(f"{variable.path}", variable, parameter.shape)
        for placed in workload.placed()
        for (part, parameter), variable in zip(
            placed.layer.parameters(placed.shape).items(),
            _variables(placed, model),
            strict=True,
        )
    }


def _variables(placed: Placed, model: Any) -> Iterator[Any]:
    """The variables of a layer, in the order of its canonical arrays."""
    parts = placed.layer.parameters(placed.shape)
    if not parts:
        return
    made = model.get_layer(placed.layer.name)
    for part in parts:
        match placed.layer:
            case Attention():
                projection, _, kind = part.partition("_")
                yield getattr(getattr(made, f"_{projection}_dense"), PARTS[kind])
            case Lstm():
                yield getattr(made.cell, LSTM_PARTS[part])
            case BatchNorm() | LayerNorm():
                yield getattr(made, NORM_PARTS[part])
            case _:
                yield getattr(made, "embeddings" if hasattr(made, "embeddings") else PARTS[part])
