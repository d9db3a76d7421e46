"""A torch model of any kind as units: which tensors belong together, and how each is turned."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from profilers.description import OTHER, Slot, Unit
from profilers.torch_weights import PROJECTIONS, Array, Turn, View, same, transposed
from workloads.layers import Shape

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm")
RECURRENT = (nn.RNNBase, nn.RNNCellBase)
RUNNING = {"running_mean": "running_mean", "running_var": "running_variance"}
POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Softsign, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh),
)
UPDATE_FIRST = (1, 0, 2)
"""torch's GRU has its gates in the order reset, update, new; Keras update, reset, new."""


@dataclass(frozen=True)
class SummedBias(View):
    """One bias in two tensors that torch adds up: it lies in the first, the second is zero."""

    second: torch.Tensor | None = None

    def write(self, array: Array) -> None:
        """Set the first to these values and the second to zero."""
        super().write(array)
        assert self.second is not None
        with torch.no_grad():
            self.second.zero_()

    def read(self) -> Array:
        """The sum of both."""
        assert self.second is not None
        return super().read() + self._read(self.second)


@dataclass(frozen=True)
class Piece:
    """A unit, the module that owns it, and where its arrays lie."""

    unit: Unit
    module: nn.Module
    views: tuple[View, ...]


def pieces(model: nn.Module) -> list[Piece]:
    """Every unit of a model in the order of its modules; a tensor that is shared counts once."""
    found: list[Piece] = []
    seen: set[int] = set()
    covered: set[int] = set()
    for name, module in model.named_modules():
        if id(module) in covered:
            continue
        if isinstance(module, nn.MultiheadAttention):
            covered.update(id(each) for each in module.modules())
        for family, roles in _units(name, module):
            parts = [(role, view) for role, view in roles if id(view.tensor) not in seen]
            if roles and not parts:
                continue
            slots = tuple(_slot(role, view) for role, view in parts)
            unit = Unit(owner=name, kind=type(module).__name__, family=family, slots=slots)
            found.append(Piece(unit, module, tuple(view for _, view in parts)))
        seen.update(id(tensor) for tensor in module.parameters(recurse=False))
    return found


def _slot(role: str, view: View) -> Slot:
    shape: Shape = view.to_canonical(np.empty(view.part(view.tensor).shape, np.int8)).shape
    is_parameter = isinstance(view.tensor, nn.Parameter)
    trainable = is_parameter and view.tensor.requires_grad
    return Slot(role=role, native=view.native, shape=shape, trainable=trainable)


Parts = list[tuple[str, View]]


def _units(name: str, module: nn.Module) -> Iterator[tuple[str, Parts]]:
    """(family, arrays) of each unit that a module itself owns."""
    own = dict(module.named_parameters(recurse=False))
    dotted = f"{name}." if name else ""

    def plain(part: str, turn: Turn = same, back: Turn = same) -> tuple[str, View]:
        return part, View(f"{dotted}{part}", own[part], turn, back)

    known = own.keys() <= {"weight", "bias"}
    if isinstance(module, nn.MultiheadAttention):
        yield from _attention(dotted, module)
    elif isinstance(module, RECURRENT):
        yield from _recurrent(dotted, module, own)
    elif known and "weight" in own and isinstance(module, (*CONVOLUTIONS, *TRANSPOSED)):
        turns = _kernel_turns(own["weight"].ndim)
        family = "conv_transpose" if isinstance(module, TRANSPOSED) else "conv"
        yield family, [plain("weight", *turns), *(plain(p) for p in own if p == "bias")]
    elif known and "weight" in own and isinstance(module, nn.Linear):
        turned = plain("weight", transposed, transposed)
        yield "linear", [turned, *(plain(p) for p in own if p == "bias")]
    elif known and isinstance(module, nn.Embedding | nn.EmbeddingBag):
        yield "embedding", [plain("weight")]
    elif known and isinstance(module, nn.PReLU):
        yield "prelu", [plain("weight")]
    elif known and any(kind.__name__.startswith(NORMS) for kind in type(module).__mro__):
        parts = [plain(part) for part in own]
        for buffer, role in RUNNING.items():
            tensor = getattr(module, buffer, None)
            if tensor is not None:
                parts.append((role, View(f"{dotted}{buffer}", tensor, same, same)))
        yield "norm", parts
    elif own:
        yield OTHER, [plain(part) for part in own]
    elif isinstance(module, _DropoutNd):
        yield "dropout", []
    elif isinstance(module, POOLS):
        yield "pool", []
    elif isinstance(module, ACTIVATIONS):
        yield "activation", []


