"""A workload's model under torch, on its device, with its canonical arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from profilers import torch_layers, torch_weights
from profilers.backend import Arrays
from profilers.torch_weights import Turn, View
from workloads.native import AnyWorkload, NativeWorkload
from workloads.spec import Workload


@dataclass(frozen=True)
class Network:
    """A model; its layers and arrays have the names that both frameworks share.

    `outputs` says how what a layer gives is turned to canonical layout, where that is known;
    `loss` takes outputs and labels.
    """

    module: nn.Module
    layers: Mapping[str, nn.Module]
    views: Mapping[str, View]
    outputs: Mapping[str, Turn]
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

    def assign(self, arrays: Arrays) -> None:
        """Set every parameter and running statistic in place."""
        for name, view in self.views.items():
            view.write(arrays[name])

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """Every parameter and running statistic as it is now, in canonical layout."""
        return {name: view.read().astype(np.float32) for name, view in self.views.items()}


def build(
    workload: AnyWorkload, weights: Arrays, device: torch.device, dtype: torch.dtype = torch.float32
) -> Network:
    """The model of a workload with these weights, in training mode."""
    if isinstance(workload, NativeWorkload):
        from profilers import torch_native  # which makes a Network, too

        return torch_native.build(workload, weights, device, dtype)
    module = torch_layers.build(workload).to(device, dtype)
    network = Network(
        module,
        {layer.name: module.get_submodule(layer.name) for layer in workload.layers},
        torch_weights.views(workload, module),
        _outputs(workload),
        cross_entropy,
    )
    network.assign(weights)
    return network


def cross_entropy(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean over all labels: (batch, classes) with (batch,), or one more axis in both."""
    return functional.cross_entropy(outputs.flatten(0, -2), labels.flatten())


def _outputs(workload: Workload) -> dict[str, Turn]:
    """Images are NCHW in torch, and so are rows that were made of an image."""
    flattened = workload.flattened()
    turns: dict[str, Turn] = {}
    for placed in workload.placed():
        name = placed.layer.name
        if name in flattened:
            turns[name] = torch_weights.flat_to_canonical(flattened[name])
        elif len(placed.output) == 3:
            turns[name] = torch_weights.images_to_canonical
        else:
            turns[name] = torch_weights.same
    return turns
