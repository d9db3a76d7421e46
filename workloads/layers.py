"""The layers that a model can be made of: their shapes and parameters, the same for all frameworks.

Shapes are of one sample: (height, width, channels) of an image, (length, width) of a sequence,
(size,) of a vector.
"""

import math
from typing import ClassVar

import msgspec

Shape = tuple[int, ...]

SPREAD = 0.1
"""How far scales and shifts of a normalisation may begin from 1 and 0."""


class Parameter(msgspec.Struct, frozen=True):
    """An array of a layer and how it begins: uniform within `limit` of `centre`.

    What is not trainable is kept with the weights and changed by other means than the optimizer.
    """

    shape: Shape
    limit: float
    centre: float = 0.0
    trainable: bool = True


Parameters = dict[str, Parameter]


def _fans(weight: Shape, biased: bool, fan_in: int) -> Parameters:
    """Weights of variance 1 / fan_in, so that a layer keeps the variance of what it is given."""
    found = {"weight": Parameter(weight, math.sqrt(3.0 / fan_in))}
    if biased:
        found["bias"] = Parameter(weight[-1:], 1.0 / math.sqrt(fan_in))
    return found


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all layers.

    `inputs` names the layers that it takes its values from; empty is the one before it, "input"
    the model's own input.
    """

    inputs: tuple[str, ...] = ()

    takes: ClassVar[int] = 1
    """How many inputs it has."""
    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    """How many axes an input may have."""

    def problem(self, shape: Shape) -> str | None:
        """Why it can't take an input of this shape, or None."""
        if len(shape) in self.ranks:
            return None
        return f"takes inputs of {' or '.join(map(str, self.ranks))} axes, not {shape}"

    def output_shape(self, shape: Shape) -> Shape:
        """What it makes of a (first) input of this shape."""
        return shape

    def parameters(self, shape: Shape) -> Parameters:
        """Its arrays in canonical layout, by name."""
        return {}


class Conv2d(Layer, frozen=True, tag="conv2d"):
    """2-D convolution; zero padding on each side; weight (kernel, kernel, channels, filters)."""

    name: str
    filters: int
    kernel: int
    stride: int = 1
    padding: int = 0
    bias: bool = True

    ranks = (3,)

    def output_shape(self, shape: Shape) -> Shape:
        """(height, width, channels) -> (height, width, filters)."""
        height, width = (
            (side + 2 * self.padding - self.kernel) // self.stride + 1 for side in shape[:2]
        )
        return height, width, self.filters

    def parameters(self, shape: Shape) -> Parameters:
        """HWIO weight and bias."""
        weight = (self.kernel, self.kernel, shape[2], self.filters)
        return _fans(weight, self.bias, math.prod(weight[:-1]))


class Linear(Layer, frozen=True, tag="linear"):
    """Fully connected layer, of a vector or of each place of a sequence; weight (inputs, units)."""

    name: str
    units: int
    bias: bool = True

    ranks = (1, 2)

    def output_shape(self, shape: Shape) -> Shape:
        """(..., inputs) -> (..., units)."""
        return *shape[:-1], self.units

    def parameters(self, shape: Shape) -> Parameters:
        """(in, out) weight and bias."""
        return _fans((shape[-1], self.units), self.bias, shape[-1])


class Relu(Layer, frozen=True, tag="relu"):
    """max(x, 0)."""

    name: str


class Gelu(Layer, frozen=True, tag="gelu"):
    """x times the normal distribution function of x; its approximation by tanh where asked for."""

    name: str
    approximate: bool = False


class MaxPool2d(Layer, frozen=True, tag="max_pool2d"):
    """Largest value of each size x size square; a rest at the edge is left out."""

    name: str
    size: int

    ranks = (3,)

    def output_shape(self, shape: Shape) -> Shape:
        """(height, width, channels) -> (height // size, width // size, channels)."""
        return shape[0] // self.size, shape[1] // self.size, shape[2]


class MeanPool(Layer, frozen=True, tag="mean_pool"):
    """The mean over all places of an image or a sequence."""

    name: str

    ranks = (2, 3)

    def output_shape(self, shape: Shape) -> Shape:
        """(height, width, channels) -> (channels,), (length, width) -> (width,)."""
        return shape[-1:]


class Flatten(Layer, frozen=True, tag="flatten"):
    """All values of a sample in a row, in the canonical order (height, width, channels)."""

    name: str

    def output_shape(self, shape: Shape) -> Shape:
        """Any shape -> (size,)."""
        return (math.prod(shape),)