def _kernel_turns(axes: int) -> tuple[Turn, Turn]:
    """To torch and back: (*kernel, in, out) <-> (out, in, *kernel), and so for transposed ones."""
    to_torch = (axes - 1, axes - 2, *range(axes - 2))
    to_canonical = (*range(2, axes), 1, 0)
    return (lambda array: array.transpose(to_torch), lambda array: array.transpose(to_canonical))


def _attention(dotted: str, module: nn.MultiheadAttention) -> Iterator[tuple[str, Parts]]:
    """The projections of query, key and value lie below each other where they are as wide."""
    width = module.embed_dim
    parts: Parts = []
    for number, projection in enumerate(PROJECTIONS):
        rows = slice(number * width, (number + 1) * width)
        whole = module.in_proj_weight
        alone = f"{projection[0]}_proj_weight"
        tensor, own, part = (
            (getattr(module, alone), alone, None)
            if whole is None
            else (whole, "in_proj_weight", rows)
        )
        view = View(f"{dotted}{own}", tensor, transposed, transposed, part)
        parts.append((f"{projection}_weight", view))
        if module.in_proj_bias is not None:
            native = f"{dotted}in_proj_bias"
            parts.append(
                (f"{projection}_bias", View(native, module.in_proj_bias, same, same, rows))
            )
    for part_name, tensor in module.out_proj.named_parameters():
        turn = transposed if part_name == "weight" else same
        native = f"{dotted}out_proj.{part_name}"
        parts.append((f"output_{part_name}", View(native, tensor, turn, turn)))
    yield "attention", parts


def _recurrent(
    dotted: str, module: nn.Module, own: dict[str, nn.Parameter]
) -> Iterator[tuple[str, Parts]]:
    """A unit for each layer and direction; Keras has one bias where torch adds two."""
    kind = type(module).__name__.removesuffix("Cell")
    family = {"LSTM": "lstm", "GRU": "gru"}.get(kind, "rnn")
    suffixes = [found[1] for part in own if (found := re.fullmatch(r"weight_ih(.*)", part))]
    for suffix in suffixes:
        of_layer = {
            role: own[f"{role}{suffix}"]
            for role in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
            if f"{role}{suffix}" in own
        }
        shown = "" if suffix == "_l0" else suffix
        views = {
            role: View(f"{dotted}{role}{suffix}", tensor, *_gates(family, role))
            for role, tensor in of_layer.items()
        }
        if family != "gru" and "bias_hh" in views:
            first = views.pop("bias_ih")
            second = views.pop("bias_hh").tensor
            views["bias"] = SummedBias(first.native, first.tensor, same, same, second=second)
        roles = {
            "weight_ih": "input_weight",
            "weight_hh": "hidden_weight",
            "bias_ih": "input_bias",
            "bias_hh": "hidden_bias",
        }
        yield family, [(f"{roles.get(role, role)}{shown}", view) for role, view in views.items()]


def _gates(family: str, role: str) -> tuple[Turn, Turn]:
    """To torch and back, of a weight (gates * units, inputs) or a bias (gates * units,)."""
    turn = transposed if role.startswith("weight") else same
    if family != "gru":
        return turn, turn

    def to_torch(array: Array) -> Array:
        return _swapped(turn(array))

    def to_canonical(array: Array) -> Array:
        return turn(_swapped(array))

    return to_torch, to_canonical


def _swapped(array: Array) -> Array:
    """The rows of the first two gates in each other's place."""
    gates = array.reshape(3, -1, *array.shape[1:])
    return gates[list(UPDATE_FIRST)].reshape(array.shape)


def flattened(view: View, image: Shape) -> View:
    """The same array, its rows in the order of an image that torch flattens with channels first."""
    height, width, channels = image

    def to_torch(array: Array) -> Array:
        rows = array.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
        return view.to_torch(rows.reshape(array.shape))

    def to_canonical(array: Array) -> Array:
        turned = view.to_canonical(array)
        rows = turned.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        return rows.reshape(turned.shape)

    return replace(view, to_torch=to_torch, to_canonical=to_canonical)


def notes(model: nn.Module) -> Iterator[str]:
    """Facts about a model that training depends on and that Keras has no counterpart for."""
    for piece in pieces(model):
        for view in piece.views:
            if not isinstance(view, SummedBias) or view.second is None:
                continue
            if view.second.requires_grad and view.tensor.requires_grad:
                second = view.native.replace("bias_ih", "bias_hh")
                yield (
                    f"torch trains two biases in {piece.unit.owner} where Keras has one, so their "
                    f"sum moves twice as far in each step; to train alike, call "
                    f"{second}.requires_grad_(False) in build_torch."
                )
