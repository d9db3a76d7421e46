"""What a model is, said once for every framework: its layers, how they are joined, its task."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from workloads.layers import (
    Add,
    AnyLayer,
    BatchNorm,
    Embedding,
    Flatten,
    LayerNorm,
    Linear,
    Parameter,
    Relu,
    Shape,
)

Option = int | float | str

INPUT = "input"
LAYER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class WorkloadError(ValueError):
    """The workload or its data can't be what was asked: one sentence that says what to do."""


class Placed(msgspec.Struct, frozen=True):
    """A layer in its model: the names of its inputs, the shape of the first, that of its output."""

    layer: AnyLayer
    inputs: tuple[str, ...]
    shape: Shape
    output: Shape


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """Time that a test of the analysis has a run spend, so that it is known where it should appear.

    `burden_ms` is arithmetic in the forward of the layer `burden_layer`, `wait_ms` is waiting for
    each batch. Neither changes what is computed.
    """

    burden_layer: str = ""
    burden_ms: float = 0.0
    wait_ms: float = 0.0

    def __str__(self) -> str:
        burden = f"{self.burden_ms:g} ms of arithmetic in {self.burden_layer}"
        wait = f"{self.wait_ms:g} ms of waiting for each batch"
        return " and ".join([burden] * bool(self.burden_ms) + [wait] * bool(self.wait_ms))


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A model with its task. Images are NHWC; the last layer gives logits, one for each class.

    A sample is an image or a vector of numbers, or where the first layer is an embedding, a
    sequence of tokens; the logits are one vector a sample, or one for each place of a
    sequence. `learning_rates` are those of the optimizers by name; the loss is the mean
    cross-entropy. `options` are what the function that made it was given, by keyword, and what
    is planted in its runs.
    """

    name: str
    title: str
    source: str
    input_shape: Shape
    classes: int
    layers: tuple[AnyLayer, ...]
    data: str
    batch_size: int = 32
    learning_rates: dict[str, float] = msgspec.field(
        default_factory=lambda: {"adam": 1e-3, "sgd": 1e-2}
    )
    options: dict[str, Option] = {}
    planted: Planted | None = None

    def __post_init__(self) -> None:
        self._check_names()
        output = self.output_shape
        if output[-1:] != (self.classes,):
            raise WorkloadError(f"{self.name}: the last layer gives {output}, not {self.classes}.")
        used = {name for placed in self.placed() for name in placed.inputs}
        for layer in self.layers[:-1]:
            if layer.name not in used:
                raise WorkloadError(f"{self.name}: no layer takes what {layer.name} gives.")
        flattened = self.flattened()
        for placed in self.placed():
            if isinstance(placed.layer, BatchNorm | LayerNorm) and placed.inputs[0] in flattened:
                raise WorkloadError(
                    f"{self.name}: {placed.layer.name} normalises a flattened image; put it "
                    "before the flatten, or after a linear layer."
                )

    def _check_names(self) -> None:
        names = [layer.name for layer in self.layers]
        twice = {name for name, count in Counter(names).items() if count > 1}
        if twice:
            raise WorkloadError(f"{self.name}: layer names must differ; twice: {sorted(twice)}.")
        for name in names:
            if not LAYER_NAME.fullmatch(name) or name == INPUT:
                raise WorkloadError(
                    f"{self.name}: {name!r} is no name for a layer; use letters, digits and _, a "
                    f'letter first, and not "{INPUT}".'
                )

    def placed(self) -> Iterator[Placed]:
        """Each layer with its inputs and shapes, in order."""
        shapes = {INPUT: self.input_shape}
        before = INPUT
        for layer in self.layers:
            inputs = layer.inputs or (before,)
            unknown = [name for name in inputs if name not in shapes]
            if unknown or len(inputs) != layer.takes:
                raise WorkloadError(
                    f"{self.name}: {layer.name} takes {layer.takes} earlier layer(s) as input, not "
                    f"{', '.join(inputs)}."
                )
            shape = shapes[inputs[0]]
            self._check_shape(layer, shape, [shapes[name] for name in inputs])
            shapes[layer.name] = layer.output_shape(shape)
            before = layer.name
            yield Placed(layer, inputs, shape, shapes[layer.name])

    def _check_shape(self, layer: AnyLayer, shape: Shape, shapes: list[Shape]) -> None:
        if isinstance(layer, Add) and len(set(shapes)) > 1:
            raise WorkloadError(f"{self.name}: {layer.name} can't add shapes {shapes}.")
        if problem := layer.problem(shape):
            raise WorkloadError(f"{self.name}: {layer.name} {problem}.")

    def parameters(self) -> dict[str, Parameter]:
        """Every parameter as "<layer>.<part>"."""
        return {
            f"{placed.layer.name}.{part}": parameter
            for placed in self.placed()
            for part, parameter in placed.layer.parameters(placed.shape).items()
        }

    def parameter_shapes(self) -> dict[str, Shape]:
        """Canonical shape of every parameter."""
        return {name: parameter.shape for name, parameter in self.parameters().items()}

    def rectified(self) -> set[str]:
        """The layers whose values go through a ReLU next."""
        return {
            name
            for placed in self.placed()
            for name in placed.inputs
            if isinstance(placed.layer, Relu)
        }

    def flattened(self) -> dict[str, Shape]:
        """For each layer that gives the values of an image in a row: the image's shape.

        Frameworks lay images out in different orders, and so such rows.
        """
        found: dict[str, Shape] = {}
        for placed in self.placed():
            if isinstance(placed.layer, Flatten) and len(placed.shape) == 3:
                found[placed.layer.name] = placed.shape
            elif not isinstance(placed.layer, Linear) and placed.inputs[0] in found:
                found[placed.layer.name] = found[placed.inputs[0]]
        return found

    @property
    def output_shape(self) -> Shape:
        """The shape of the logits of a sample: (classes,) or (length, classes)."""
        *_, last = self.placed()
        return last.output

    @property
    def vocabulary(self) -> int | None:
        """How many tokens there are; None where samples are no tokens."""
        sizes = [
            placed.layer.vocabulary
            for placed in self.placed()
            if isinstance(placed.layer, Embedding) and placed.inputs == (INPUT,)
        ]
        return sizes[0] if sizes else None

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return sum(math.prod(p.shape) for p in self.parameters().values() if p.trainable)

    @property
    def sha256(self) -> str:
        """A fingerprint of the model and its task, not of names and descriptions."""
        task = (self.input_shape, self.classes, self.layers, sorted(self.learning_rates.items()))
        return hashlib.sha256(msgspec.json.encode(task)).hexdigest()


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
            placed.layer.name,
            type(placed.layer).__name__,
            placed.output,
            sum(
                math.prod(parameter.shape)
                for parameter in placed.layer.parameters(placed.shape).values()
                if parameter.trainable
            ),
        )
        for placed in workload.placed()
    ]