class Rows(Layer, frozen=True, tag="rows"):
    """The rows of an image as a sequence, from top to bottom."""

    name: str

    ranks = (3,)

    def output_shape(self, shape: Shape) -> Shape:
        """(height, width, channels) -> (height, width * channels)."""
        return shape[0], shape[1] * shape[2]


class Add(Layer, frozen=True, tag="add"):
    """The sum of two inputs of one shape."""

    name: str

    takes = 2


class BatchNorm(Layer, frozen=True, tag="batch_norm"):
    """Batch normalisation of each channel; weight, bias and running statistics (channels,).

    `momentum` is the share of the newest batch in the running statistics.
    """

    name: str
    epsilon: float = 1e-5
    momentum: float = 0.1

    ranks = (1, 3)

    def parameters(self, shape: Shape) -> Parameters:
        """Scale and shift, running mean and variance."""
        size = shape[-1:]
        return {
            "weight": Parameter(size, SPREAD, 1.0),
            "bias": Parameter(size, SPREAD),
            "running_mean": Parameter(size, 0.0, trainable=False),
            "running_variance": Parameter(size, 0.0, 1.0, trainable=False),
        }


class LayerNorm(Layer, frozen=True, tag="layer_norm"):
    """Normalisation of each vector of a sequence; weight and bias (width,)."""

    name: str
    epsilon: float = 1e-5

    ranks = (1, 2)

    def parameters(self, shape: Shape) -> Parameters:
        """Scale and shift."""
        size = shape[-1:]
        return {"weight": Parameter(size, SPREAD, 1.0), "bias": Parameter(size, SPREAD)}


class Embedding(Layer, frozen=True, tag="embedding"):
    """A learned vector for each token; weight (vocabulary, width)."""

    name: str
    vocabulary: int
    width: int

    ranks = (1,)

    def output_shape(self, shape: Shape) -> Shape:
        """(length,) -> (length, width)."""
        return *shape, self.width

    def parameters(self, shape: Shape) -> Parameters:
        """The vectors, of variance 1."""
        return {"weight": Parameter((self.vocabulary, self.width), math.sqrt(3.0))}


class Positions(Layer, frozen=True, tag="positions"):
    """Adds a learned vector to each place of a sequence; weight (length, width)."""

    name: str

    ranks = (2,)

    def parameters(self, shape: Shape) -> Parameters:
        """The vectors."""
        return {"weight": Parameter(shape, SPREAD)}


class Attention(Layer, frozen=True, tag="attention"):
    """Self-attention of several heads, with projections of query, key, value and output.

    Weights are (width, width), (in, out), the heads side by side. Where `causal`, a place sees
    itself and those before it only.
    """

    name: str
    heads: int
    causal: bool = False

    ranks = (2,)

    def problem(self, shape: Shape) -> str | None:
        """The heads must share the width evenly."""
        if len(shape) in self.ranks and shape[-1] % self.heads:
            return f"can't split a width of {shape[-1]} into {self.heads} heads"
        return Layer.problem(self, shape)

    def parameters(self, shape: Shape) -> Parameters:
        """Weight and bias of the four projections."""
        width = shape[-1]
        return {
            f"{projection}_{part}": parameter
            for projection in ("query", "key", "value", "output")
            for part, parameter in _fans((width, width), True, width).items()
        }


class Lstm(Layer, frozen=True, tag="lstm"):
    """A long short-term memory over a sequence; gives its last state.

    The gates stand side by side in the order input, forget, cell, output: input_weight
    (inputs, 4 * units), hidden_weight (units, 4 * units), bias (4 * units,).
    """

    name: str
    units: int

    ranks = (2,)

    def output_shape(self, shape: Shape) -> Shape:
        """(length, inputs) -> (units,)."""
        return (self.units,)

    def parameters(self, shape: Shape) -> Parameters:
        """Weights of input and state, and one bias."""
        limit = 1.0 / math.sqrt(self.units)
        return {
            "input_weight": Parameter((shape[-1], 4 * self.units), limit),
            "hidden_weight": Parameter((self.units, 4 * self.units), limit),
            "bias": Parameter((4 * self.units,), limit),
        }


AnyLayer = (
    Conv2d
    | Linear
    | Relu
    | Gelu
    | MaxPool2d
    | MeanPool
    | Flatten
    | Rows
    | Add
    | BatchNorm
    | LayerNorm
    | Embedding
    | Positions
    | Attention
    | Lstm
)
