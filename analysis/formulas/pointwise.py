"""Work of ops that pass over elements: element-wise, reductions, normalisation, pooling, moves.

Conventions, for an element: 1 for any function of one or two values, be it an addition, an
exponential or an error function, as hardware and libraries differ too much for anything finer; 3
for lerp, addcmul and addcdiv; 1 for each input of a reduction. Softmax takes 5 (maximum,
difference, exponential, sum, quotient), its gradient 4. Normalisation takes 8 (mean 1, variance 3,
normalise 2, scale and shift 2), its gradient 11; without a mean (RMS) 4 and 8. A step of fused
Adam takes 13 for each parameter, of fused SGD 4. Moving data takes none.
"""

import math
from collections.abc import Callable

from analysis.categories.rules import Category
from analysis.categories.torch_ops import aten
from analysis.formulas.call import Call, Counted, UnknownWorkError, broadcast, parse_numbers

Formula = Callable[[Call], Counted]
COSTS = {"multiply_add": 3, "accumulate_grad": 1}
PASSES = (Category.ELEMENTWISE, Category.ACTIVATION)


def element_wise(cost: int, output_bytes: int | None = None) -> Formula:
    """`cost` for each output element; lists of tensors (`_foreach_`) element by element."""

    def formula(call: Call) -> Counted:
        if not call.tensors:
            raise UnknownWorkError
        if any(len(call.shapes[i]) > 1 for i in call.tensors):
            outputs = call.elements(call.tensors[0])
        else:
            outputs = math.prod(broadcast([call.shape(i) for i in call.tensors]))
        return Counted(cost * outputs, outputs, None, output_bytes)

    return formula


def like(position: int, cost: int) -> Formula:
    """`cost` for each element of one argument, an output of the same shape."""

    def formula(call: Call) -> Counted:
        elements = call.elements(position)
        return Counted(cost * elements, elements)

    return formula


def reduction(call: Call) -> Counted:
    """1 for each input element; the second argument names the axes, all of them if it is empty."""
    shape = call.shape(0)
    text = call.texts[1] if len(call.texts) > 1 else ""
    if not call.texts and len(call.shapes) > 1:
        raise UnknownWorkError
    try:
        axes = {axis % len(shape) for axis in parse_numbers(text)} if shape else set()
    except UnknownWorkError:
        axes = set(range(len(shape)))
    kept = math.prod(size for axis, size in enumerate(shape) if axis not in axes)
    return Counted(math.prod(shape), kept)


def pooling(call: Call) -> Counted:
    """One comparison or addition for each element of each window.

    Arguments: input, kernel, stride (empty: the kernel), padding, the dilation of a maximum,
    whether a last window may hang over the edge (then the work is not known).
    """
    shape = call.shape(0)
    rank = len(parse_numbers(call.text(1)))
    kernel = call.numbers(1, rank)
    if len(shape) <= rank or min(kernel) < 1:
        raise UnknownWorkError
    given = call.text(2).strip("[] ")
    stride = call.numbers(2, rank) if given else kernel
    padding = call.numbers(3, rank)
    dilated = len(call.texts) > 4 and call.texts[4].startswith("[")
    dilation = call.numbers(4, rank) if dilated else (1,) * rank
    if call.flags(5 if dilated else 4)[0]:  # a last window over the edge
        raise UnknownWorkError
    if min(dilation) < 1 or min(stride) < 1 or min(padding) < 0:
        raise UnknownWorkError
    sides = (
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(shape[-rank:], kernel, stride, padding, dilation, strict=True)
    )
    outputs = math.prod(shape[:-rank]) * math.prod(max(side, 0) for side in sides)
    return Counted(outputs * math.prod(kernel), outputs)


def spread(call: Call) -> Counted:
    """A gradient (argument 0) that is added into the shape of argument 1: 1 for each element."""
    return Counted(call.elements(0), call.elements(1))


def windows_spread(call: Call) -> Counted:
    """The gradient of average pooling: each goes to every element of its window."""
    kernel = math.prod(parse_numbers(call.text(2)))
    return Counted(call.elements(0) * kernel, call.elements(1))


