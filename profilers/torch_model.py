"""A workload's model under torch, on its device, with its canonical arrays."""

import torch

from profilers import torch_layers, torch_native, torch_weights
from profilers.backend import Arrays
from profilers.torch_network import Network, cross_entropy
from profilers.torch_weights import Turn
from workloads.native import AnyWorkload, NativeWorkload
from workloads.spec import Workload


def build(
    workload: AnyWorkload, weights: Arrays, device: torch.device, dtype: torch.dtype = torch.float32
) -> Network:
    """The model of a workload with these weights, in training mode."""
    if isinstance(workload, NativeWorkload):
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
