"""What a framework provides to have a model's arithmetic probed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from profilers.backend import Arrays
from profilers.parity_record import RandomLayer, Setting
from profilers.records import Settings
from workloads.native import AnyWorkload

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.int64]
Precision = Literal["float32", "float64"]
SUFFIX = "_probe"


@dataclass(frozen=True)
class FirstStep:
    """What a training step computes before it changes anything, in canonical layout.

    `layers` are the outputs by name, without those whose layout is not known.
    """

    layers: Mapping[str, Array]
    outputs: Array
    loss: float
    gradients: Mapping[str, Array]


class NamedLayer(NamedTuple):
    """A layer's class, and its name in the framework."""

    kind: str
    native: str


class ModelProbe(Protocol):
    """A model in training mode, in one of two precisions; batches are numbers of its samples.

    `layers` and `parameters` are those of the model by their shared names: of a layer its class and
    what the framework calls it, of a parameter that is trained the name of the tensor.
    """

    layers: Mapping[str, NamedLayer]
    parameters: Mapping[str, str]

    def layer_outputs(self, numbers: Numbers) -> Mapping[str, Array]:
        """The output of each layer, as `FirstStep` has them."""
        ...

    def first_step(self, numbers: Numbers) -> FirstStep:
        """Forward, loss and backward, from the weights as they are."""
        ...

    def losses(self, batches: Sequence[Numbers], rate: float) -> Iterator[float]:
        """The loss of a step of plain SGD on each batch, which changes the weights."""
        ...

    def audit(self, backend: Any) -> list[Setting]:
        """The settings that the objects of a built backend have, in the shared vocabulary.

        Comes after `first_step`.
        """
        ...

    def random_layers(self) -> list[RandomLayer]:
        """Layers of a kind that draws random numbers in training."""
        ...


def create(
    settings: Settings,
    workload: AnyWorkload,
    weights: Arrays,
    samples: Arrays,
    precision: Precision,
) -> ModelProbe:
    """Import the framework's probe and have it build the model."""
    module = import_module(f"profilers.{settings.framework}{SUFFIX}")
    probe: ModelProbe = module.create(settings, workload, weights, samples, precision)
    return probe
