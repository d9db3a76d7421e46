"""The neutral layers as torch modules: weights to torch's layout and back, ranges around them."""

from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from profilers.backend import Arrays
from workloads.spec import Conv2d, Flatten, Layer, Linear, MaxPool2d, Relu, Shape, Workload

Array = npt.NDArray[Any]


def build(workload: Workload, weights: Arrays) -> nn.Sequential:
    """The model in training mode; module names are the spec's layer names."""
    model = nn.Sequential(
        OrderedDict((layer.name, _module(layer, shape)) for layer, shape, _ in workload.shapes())
    )
    flattened = _flattened_shapes(workload)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            array = _to_torch(weights[name], flattened.get(name))
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))
    return model.train()


def canonical_weights(workload: Workload, model: nn.Module) -> dict[str, npt.NDArray[np.float32]]:
    """The parameters as float32 arrays: kernels HWIO, linear weights (in, out)."""
    flattened = _flattened_shapes(workload)
    arrays = {}
    for name, parameter in model.named_parameters():
        array = parameter.detach().float().cpu().numpy()
        arrays[name] = np.ascontiguousarray(_from_torch(array, flattened.get(name)))
    return arrays


def mark_layers(model: nn.Sequential) -> list[RemovableHandle]:
    """Put a profiler range "layer:<name>" around each forward; the handles take them off."""
    handles = []
    for name, module in model.named_children():
        handles += _mark(module, f"layer:{name}")
    return handles


def _mark(module: nn.Module, label: str) -> list[RemovableHandle]:
    open_ranges: list[Any] = []

    def enter(*_: Any) -> None:
        span = torch.profiler.record_function(label)
        span.__enter__()
        open_ranges.append(span)

    def leave(*_: Any) -> None:
        open_ranges.pop().__exit__(None, None, None)

    return [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]


def _module(layer: Layer, shape: Shape) -> nn.Module:
    match layer:
        case Conv2d():
            return nn.Conv2d(shape[2], layer.filters, layer.kernel, layer.stride, layer.padding)
        case Linear():
            return nn.Linear(shape[0], layer.units)
        case Relu():
            return nn.ReLU()
        case MaxPool2d():
            return nn.MaxPool2d(layer.size)
        case Flatten():
            return nn.Flatten()


def _flattened_shapes(workload: Workload) -> dict[str, Shape]:
    """For the weight of each first linear layer after a flatten: the image shape before it."""
    found: dict[str, Shape] = {}
    image: Shape | None = None
    for layer, shape, _ in workload.shapes():
        if isinstance(layer, Flatten):
            image = shape
        elif isinstance(layer, Linear) and image is not None:
            found[f"{layer.name}.weight"] = image
            image = None
    return found


def _to_torch(array: Array, image: Shape | None) -> Array:
    """HWIO -> OIHW, (in, out) -> (out, in) with the inputs of a flatten in CHW order."""
    if array.ndim == 4:
        return array.transpose(3, 2, 0, 1)
    if array.ndim == 2:
        if image is not None:
            array = array.reshape(*image, -1).transpose(2, 0, 1, 3).reshape(array.shape)
        return array.T
    return array


def _from_torch(array: Array, image: Shape | None) -> Array:
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    if array.ndim == 2:
        array = array.T
        if image is not None:
            height, width, channels = image
            rows = array.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
            array = rows.reshape(array.shape)
    return array
