"""A user's torch model: described once, and built again with its canonical arrays."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from profilers import torch_data, torch_random, torch_units
from profilers.backend import Arrays
from profilers.description import Description, initial_values
from profilers.torch_network import Network, cross_entropy
from profilers.torch_watch import Watch
from profilers.torch_weights import Array, Turn, View, images_to_canonical, same
from workloads import native
from workloads.native import NativeWorkload
from workloads.native_model import MappedLayer
from workloads.own_file import blamed
from workloads.spec import WorkloadError

BUILDER = native.BUILDERS["torch"]
KERAS_SLOPE = float(np.float32(0.2))
"""TensorFlow's leaky ReLU has its slope in float32, for float64 values too."""
AFTER: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "elu": functional.elu,
    "gelu": functional.gelu,
    "leaky_relu": lambda values: functional.leaky_relu(values, KERAS_SLOPE),
    "mish": functional.mish,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "selu": functional.selu,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
    "softplus": lambda values: torch.logaddexp(values, torch.zeros_like(values)),
    "softsign": functional.softsign,
    "tanh": torch.tanh,
}
"""What Keras' activations compute, with the constants that they have by default."""


def build(
    workload: NativeWorkload, weights: Arrays, device: torch.device, dtype: torch.dtype
) -> Network:
    """The user's model with these weights, in training mode."""
    module = _built(workload)
    inputs = [
        torch_data.features(np.zeros((2, *each.shape), each.dtype))
        for each in workload.known.inputs
    ]
    _materialise(workload, module, inputs)
    module = module.to(device, dtype).train()
    pieces = torch_units.pieces(module)
    views = {}
    for array in workload.known.arrays:
        if array.torch is None:
            continue
        unit, slot = array.torch
        view = _at(workload, pieces, unit, slot)
        views[array.name] = torch_units.flattened(view, array.image) if array.image else view
    layers = {layer.name: layer for layer in workload.known.layers if layer.torch is not None}
    network = Network(
        module,
        {name: module.get_submodule(layer.torch_name) for name, layer in layers.items()},
        views,
        {name: _turn(layer) for name, layer in layers.items() if layer.turn},
        native.loss(workload, "torch") or cross_entropy,
    )
    network.assign(weights)
    return network


def _at(workload: NativeWorkload, pieces: list[torch_units.Piece], unit: int, slot: int) -> View:
    try:
        return pieces[unit].views[slot]
    except IndexError:
        raise WorkloadError(
            f"{workload.name}.py: {BUILDER}() makes another model each time; have it make the same "
            "layers always."
        ) from None


def _turn(layer: MappedLayer) -> Turn:
    """A layer's output as Keras' layer gives it, its activation included."""
    turn = {"images": images_to_canonical, "channels": _channels_last, "same": same}[
        layer.turn or "same"
    ]
    after = AFTER.get(layer.activation or "")
    if after is None:
        return turn
    return lambda array: after(torch.tensor(turn(array))).numpy()


def _channels_last(array: Array) -> Array:
    """(batch, channels, length) -> (batch, length, channels)."""
    return array.transpose(0, 2, 1)


def _built(workload: NativeWorkload) -> nn.Module:
    build_torch = native.function(workload, BUILDER)
    assert build_torch is not None
    module = build_torch()
    if not isinstance(module, nn.Module):
        raise WorkloadError(
            f"{workload.name}.py: {BUILDER}() returns a {type(module).__name__}; return a "
            "torch.nn.Module."
        )
    return module


def _materialise(workload: NativeWorkload, module: nn.Module, inputs: list[torch.Tensor]) -> None:
    """Modules that learn their sizes from their first input get one."""
    if not _unsized(module):
        return
    with blamed(Path(workload.path), "build_torch's model"), torch.no_grad():
        module.eval()(*inputs)
    if unsized := _unsized(module):
        raise WorkloadError(
            f"{workload.name}.py: {unsized[0]} has no size, as forward never runs it; use it or "
            "leave it out."
        )


def _unsized(module: nn.Module) -> list[str]:
    arrays = (*module.named_parameters(), *module.named_buffers())
    return [name for name, array in arrays if nn.parameter.is_lazy(array)]


def describe(
    workload: NativeWorkload, inputs: Iterable[Array], labels: Array, seed: int
) -> tuple[Description, dict[str, npt.NDArray[Any]]]:
    """Build the model, run it on two samples, and tell its units and the arrays of each.

    Returns:
        The description, and the initial arrays by "<unit>.<slot>".

    Raises:
        WorkloadError: the user's code fails, or gives something else than a model should.
    """
    torch.manual_seed(seed)
    module = _built(workload).to("cpu", torch.float32)
    given = [torch_data.features(each) for each in inputs]
    path = Path(workload.path)
    _materialise(workload, module, given)
    pieces = torch_units.pieces(module)
    values = initial_values(piece.views for piece in pieces)
    watch = Watch(module)
    with blamed(path, "build_torch's model"), watch.watching(), torch.no_grad():
        outputs = module.train()(*given)
    if not isinstance(outputs, torch.Tensor) or outputs.ndim < 2 or len(outputs) != len(labels):
        raise WorkloadError(
            f"{workload.name}.py: for {len(labels)} samples the model of {BUILDER}() gives "
            f"{_shown(outputs)}; have its forward return one tensor, a row for each sample."
        )
    _check_loss(workload, outputs, labels)
    units = tuple(watch.told(piece.unit) for piece in pieces)
    return Description(
        framework="torch",
        units=units,
        output_shape=tuple(outputs.shape),
        random=tuple(torch_random.random_layers(module)),
        notes=tuple(torch_units.notes(module)),
    ), values


def _check_loss(workload: NativeWorkload, outputs: torch.Tensor, labels: Array) -> None:
    """The loss must take what the model gives; its errors are the file's own."""
    own = native.loss(workload, "torch")
    name = native.LOSSES["torch"] if own else "the mean cross-entropy (the default loss)"
    with blamed(Path(workload.path), name):
        found = (own or cross_entropy)(outputs, torch.from_numpy(np.array(labels)))
    if not isinstance(found, torch.Tensor) or found.numel() != 1:
        raise WorkloadError(
            f"{workload.name}.py: {name} gives {_shown(found)}, not one number for a batch; take "
            "the mean."
        )


def _shown(found: Any) -> str:
    if isinstance(found, torch.Tensor):
        return f"a tensor of the shape {tuple(found.shape)}"
    return f"a {type(found).__name__}"
