"""Work of recurrent layers that one op computes whole: the products of inputs and of states."""

import math
from collections.abc import Callable

from analysis.formulas.call import Call, Counted, UnknownWorkError


def layer(call: Call) -> Counted:
    """Inputs (length, batch, size); weights (gates, size) of inputs and (gates, units) of states.

    What the gates do element by element is left out.
    """
    inputs, by_input, by_state = (call.shape(place) for place in range(3))
    fits = (
        len(inputs) == 3
        and len(by_input) == len(by_state) == 2
        and inputs[-1] == by_input[1]
        and by_input[0] == by_state[0]
    )
    if not fits:
        raise UnknownWorkError
    length, batch = inputs[:2]
    units = by_state[1]
    flops = 2 * length * batch * by_input[0] * (by_input[1] + units)
    return Counted(flops, length * batch * units + 2 * batch * units)


def layer_backward(call: Call) -> Counted:
    """Each product by both of its factors; gradients of inputs, weights, biases and states."""
    outputs = sum(math.prod(call.shape(place)) for place in range(7))
    return Counted(2 * layer(call).flops, outputs)


FORMULAS: dict[str, Callable[[Call], Counted]] = {
    "mkldnn_rnn_layer": layer,
    "mkldnn_rnn_layer_backward": layer_backward,
}
"""By aten name without `aten::`."""
