"""Work of convolutions of any rank, forward and backward: 2 for each weight at each position.

Padding counts as any other input, biases are left out, as in `torch.utils.flop_counter`. In a
gradient of the weight each group meets its own channels only; that counter takes all of them, so
for `groups` > 1 it gives `groups` times as many there.
"""

import math
from collections.abc import Callable

from analysis.formulas.call import Call, Counted, Shape, UnknownWorkError

SIGNATURES = {
    "convolution": "x weight bias stride padding dilation transposed output_padding groups",
    "_convolution": "x weight bias stride padding dilation transposed output_padding groups",
    "convolution_overrideable": "x weight bias stride padding dilation transposed output_padding "
    "groups",
    "conv1d": "x weight bias stride padding dilation groups",
    "conv2d": "x weight bias stride padding dilation groups",
    "conv3d": "x weight bias stride padding dilation groups",
    "cudnn_convolution": "x weight padding stride dilation groups",
    "cudnn_convolution_relu": "x weight bias stride padding dilation groups",
    "mkldnn_convolution": "x weight bias padding stride dilation groups",
    "miopen_convolution": "x weight bias padding stride dilation groups",
    "_slow_conv2d_forward": "x weight kernel bias stride padding",
    "slow_conv3d_forward": "x weight kernel bias stride padding",
    "thnn_conv2d": "x weight kernel bias stride padding",
    "_conv_depthwise2d": "x weight kernel bias stride padding dilation",
    "conv_depthwise3d": "x weight kernel bias stride padding dilation",
    "slow_conv_dilated2d": "x weight kernel bias stride padding dilation",
    "slow_conv_dilated3d": "x weight kernel bias stride padding dilation",
}
TRANSPOSED = {
    "conv_transpose1d": "x weight bias stride padding output_padding groups dilation",
    "conv_transpose2d": "x weight bias stride padding output_padding groups dilation",
    "conv_transpose3d": "x weight bias stride padding output_padding groups dilation",
    "cudnn_convolution_transpose": "x weight padding output_padding stride dilation groups",
    "miopen_convolution_transpose": "x weight bias padding output_padding stride dilation groups",
    "slow_conv_transpose2d": "x weight kernel bias stride padding output_padding dilation",
    "slow_conv_transpose3d": "x weight kernel bias stride padding output_padding dilation",
}
BACKWARD = {
    "convolution_backward": "gradient x weight bias_sizes stride padding dilation transposed "
    "output_padding groups mask",
    "convolution_backward_overrideable": "gradient x weight stride padding dilation transposed "
    "output_padding groups mask",
}
"""The arguments of each op, in its order."""


def forward(signature: str, transposed: bool | None) -> Callable[[Call], Counted]:
    """Input (batch, channels, ...) or without batch, weight (filters, channels of a group, ...)."""
    place = {name: i for i, name in enumerate(signature.split())}

    def formula(call: Call) -> Counted:
        x, weight = call.shape(place["x"]), call.shape(place["weight"])
        x = (1, *x) if len(x) == len(weight) - 1 else x
        rank = len(weight) - 2
        if len(x) != len(weight) or rank < 1:
            raise UnknownWorkError
        turned = call.flags(place["transposed"])[0] if transposed is None else transposed
        spatial = _spatial(call, place, x[2:], weight[2:], turned)
        groups = call.numbers(place["groups"], 1)[0] if "groups" in place and turned else 1
        channels = weight[1] * groups if turned else weight[0]
        positions = math.prod(x[2:] if turned else spatial)
        return Counted(
            2 * x[0] * positions * math.prod(weight), x[0] * channels * math.prod(spatial)
        )

    return formula


def backward(signature: str) -> Callable[[Call], Counted]:
    """Each of the two gradients takes as many operations as the forward convolution."""
    place = {name: i for i, name in enumerate(signature.split())}

    def formula(call: Call) -> Counted:
        gradient, x, weight = (call.shape(place[name]) for name in ("gradient", "x", "weight"))
        if not len(gradient) == len(x) == len(weight) or len(x) < 3 or gradient[0] != x[0]:
            raise UnknownWorkError
        turned = call.flags(place["transposed"])[0]
        of_x, of_weight, of_bias = call.flags(place["mask"])[:3]
        positions = math.prod((x if turned else gradient)[2:])
        once = 2 * x[0] * positions * math.prod(weight)
        outputs = of_x * math.prod(x) + of_weight * math.prod(weight) + of_bias * gradient[1]
        return Counted(once * (of_x + of_weight), outputs)

    return formula


def _spatial(call: Call, place: dict[str, int], sides: Shape, kernel: Shape, turned: bool) -> Shape:
    """Output sides of a convolution; of a transposed one the sides that it would come from."""

    def numbers(name: str, default: int) -> Shape:
        return call.numbers(place[name], len(sides)) if name in place else (default,) * len(sides)

    stride, padding, dilation = numbers("stride", 1), numbers("padding", 0), numbers("dilation", 1)
    rest = numbers("output_padding", 0) if turned else (0,) * len(sides)
    if min(stride) < 1 or min(padding) < 0 or min(dilation) < 1 or min(kernel) < 1:
        raise UnknownWorkError
    result = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + o + 1
        if turned
        else (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d, o in zip(sides, kernel, stride, padding, dilation, rest, strict=True)
    )
    if min(result) < 0:
        raise UnknownWorkError
    return result


FORMULAS: dict[str, Callable[[Call], Counted]] = {
    **{
        name: forward(text, None if "transposed" in text else False)
        for name, text in SIGNATURES.items()
    },
    **{name: forward(text, True) for name, text in TRANSPOSED.items()},
    **{name: backward(text) for name, text in BACKWARD.items()},
}
"""By aten name without `aten::`."""
