"""Rules for XLA: HLO instructions and fusions, as the CPU, GPU and TPU compilers name them."""

import re

from analysis.categories import tensorflow_ops
from analysis.categories.rules import Category, Meaning, Rules, fused

LAYOUT, ELEMENTWISE, RUNTIME = Category.LAYOUT, Category.ELEMENTWISE, Category.RUNTIME
COMMUNICATION, MATMUL, LOSS = Category.COMMUNICATION, Category.MATMUL, Category.LOSS
CONVOLUTION, ALGEBRA = Category.CONVOLUTION, Category.ALGEBRA

HLO = Rules(
    {
        (MATMUL, "matmul"): "dot ragged-dot dot-general dot_general cublas-gemm* triton-gemm* "
        "gemm_fusion* triton_gemm* cublas-batch-gemm* *$gemm *$matmul* *$lt$matmul* "
        "ragged-dot-general cublas-lt-matmul* block-scaled-dot*",
        (CONVOLUTION, "convolution"): "convolution conv conv-general-dilated cudnn-conv "
        "*$convForward *$convBiasActivationForward *$convForwardGraph *$convolution*",
        (CONVOLUTION, "convolution_backward", "input"): "*$convBackwardInput cudnn-conv-bw-input*",
        (
            CONVOLUTION,
            "convolution_backward",
            "weight",
        ): "*$convBackwardFilter cudnn-conv-bw-filter*",
        (CONVOLUTION, "convolution", "bias activation"): "cudnn-conv-bias*",
        (Category.ATTENTION, "attention"): "*fmha* *flash_attention* *flash-attention*",
        (Category.NORMALISATION, "batch_norm"): "batch-norm-training batch-norm-inference",
        (Category.NORMALISATION, "batch_norm_backward"): "batch-norm-grad",
        (Category.NORMALISATION, "layer_norm"): "*$norm",
        (Category.POOLING, "max_pool"): "reduce-window",
        (Category.POOLING, "max_pool_backward"): "select-and-scatter",
        (LOSS, "softmax"): "*softmax*",
        (Category.RANDOM, "random"): "rng rng-bit-generator rng-get-and-update-state",
        (ALGEBRA, "solve"): "cholesky triangular-solve *$cholesky *$triangularSolve",
        (ALGEBRA, "fft"): "fft",
        (Category.SEARCH, "sort"): "sort topk *TopK* *DeviceRadixSort*",
        (Category.REDUCTION, "sum"): "reduce",
        (Category.REDUCTION, "scan"): "scan",
        (LAYOUT, "copy"): "copy copy-start copy-done *memcpy*",
        (LAYOUT, "cast"): "convert bitcast-convert reduce-precision stochastic-convert",
        (LAYOUT, "transpose"): "transpose",
        (LAYOUT, "reshape"): "reshape bitcast broadcast dynamic-reshape get-tuple-element tuple",
        (LAYOUT, "slice"): "slice dynamic-slice dynamic-update-slice",
        (LAYOUT, "concatenate"): "concatenate",
        (LAYOUT, "gather"): "gather",
        (LAYOUT, "scatter"): "scatter",
        (LAYOUT, "pad"): "pad",
        (LAYOUT, "repeat"): "reverse",
        (LAYOUT, "fill"): "iota constant",
        (COMMUNICATION, "all_reduce"): "all-reduce all-reduce-start all-reduce-done",
        (COMMUNICATION, "all_gather"): "all-gather all-gather-start all-gather-done",
        (COMMUNICATION, "reduce_scatter"): "reduce-scatter*",
        (COMMUNICATION, "all_to_all"): "all-to-all ragged-all-to-all",
        (COMMUNICATION, "send_receive"): "collective-permute* send send-done recv recv-done "
        "collective-broadcast partition-id replica-id",
        (COMMUNICATION, "copy_host_device"): "infeed outfeed",
        (RUNTIME, "call"): "call while conditional async-start async-update async-done "
        "custom-call command_buffer* call_wrapper* async-* command-buffer*",
        (RUNTIME, "bookkeeping"): "parameter after-all opt-barrier optimization-barrier domain "
        "add-dependency get-dimension-size set-dimension-size assert",
        (ELEMENTWISE, "add"): "add",
        (ELEMENTWISE, "subtract"): "subtract",
        (ELEMENTWISE, "multiply"): "multiply",
        (ELEMENTWISE, "divide"): "divide",
        (ELEMENTWISE, "remainder"): "remainder",
        (ELEMENTWISE, "square_root"): "sqrt cbrt",
        (ELEMENTWISE, "reciprocal_square_root"): "rsqrt",
        (ELEMENTWISE, "power"): "power",
        (ELEMENTWISE, "exponential"): "exponential exponential-minus-one",
        (ELEMENTWISE, "logarithm"): "log log-plus-one",
        (ELEMENTWISE, "negate"): "negate",
        (ELEMENTWISE, "absolute"): "abs sign",
        (ELEMENTWISE, "maximum"): "maximum",
        (ELEMENTWISE, "minimum"): "minimum",
        (ELEMENTWISE, "clamp"): "clamp",
        (ELEMENTWISE, "round"): "floor ceil round-nearest-afz round-nearest-even",
        (ELEMENTWISE, "compare"): "compare is-finite",
        (ELEMENTWISE, "select"): "select",
        (ELEMENTWISE, "logical"): "and or xor not shift-left shift-right-arithmetic "
        "shift-right-logical popcnt count-leading-zeros",
        (ELEMENTWISE, "trigonometry"): "sine cosine tan atan2",
        (ELEMENTWISE, "special"): "complex real imag map erf",
        (Category.ACTIVATION, "tanh"): "tanh",
        (Category.ACTIVATION, "sigmoid"): "logistic",
    }
)
"""By opcode, or by the target of a custom call."""

