"""Work of matrix products and attention: a multiplication with its addition counts as two.

Biases and the softmax of attention are left out, and a causal mask halves nothing, as in
`torch.utils.flop_counter`. The backward formula of fused attention counts the scores that it
computes again, so five products where the forward has two.
"""

import math
from collections.abc import Callable

from analysis.formulas.call import Call, Counted, Shape, UnknownWorkError, broadcast

Formula = Callable[[Call], Counted]


def product(left: int, right: int) -> Formula:
    """(..., m, k) times (..., k, n), as numpy and `torch.matmul` read shapes: also vectors."""

    def formula(call: Call) -> Counted:
        flops, outputs = matmul(call.shape(left), call.shape(right))
        return Counted(flops, outputs)

    return formula


def matmul(a: Shape, b: Shape) -> tuple[int, int]:
    """(flops, output elements) of a product of two shapes; batch axes are broadcast."""
    if not a or not b:
        raise UnknownWorkError
    rows = a[-2] if len(a) > 1 else 1
    columns = b[-1] if len(b) > 1 else 1
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise UnknownWorkError
    outputs = math.prod(broadcast([a[:-2], b[:-2]])) * rows * columns
    return 2 * outputs * inner, outputs


def linear(call: Call) -> Counted:
    """(..., k) times the transpose of a weight (n, k)."""
    inputs, weight = call.shape(0), call.shape(1)
    if len(weight) != 2 or not inputs or inputs[-1] != weight[1]:
        raise UnknownWorkError
    outputs = math.prod(inputs[:-1]) * weight[0]
    return Counted(2 * outputs * weight[1], outputs)


def outer(call: Call) -> Counted:
    """A multiplication for each pair of elements."""
    outputs = call.elements(0) * call.elements(1)
    return Counted(outputs, outputs)


def attention(heads: int) -> Formula:
    """Scores and their product with the values.

    Args:
        heads: the axis of the heads, from the end: -3 for (batch, heads, length, size), -2 for
            (batch, length, heads, size). Keys may have fewer heads than queries; they are shared.
    """

    def formula(call: Call) -> Counted:
        batch, queries, keys, size, value_size = _lengths(heads, *(call.shape(i) for i in range(3)))
        return Counted(
            2 * batch * queries * keys * (size + value_size), batch * queries * value_size
        )

    return formula


def attention_backward(heads: int) -> Formula:
    """Scores again, then the gradients of scores, values, queries and keys.

    The arguments begin with the gradient of the output; `heads` as in `attention`.
    """

    def formula(call: Call) -> Counted:
        gradient = call.shape(0)
        shapes = [call.shape(i) for i in range(1, 4)]
        batch, queries, keys, size, value_size = _lengths(heads, *shapes)
        if math.prod(gradient) != batch * queries * value_size:
            raise UnknownWorkError
        outputs = sum(math.prod(shape) for shape in shapes)
        return Counted(2 * batch * queries * keys * (3 * size + 2 * value_size), outputs)

    return formula


def _lengths(heads: int, query: Shape, key: Shape, value: Shape) -> tuple[int, int, int, int, int]:
    """(batch times heads, queries, keys, size, value size) of three shapes of rank 4."""
    if not len(query) == len(key) == len(value) == 4:
        raise UnknownWorkError
    length = -2 if heads == -3 else -3
    fits = (
        query[0] == key[0] == value[0]
        and query[-1] == key[-1]
        and key[length] == value[length]
        and key[heads] == value[heads]
        and key[heads] > 0
        and query[heads] % key[heads] == 0
    )
    if not fits:
        raise UnknownWorkError
    return query[0] * query[heads], query[length], key[length], query[-1], value[-1]


FORMULAS: dict[str, Formula] = {
    **dict.fromkeys(
        ("mm", "bmm", "matmul", "mv", "dot", "vdot", "inner", "_scaled_mm", "_int_mm"),
        product(0, 1),
    ),
    **dict.fromkeys(("addmm", "baddbmm", "addmv", "_addmm_activation"), product(1, 2)),
    "linear": linear,
    "outer": outer,
    "ger": outer,
    **dict.fromkeys(
        (
            "scaled_dot_product_attention",
            "_scaled_dot_product_flash_attention",
            "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_efficient_attention",
            "_scaled_dot_product_cudnn_attention",
            "_scaled_dot_product_fused_attention_overrideable",
            "_scaled_dot_product_attention_math",
        ),
        attention(-3),
    ),
    **dict.fromkeys(("_flash_attention_forward", "_efficient_attention_forward"), attention(-2)),
    **dict.fromkeys(
        (
            "_scaled_dot_product_flash_attention_backward",
            "_scaled_dot_product_flash_attention_for_cpu_backward",
            "_scaled_dot_product_efficient_attention_backward",
            "_scaled_dot_product_cudnn_attention_backward",
            "_scaled_dot_product_fused_attention_overrideable_backward",
        ),
        attention_backward(-3),
    ),
    **dict.fromkeys(
        ("_flash_attention_backward", "_efficient_attention_backward"), attention_backward(-2)
    ),
}
"""By aten name without `aten::` and without the underscore of ops in place."""
