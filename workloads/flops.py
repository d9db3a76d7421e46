"""The floating-point operations of a model's matrix products, by the definitions of its layers.

A multiplication and an addition count as two. What is not a product of matrices (activations,
norms, sums, the loss, the optimizer) is left out, and so is what an implementation computes twice
to keep less in memory.
"""

import math

import msgspec

from workloads.layers import Attention, Conv2d, Linear, Lstm, Shape
from workloads.spec import INPUT, Placed, Workload


class LayerFlops(msgspec.Struct, frozen=True):
    """Operations of a layer for one sample: forward, and backward in two parts.

    `by_inputs` are those of gradients by values, which a layer needs none of where nothing before
    it learns; `by_weights` those of gradients by parameters.
    """

    forward: int
    by_weights: int
    by_inputs: int

    @property
    def training(self) -> int:
        """All of a training step."""
        return self.forward + self.by_weights + self.by_inputs


def per_sample(workload: Workload) -> dict[str, LayerFlops]:
    """Each layer's operations for one sample, by its name."""
    learning = {INPUT: False}
    found = {}
    for placed in workload.placed():
        given = any(learning[name] for name in placed.inputs)
        parameters = placed.layer.parameters(placed.shape).values()
        learning[placed.layer.name] = given or any(each.trainable for each in parameters)
        found[placed.layer.name] = _of_layer(placed, given)
    return found


def per_step(workload: Workload, batch_size: int, training: bool) -> int:
    """Operations of a step: forward, and in training backward."""
    layers = per_sample(workload).values()
    return batch_size * sum(each.training if training else each.forward for each in layers)


def _of_layer(placed: Placed, given: bool) -> LayerFlops:
    """`given` says whether its inputs need a gradient."""
    match placed.layer:
        case Conv2d() as conv:
            channels = placed.shape[2]
            once = 2 * conv.kernel**2 * channels * math.prod(placed.output)
            return LayerFlops(once, once, given * once)
        case Linear():
            once = 2 * placed.shape[-1] * math.prod(placed.output)
            return LayerFlops(once, once, given * once)
        case Attention():
            return _of_attention(placed.shape, given)
        case Lstm() as lstm:
            return _of_lstm(placed.shape, lstm.units, given)
    return LayerFlops(0, 0, 0)


def _of_attention(shape: Shape, given: bool) -> LayerFlops:
    """Four projections; scores and weighted sums of values, masked or not."""
    length, width = shape
    projection = 2 * length * width**2
    products = 2 * (2 * length**2 * width)
    return LayerFlops(
        4 * projection + products,
        4 * projection,
        (1 + 3 * given) * projection + 2 * products,
    )


def _of_lstm(shape: Shape, units: int, given: bool) -> LayerFlops:
    """The state before the first place is constant, so no gradient is taken by it."""
    length, inputs = shape
    by_input, by_state = (2 * 4 * units * size for size in (inputs, units))
    both = length * (by_input + by_state)
    return LayerFlops(both, both, given * length * by_input + (length - 1) * by_state)