def embedding(call: Call) -> Counted:
    """Rows (argument 0) chosen by indices (argument 1): no arithmetic, what is chosen is moved.

    The table counts with the rows that are read, so twice what is written beside the indices.
    """
    outputs = call.elements(1) * math.prod(call.shape(0)[1:])
    return Counted(0, 2 * outputs, (1,), call.element_bytes(0) if call.types else None)


def moved(call: Call) -> Counted:
    """As many elements written as the tensors of the first argument hold."""
    return Counted(0, call.elements(0))


def filled(call: Call) -> Counted:
    """Written only."""
    return Counted(0, call.elements(0), (), call.element_bytes(0) if call.types else None)


def copied(call: Call) -> Counted:
    """The second argument is read, the first one written in its own type."""
    return Counted(0, call.elements(0), (1,), call.element_bytes(0) if call.types else None)


NORM, NORM_BACKWARD = like(0, 8), like(1, 11)
FORMULAS: dict[str, Formula] = {
    **dict.fromkeys(("softmax", "log_softmax", "_softmax", "_log_softmax"), like(0, 5)),
    **dict.fromkeys(("_softmax_backward_data", "_log_softmax_backward_data"), like(0, 4)),
    **dict.fromkeys(
        (
            "batch_norm",
            "native_batch_norm",
            "cudnn_batch_norm",
            "miopen_batch_norm",
            "layer_norm",
            "_native_batch_norm_legit",
            "native_layer_norm",
            "group_norm",
            "native_group_norm",
            "instance_norm",
            "_batch_norm_with_update",
        ),
        NORM,
    ),
    **dict.fromkeys(
        (
            "native_batch_norm_backward",
            "native_layer_norm_backward",
            "native_group_norm_backward",
            "batch_norm_backward",
        ),
        NORM_BACKWARD,
    ),
    **dict.fromkeys(("cudnn_batch_norm_backward", "miopen_batch_norm_backward"), like(0, 11)),
    **dict.fromkeys(("rms_norm", "_fused_rms_norm"), like(0, 4)),
    "_fused_rms_norm_backward": like(1, 8),
    **dict.fromkeys(
        (
            "sum",
            "mean",
            "amax",
            "amin",
            "prod",
            "argmax",
            "argmin",
            "any",
            "all",
            "logsumexp",
            "nansum",
        ),
        reduction,
    ),
    **dict.fromkeys(("cumsum", "cumprod"), like(0, 1)),
    **dict.fromkeys(
        (
            "max_pool1d",
            "max_pool2d",
            "max_pool3d",
            "max_pool2d_with_indices",
            "max_pool3d_with_indices",
            "avg_pool1d",
            "avg_pool2d",
            "avg_pool3d",
        ),
        pooling,
    ),
    **dict.fromkeys(
        (
            "max_pool2d_with_indices_backward",
            "max_pool3d_with_indices_backward",
            "_adaptive_avg_pool2d_backward",
            "_adaptive_avg_pool3d_backward",
        ),
        spread,
    ),
    **dict.fromkeys(("avg_pool2d_backward", "avg_pool3d_backward"), windows_spread),
    "embedding": embedding,
    "embedding_dense_backward": like(0, 1),
    **dict.fromkeys(("_fused_adam_", "_fused_adamw_"), like(0, 13)),
    "_fused_sgd_": like(0, 4),
    **dict.fromkeys(("clone", "contiguous", "_to_copy", "cat"), moved),
    **dict.fromkeys(("fill_", "zero_"), filled),
    "copy_": copied,
}
"""By aten name without `aten::`."""


def of_elements(name: str) -> Formula | None:
    """The formula of an element-wise op or an activation, or its gradient; None if it is none."""
    meaning = aten(name)
    if meaning is None or meaning.category not in PASSES:
        return None
    if meaning.op == "compare" or name.startswith("logical_"):
        return element_wise(1, 1)
    return element_wise(COSTS.get(meaning.op, 1))
