"""Where each canonical array of a model lies in torch's tensors, and how it is turned."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from profilers.torch_layers import LastState, SelfAttention
from workloads.layers import Attention, Linear, Lstm, Shape
from workloads.spec import Placed, Workload

Array = npt.NDArray[Any]
Turn = Callable[[Array], Array]
RUNNING = {"running_variance": "running_var"}
PROJECTIONS = ("query", "key", "value")


@dataclass(frozen=True)
class View:
    """A canonical array in a torch tensor, turned by `to_torch`; `rows` where others share it.

    `native` is what torch calls the tensor.
    """

    native: str
    tensor: torch.Tensor
    to_torch: Turn
    to_canonical: Turn
    rows: slice | None = None

    def write(self, array: Array) -> None:
        """Set the values, converted to the tensor's own type."""
        values = torch.from_numpy(np.ascontiguousarray(self.to_torch(array)))
        with torch.no_grad():
            self.part(self.tensor).copy_(values)

    def read(self) -> Array:
        """The values in canonical layout, in the tensor's own type."""
        return self._read(self.tensor)

    def gradient(self) -> Array | None:
        """The gradient in canonical layout; None where there is none."""
        return None if self.tensor.grad is None else self._read(self.tensor.grad)

    def part(self, tensor: torch.Tensor) -> torch.Tensor:
        """The rows of the tensor, or of one that is shaped as it, that are this array's."""
        return tensor if self.rows is None else tensor[self.rows]

    def _read(self, tensor: torch.Tensor) -> Array:
        values = self.part(tensor.detach())
        if values.dtype in (torch.bfloat16, torch.float16):
            values = values.float()
        return np.ascontiguousarray(self.to_canonical(values.cpu().numpy()))


def same(array: Array) -> Array:
    """No turn at all."""
    return array


def transposed(array: Array) -> Array:
    """(in, out) <-> (out, in)."""
    return array.T


def kernel_to_torch(array: Array) -> Array:
    """HWIO -> OIHW."""
    return array.transpose(3, 2, 0, 1)


def kernel_to_canonical(array: Array) -> Array:
    """OIHW -> HWIO."""
    return array.transpose(2, 3, 1, 0)


def row_order(image: Shape) -> tuple[Turn, Turn]:
    """To torch and back, for the weight of a linear layer that follows a flattened image.

    Its inputs are in the order (height, width, channels), and (channels, height, width) in torch.
    """
    height, width, channels = image

    def to_torch(array: Array) -> Array:
        turned = array.reshape(*image, -1).transpose(2, 0, 1, 3)
        return turned.reshape(array.shape).T

    def to_canonical(array: Array) -> Array:
        turned = array.T.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        return turned.reshape(array.T.shape)

    return to_torch, to_canonical


def images_to_canonical(array: Array) -> Array:
    """NCHW -> NHWC."""
    return array.transpose(0, 2, 3, 1)


def flat_to_canonical(image: Shape) -> Turn:
    """Rows of flattened images, (channels, height, width) -> (height, width, channels)."""
    height, width, channels = image

    def to_canonical(array: Array) -> Array:
        turned = array.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        return turned.reshape(array.shape)

    return to_canonical


def views(workload: Workload, model: nn.Module) -> dict[str, View]:
    """Every canonical array of a model that `torch_layers.build` made, once it is on its device."""
    flattened = workload.flattened()
    return {
        f"{placed.layer.name}.{part}": view
        for placed in workload.placed()
        for part, view in _of_layer(
            placed, model.get_submodule(placed.layer.name), flattened.get(placed.inputs[0])
        )
    }


def _of_layer(placed: Placed, module: nn.Module, image: Shape | None) -> Iterator[tuple[str, View]]:
    name, layer = placed.layer.name, placed.layer
    parts = layer.parameters(placed.shape)
    if isinstance(layer, Attention):
        assert isinstance(module, SelfAttention)
        yield from _attention(name, module.attention, placed.shape[-1])
    elif isinstance(layer, Lstm):
        assert isinstance(module, LastState)
        yield from _lstm(name, module.lstm)
    else:
        for part in parts:
            own = RUNNING.get(part, part)
            tensor = getattr(module, own)
            turns: tuple[Turn, Turn] = (same, same)
            if tensor.ndim == 4:
                turns = kernel_to_torch, kernel_to_canonical
            elif isinstance(layer, Linear) and part == "weight":
                turns = row_order(image) if image is not None else (transposed, transposed)
            yield part, View(f"{name}.{own}", tensor, *turns)


def _attention(name: str, module: nn.MultiheadAttention, width: int) -> Iterator[tuple[str, View]]:
    """The projections of query, key and value lie in one tensor, below each other."""
    for number, projection in enumerate(PROJECTIONS):
        rows = slice(number * width, (number + 1) * width)
        for part, turn in (("weight", transposed), ("bias", same)):
            own = f"in_proj_{part}"
            tensor = getattr(module, own)
            native = f"{name}.attention.{own}"
            yield f"{projection}_{part}", View(native, tensor, turn, turn, rows)
    for part, turn in (("weight", transposed), ("bias", same)):
        tensor = getattr(module.out_proj, part)
        yield f"output_{part}", View(f"{name}.attention.out_proj.{part}", tensor, turn, turn)


def _lstm(name: str, module: nn.LSTM) -> Iterator[tuple[str, View]]:
    own = {"input_weight": "weight_ih_l0", "hidden_weight": "weight_hh_l0", "bias": "bias_ih_l0"}
    for part, attribute in own.items():
        turn = same if part == "bias" else transposed
        yield part, View(f"{name}.lstm.{attribute}", getattr(module, attribute), turn, turn)
