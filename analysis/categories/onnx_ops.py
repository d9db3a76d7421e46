"""Rules for the operators of ONNX as ONNX Runtime's profile names them, its own ones included."""

import re

from analysis.categories.rules import Category, Meaning, Rules

LAYOUT, ELEMENTWISE, ACTIVATION = Category.LAYOUT, Category.ELEMENTWISE, Category.ACTIVATION
MATMUL, CONVOLUTION, RUNTIME = Category.MATMUL, Category.CONVOLUTION, Category.RUNTIME
NORMALISATION, RECURRENT, LOSS = Category.NORMALISATION, Category.RECURRENT, Category.LOSS
SUFFIX = re.compile(r"_(?:kernel_time|fence_before|fence_after)$|_(?:nchwc|token_\d+)(?=$|_)")

ONNX = Rules(
    {
        (
            MATMUL,
            "matmul",
        ): "MatMul TransposeMatMul FusedMatMul MatMulInteger* MatMulNBits QLinearMatMul "
        "DynamicQuantizeMatMul",
        (MATMUL, "matmul", "bias"): "Gemm FusedGemm QGemm MatMulBias* *BiasGelu*MatMul",
        (MATMUL, "matmul", "bias activation"): "FusedMatMulActivation GemmFastGelu MoE QMoE",
        (CONVOLUTION, "convolution", "bias"): "Conv ConvTranspose ConvInteger QLinearConv "
        "NhwcConv DeformConv ConvTransposeWithDynamicPads",
        (CONVOLUTION, "convolution", "bias activation"): "FusedConv NhwcFusedConv",
        (CONVOLUTION, "reorder"): "ReorderInput ReorderOutput",
        (CONVOLUTION, "convolution_backward"): "ConvGrad",
        (Category.ATTENTION, "attention"): "*Attention RotaryEmbedding RelativePositionBias "
        "GroupQueryAttention",
        (RECURRENT, "lstm"): "LSTM DynamicQuantizeLSTM",
        (RECURRENT, "gru"): "GRU",
        (RECURRENT, "rnn"): "RNN Scan Loop",
        (NORMALISATION, "batch_norm"): "BatchNormalization",
        (NORMALISATION, "layer_norm"): "LayerNormalization SkipLayerNormalization "
        "EmbedLayerNormalization LpNormalization",
        (NORMALISATION, "rms_norm"): "SimplifiedLayerNormalization RMSNormalization "
        "SkipSimplifiedLayerNormalization",
        (NORMALISATION, "group_norm"): "GroupNorm GroupNormalization SkipGroupNorm",
        (NORMALISATION, "instance_norm"): "InstanceNormalization MeanVarianceNormalization LRN",
        (ACTIVATION, "relu"): "ThresholdedRelu Clip",
        (ACTIVATION, "gelu"): "Gelu FastGelu BiasGelu QuickGelu",
        (ACTIVATION, "leaky_relu"): "PRelu",
        (ACTIVATION, "silu"): "HardSwish Mish Swish SwiGLU",
        (ACTIVATION, "sigmoid"): "HardSigmoid",
        (ACTIVATION, "elu"): "Celu",
        (ACTIVATION, "softplus"): "Shrink",
        (LOSS, "softmax"): "Hardmax BiasSoftmax",
        (LOSS, "cross_entropy"): "SoftmaxCrossEntropyLoss* NegativeLogLikelihoodLoss",
        (Category.POOLING, "average_pool"): "GlobalAveragePool AveragePool GlobalLpPool LpPool",
        (Category.POOLING, "max_pool"): "GlobalMaxPool MaxUnpool MaxRoiPool NhwcMaxPool",
        (Category.POOLING, "resize"): "Upsample GridSample RoiAlign AffineGrid CenterCropPad",
        (Category.EMBEDDING, "embedding"): "EmbeddingBag",
        (Category.RANDOM, "random"): "Bernoulli Trilu RandomUniformLike RandomNormalLike",
        (LAYOUT, "copy"): "MemcpyToHost MemcpyFromHost",
        (LAYOUT, "cast"): "QuantizeLinear DequantizeLinear DynamicQuantizeLinear CastLike BitCast",
        (LAYOUT, "reshape"): "Flatten Unsqueeze Expand",
        (LAYOUT, "slice"): "Col2Im SplitToSequence Compress",
        (LAYOUT, "gather"): "GatherElements GatherND GatherBlockQuantized",
        (LAYOUT, "scatter"): "ScatterElements ScatterND ScatterND*",
        (LAYOUT, "fill"): "Constant ConstantOfShape EyeLike Blackman* Hann* Hamming*",
        (LAYOUT, "concatenate"): "ConcatFromSequence Sequence*",
        (Category.REDUCTION, "sum"): "ReduceSum* ReduceL1 ReduceLogSum",
        (Category.REDUCTION, "norm"): "ReduceL2",
        (Category.REDUCTION, "mean"): "ReduceMean",
        (Category.REDUCTION, "max"): "ReduceMax ReduceMin",
        (Category.REDUCTION, "product"): "ReduceProd",
        (Category.REDUCTION, "scan"): "CumSum CumProd",
        (LOSS, "loss"): "ReduceLogSumExp",
        (Category.SEARCH, "sort"): "NonZero BeamSearch GreedySearch Sampling",
        (Category.ALGEBRA, "fft"): "DFT STFT",
        (Category.ALGEBRA, "solve"): "Det Inverse",
        (ELEMENTWISE, "logical"): "And Or Xor Not BitShift",
        (ELEMENTWISE, "compare"): "GreaterOrEqual LessOrEqual IsNaN",
        (
            RUNTIME,
            "session",
        ): "model_run model_loading_* session_initialization SequentialExecutor* "
        "*Executor::Execute parallel_*",
    }
)
"""Operators that TensorFlow has no type of the same name for."""


def find(name: str) -> Meaning | None:
    """What an operator stands for, None if no rule knows it; `_kernel_time` at the end is cut."""
    return ONNX.find(SUFFIX.sub("", name).removeprefix("com.microsoft."))
