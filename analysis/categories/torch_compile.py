"""Rules for the kernels that torch.compile makes: their names say what was fused into them."""

import re

from analysis.categories.rules import Category, Meaning, fused, made_of
from analysis.categories.torch_ops import ATEN, aten

KERNEL = re.compile(
    r"(?:graph_\d+_)?(?:cpp_fused|(?:triton|pallas|cutedsl|cutlass)_[a-z]+_fused|mix_order_\w*?fused)"
    r"_?(?P<ops>.*?)_?\d*(?:\.kd)?"
)
TEMPLATE = re.compile(
    r"(?:triton|cutlass|cutedsl)_(?:tem_(?:fused_)?)?"
    r"(?P<op>mm|bmm|addmm|mm_plus_mm|convolution\w*|flex_attention\w*|flex_decoding)(?:_\w+)?"
)
GRADIENTS = (
    "max_pool2d_with_indices max_pool2d_with_indices_backward threshold_backward "
    "convolution_backward native_batch_norm native_batch_norm_backward native_layer_norm "
    "native_layer_norm_backward _native_batch_norm_legit_functional _softmax _log_softmax "
    "_softmax_backward_data _log_softmax_backward_data nll_loss_forward nll_loss_backward "
    "gelu_backward sigmoid_backward tanh_backward silu_backward embedding_dense_backward "
    "avg_pool2d avg_pool2d_backward _adaptive_avg_pool2d native_dropout "
    "native_dropout_backward max_pool2d_with_offsets _low_memory_max_pool_with_offsets "
    "constant_pad_nd _unsafe_view _to_copy native_group_norm native_group_norm_backward "
    "new_zeros scatter_add index_put _unsafe_index _scaled_dot_product_flash_attention "
    "_fused_rms_norm scatter_reduce "
)
"""Ops whose names can be told from those around them only whole."""

WORDS = ATEN.names | {word: known for word in GRADIENTS.split() if (known := aten(word))}


def find(name: str) -> Meaning | None:
    """What a kernel of Inductor stands for, None if it is none; forward and gradient are parts.

    `cpp_fused_relu_threshold_backward_1` -> a fused kernel of relu and relu_backward;
    `triton_red_fused_sum_0` -> a sum, as nothing else is in it.
    """
    template = TEMPLATE.fullmatch(name)
    if template:
        return _template(template["op"])
    kernel = KERNEL.fullmatch(name)
    if kernel is None:
        return None
    parts = list(made_of(kernel["ops"], WORDS))
    return fused([part for part in parts if part.category != Category.LAYOUT] or parts)


def is_kernel(name: str) -> bool:
    """Whether Inductor made it, of one op or several."""
    return bool(TEMPLATE.fullmatch(name) or KERNEL.fullmatch(name))


def _template(op: str) -> Meaning | None:
    if op.startswith("flex"):
        return Meaning(
            Category.ATTENTION, "attention_backward" if "backward" in op else "attention"
        )
    return aten("convolution" if op.startswith("conv") else op.removesuffix("_plus_mm"))
