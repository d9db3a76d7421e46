"""A Keras model of any kind as units: which variables belong together, in Keras' own layout."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from profilers.description import OTHER, Slot, Unit
from profilers.tensorflow_weights import Array, View
from workloads.layers import Shape

CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D")
TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
NORMS = ("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization")
NORM_ROLES = {
    "gamma": "weight",
    "scale": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_variance",
}
RECURRENT = {"LSTMCell": "lstm", "GRUCell": "gru", "SimpleRNNCell": "rnn"}
PLAIN = {
    "dropout": ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    "pool": tuple(
        f"{which}Pooling{axes}D"
        for which in ("Max", "Average", "GlobalMax", "GlobalAverage")
        for axes in (1, 2, 3)
    ),
    "activation": ("Activation", "ReLU", "LeakyReLU", "ELU"),
}


@dataclass(frozen=True)
class RowView(View):
    """A canonical array that is one row of a variable."""

    row: int = 0

    def write(self, array: Array) -> None:
        """Set the row, and leave the others as they are."""
        values = keras.ops.convert_to_numpy(self.variable).copy()
        values[self.row] = array
        self.variable.assign(values)

    def canonical(self, values: Array) -> Array:
        """The row of an array that is shaped as the variable."""
        return super().canonical(values[self.row])


@dataclass(frozen=True)
class Piece:
    """A unit, the layer that owns it, and where its arrays lie."""

    unit: Unit
    layer: Any
    views: tuple[View, ...]


Parts = list[tuple[str, View]]


def pieces(model: Any) -> list[Piece]:
    """Every unit of a built model in the order of its layers; one that is shared counts once."""
    found: list[Piece] = []
    seen: set[int] = set()
    for owner, layer in _layers(model, model, set()):
        trained = {id(each) for each in model.trainable_variables}
        for family, roles in _units(layer):
            parts = [(role, view) for role, view in roles if id(view.variable) not in seen]
            if roles and not parts:
                continue
            slots = tuple(
                Slot(
                    role=role,
                    native=view.native,
                    shape=view.shape,
                    trainable=id(view.variable) in trained,
                )
                for role, view in parts
            )
            unit = Unit(
                owner=owner.path or owner.name,  # some layers get a path with weights only
                kind=type(layer).__name__,
                family=family,
                slots=slots,
                activation=_activation(owner),
            )
            found.append(Piece(unit, owner, tuple(view for _, view in parts)))
            seen.update(id(view.variable) for _, view in parts)
    return found


def _layers(model: Any, layer: Any, known: set[int]) -> Iterator[tuple[Any, Any]]:
    """(owner, layer) of each layer; the owner of a recurrent cell is the layer that runs it."""
    if id(layer) in known:
        return
    known.add(id(layer))
    yield layer, layer
    if isinstance(layer, keras.layers.MultiHeadAttention):
        return
    for inner in layer._flatten_layers(include_self=False, recursive=False):
        if type(layer) in _kinds("LSTM", "GRU", "SimpleRNN"):
            known.add(id(inner))
            yield layer, inner
        else:
            yield from _layers(model, inner, known)


def _kinds(*names: str) -> tuple[Any, ...]:
    """Those of the layers that this Keras has."""
    return tuple(getattr(keras.layers, name) for name in names if hasattr(keras.layers, name))


def _own(layer: Any) -> dict[str, Any]:
    """The variables that a layer itself has, by the last part of their paths."""
    return {each.path.rpartition("/")[2]: each for each in _own_list(layer)}


def _own_list(layer: Any) -> list[Any]:
    return [
        each
        for each in (*layer._trainable_variables, *layer._non_trainable_variables)
        if each.dtype.startswith(("float", "bfloat"))
    ]


def _units(layer: Any) -> Iterator[tuple[str, Parts]]:
    """(family, arrays) of each unit of a layer."""
    own = _own(layer)

    def plain(role: str, part: str, shape: Shape | None = None) -> tuple[str, View]:
        variable = own[part]
        return role, View(variable.path, variable, shape or tuple(variable.shape))

    bias = [plain("bias", "bias")] if "bias" in own else []
    if isinstance(layer, keras.layers.MultiHeadAttention):
        yield "attention", list(_attention(layer))
    elif isinstance(layer, _kinds(*SEPARABLE)):
        depth = own["depthwise_kernel"]
        yield "conv", [plain("weight", "depthwise_kernel", _grouped(depth.shape))]
        yield "conv", [plain("weight", "pointwise_kernel"), *bias]
    elif isinstance(layer, _kinds(*DEPTHWISE)):
        yield "conv", [plain("weight", "kernel", _grouped(own["kernel"].shape)), *bias]
    elif isinstance(layer, _kinds(*TRANSPOSED)):
        yield "conv_transpose", [plain("weight", "kernel"), *bias]
    elif isinstance(layer, _kinds(*CONVOLUTIONS)):
        yield "conv", [plain("weight", "kernel"), *bias]
    elif isinstance(layer, keras.layers.Dense) and "kernel" in own:
        yield "linear", [plain("weight", "kernel"), *bias]
    elif isinstance(layer, keras.layers.Embedding) and "embeddings" in own:
        yield "embedding", [plain("weight", "embeddings")]
    elif isinstance(layer, keras.layers.PReLU):
        alpha = own["alpha"]
        yield "prelu", [plain("weight", "alpha", (math.prod(alpha.shape),))]
    elif isinstance(layer, _kinds(*NORMS)):
        yield "norm", [plain(role, part) for part, role in NORM_ROLES.items() if part in own]
    elif type(layer).__name__ in RECURRENT:
        yield RECURRENT[type(layer).__name__], list(_recurrent(own))
    elif own and (trained := [each for each in _own_list(layer) if _learned(layer, each)]):
        yield (
            OTHER,
            [
                (each.path.rpartition("/")[2], View(each.path, each, tuple(each.shape)))
                for each in trained
            ],
        )
    elif family := next((each for each, kinds in PLAIN.items() if _is_one(layer, kinds)), None):
        yield family, []


def _is_one(layer: Any, kinds: tuple[str, ...]) -> bool:
    if getattr(layer, "activation", None) is keras.activations.softmax:
        return False  # which torch has in its loss
    return isinstance(layer, _kinds(*kinds))


def _learned(layer: Any, variable: Any) -> bool:
    """Whether it was made to be trained, though its layer may be frozen."""
    return any(variable is each for each in layer._trainable_variables)


def _grouped(shape: Any) -> Shape:
    """(*kernel, channels, multiplier) as one group for each channel: (*kernel, 1, filters)."""
    *kernel, channels, multiplier = shape
    return (*kernel, 1, channels * multiplier)


def _attention(layer: Any) -> Iterator[tuple[str, View]]:
    """The projections as matrices: the heads side by side."""
    for role, inner in (
        ("query", layer._query_dense),
        ("key", layer._key_dense),
        ("value", layer._value_dense),
        ("output", layer._output_dense),
    ):
        kernel, bias = inner.kernel, inner.bias
        sizes = tuple(kernel.shape)
        shape = (math.prod(sizes[:-1]), sizes[-1])
        if role != "output":
            shape = (sizes[0], math.prod(sizes[1:]))
        yield f"{role}_weight", View(kernel.path, kernel, shape)
        if bias is not None:
            yield f"{role}_bias", View(bias.path, bias, (math.prod(bias.shape),))


def _recurrent(own: dict[str, Any]) -> Iterator[tuple[str, View]]:
    """Two rows of biases, where a GRU resets after the product, are those of input and state."""
    for part, role in (("kernel", "input_weight"), ("recurrent_kernel", "hidden_weight")):
        yield role, View(own[part].path, own[part], tuple(own[part].shape))
    bias = own.get("bias")
    if bias is None:
        return
    if len(bias.shape) == 1:
        yield "bias", View(bias.path, bias, tuple(bias.shape))
        return
    for row, role in enumerate(("input_bias", "hidden_bias")):
        yield role, RowView(f"{bias.path}[{row}]", bias, (bias.shape[1],), row=row)


def _activation(layer: Any) -> str | None:
    """The activation that a layer applies to what it gives; None where it applies none.

    A function that is not Keras' own is "own <name>", as its name says nothing of what it does.
    """
    kinds = _kinds("Dense", "EinsumDense", *CONVOLUTIONS, *TRANSPOSED, *DEPTHWISE, *SEPARABLE)
    applied = getattr(layer, "activation", None) if isinstance(layer, kinds) else None
    if applied is None or applied is keras.activations.linear:
        return None
    name = getattr(applied, "__name__", type(applied).__name__)
    known = getattr(keras.activations, name, None) is applied
    return name if known else f"own {name}"