NUMBER = re.compile(r"(?:\.(?:\d+|clone|remat\d*|kd))+$|_\d+(?:\.kd)?$")
FUSION = re.compile(
    r"(?:(?:loop|input|wrapped|horizontal\w*|__?onednn|ynn|yn|cudnn|triton|sort)_)?"
    r"(?P<ops>[a-z0-9_-]*?)_?fusion"
)
KIND = re.compile(r"^(?:loop|input|transpose_in|horizontal\w*?|triton|sort|output|custom)_")
WRAPPED = re.compile(r"wrapped_(?P<op>[a-z0-9_-]+)")


def find(name: str) -> Meaning | None:
    """What an instruction or a fusion stands for; None if it is none, or only its number is known.

    `divide_subtract_fusion.3` is a fused kernel of a division and a subtraction; the CPU compiler
    names a fusion after some of the instructions in it. What XLA `wrapped_` is one instruction.
    Instructions that kept the name of their TensorFlow op (`MatMul.14`) are that op.
    """
    plain = _plain(name)
    wrapped = WRAPPED.fullmatch(plain)
    known = HLO.find(wrapped["op"] if wrapped else plain)
    if known:
        return known
    if FUSION.fullmatch(plain):
        return _fusion(plain)
    base = NUMBER.sub("", plain)
    return HLO.find(base) or (tensorflow_ops.find(base) if name != base else None)


def is_fusion(name: str) -> bool:
    """Whether an instruction was made of others."""
    return FUSION.fullmatch(_plain(name)) is not None


def _plain(name: str) -> str:
    return NUMBER.sub("", name.removeprefix("%").removeprefix("loop_").removesuffix(".kd"))


def _fusion(plain: str) -> Meaning:
    text = KIND.sub("", plain.removesuffix("fusion")).strip("_")
    parts = [known for word in text.split("_") if word and (known := HLO.find(word))]
    if MATMUL in (part.category for part in parts):
        return Meaning(MATMUL, "matmul", tuple(part.op for part in parts if part.op != "matmul"))
    moved = [part for part in parts if part.category != LAYOUT]
    whole = fused(moved or parts)
    return (
        whole
        if whole.category == LAYOUT
        else Meaning(
            Category.FUSED,
            "fused",
            whole.parts or ((whole.op,) if whole.category != Category.FUSED else ()),
        )
    )
