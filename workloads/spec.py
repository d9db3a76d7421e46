"""What a model is, said once for every framework: its layers, their shapes and parameters."""

import math
from collections.abc import Iterator

import msgspec

Shape = tuple[int, ...]


class WorkloadError(ValueError):
    """The workload or its data can't be what was asked: one sentence that says what to do."""


class Conv2d(msgspec.Struct, frozen=True, tag="conv2d"):
    """2-D convolution; zero padding on each side; weight (kernel, kernel, channels, filters)."""

    name: str
    filters: int
    kernel: int
    stride: int = 1
    padding: int = 0

    def output_shape(self, shape: Shape) -> Shape:
        """(height, width, channels) -> (height, width, filters)."""
        height, width = (
            (side + 2 * self.padding - self.kernel) // self.stride + 1 for side in shape[:2]
        )
        return height, width, self.filters

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Canonical HWIO weight and bias."""
        weight = (self.kernel, self.kernel, shape[2], self.filters)
        return {"weight": weight, "bias": (self.filters,)}


class Linear(msgspec.Struct, frozen=True, tag="linear"):
    """Fully connected layer; weight (inputs, units)."""

    name: str
    units: int

    def output_shape(self, shape: Shape) -> Shape:
        """(inputs,) -> (units,)."""
        return (self.units,)

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Canonical (in, out) weight and bias."""
        return {"weight": (shape[0], self.units), "bias": (self.units,)}


class Relu(msgspec.Struct, frozen=True, tag="relu"):
    """max(x, 0)."""

    name: str

    def output_shape(self, shape: Shape) -> Shape:
        """Unchanged."""
        return shape

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """None."""
        return {}


class MaxPool2d(msgspec.Struct, frozen=True, tag="max_pool2d"):
    """Largest value of each size x size square; a rest at the edge is left out."""

    name: str
    size: int

    def output_shape(self, shape: Shape) -> Shape:
        """(height, width, channels) -> (height // size, width // size, channels)."""
        return shape[0] // self.size, shape[1] // self.size, shape[2]

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """None."""
        return {}


class Flatten(msgspec.Struct, frozen=True, tag="flatten"):
    """All values of a sample in a row, in the canonical order (height, width, channels)."""

    name: str

    def output_shape(self, shape: Shape) -> Shape:
        """Any shape -> (size,)."""
        return (math.prod(shape),)

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """None."""
        return {}


Layer = Conv2d | Linear | Relu | MaxPool2d | Flatten


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A model with its task. Images are NHWC; the last layer gives logits, one for each class.

    `learning_rates` are those of the optimizers by name; the loss is the mean cross-entropy.
    """

    name: str
    title: str
    source: str
    input_shape: Shape
    classes: int
    layers: tuple[Layer, ...]
    data: str
    batch_size: int = 32
    learning_rates: dict[str, float] = msgspec.field(
        default_factory=lambda: {"adam": 1e-3, "sgd": 1e-2}
    )

    def __post_init__(self) -> None:
        names = [layer.name for layer in self.layers]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise WorkloadError(f"{self.name}: layer names must differ; twice: {sorted(twice)}.")
        *_, (_, _, output) = self.shapes()
        if output != (self.classes,):
            raise WorkloadError(f"{self.name}: the last layer gives {output}, not {self.classes}.")

    def shapes(self) -> Iterator[tuple[Layer, Shape, Shape]]:
        """(layer, input shape, output shape) of one sample, in order."""
        shape = self.input_shape
        for layer in self.layers:
            output = layer.output_shape(shape)
            yield layer, shape, output
            shape = output

    def parameter_shapes(self) -> dict[str, Shape]:
        """Canonical shape of every parameter, as "<layer>.weight" and "<layer>.bias"."""
        return {
            f"{layer.name}.{part}": size
            for layer, shape, _ in self.shapes()
            for part, size in layer.parameter_shapes(shape).items()
        }

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return sum(math.prod(shape) for shape in self.parameter_shapes().values())


class LayerSummary(msgspec.Struct, frozen=True):
    """One row of a model summary."""

    name: str
    kind: str
    output_shape: Shape
    parameters: int


def summary(workload: Workload) -> list[LayerSummary]:
    """The model layer by layer, the same for every framework."""
    return [
        LayerSummary(
            layer.name,
            type(layer).__name__,
            output,
            sum(math.prod(size) for size in layer.parameter_shapes(shape).values()),
        )
        for layer, shape, output in workload.shapes()
    ]
