"""Rules for kernels of CUDA and ROCm by their names: torch's own, cuDNN, cuBLAS, MIOpen, NCCL."""

import re

from analysis.categories import tensorflow_ops
from analysis.categories.rules import Category, Meaning, Search
from analysis.categories.torch_ops import ATEN

LAYOUT, ELEMENTWISE, ACTIVATION = Category.LAYOUT, Category.ELEMENTWISE, Category.ACTIVATION
MATMUL, CONVOLUTION, ATTENTION = Category.MATMUL, Category.CONVOLUTION, Category.ATTENTION
NORMALISATION, REDUCTION, LOSS = Category.NORMALISATION, Category.REDUCTION, Category.LOSS
SEARCH, POOLING, RANDOM = Category.SEARCH, Category.POOLING, Category.RANDOM
EMBEDDING, OPTIMIZER, RECURRENT = Category.EMBEDDING, Category.OPTIMIZER, Category.RECURRENT
COMMUNICATION = Category.COMMUNICATION

FIRST = Search(
    (pattern, Meaning(category, op))
    for pattern, category, op in (
        (
            r"(?i)(?:nccl|rccl)\w*AllReduce|(?i:multimem_all_reduce|one_shot_all_reduce|cross_device_reduce|"
            r"allreduce)",
            COMMUNICATION,
            "all_reduce",
        ),
        (r"(?i)(?:nccl|rccl)\w*AllGather", COMMUNICATION, "all_gather"),
        (r"(?i)(?:nccl|rccl)\w*ReduceScatter", COMMUNICATION, "reduce_scatter"),
        (r"(?i)(?:nccl|rccl)\w*SendRecv", COMMUNICATION, "send_receive"),
        (r"(?i)(?:nccl|rccl)\w*Broadcast", COMMUNICATION, "broadcast"),
        (r"(?i)nccl|rccl|nvshmem|deep_ep", COMMUNICATION, "collective"),
        (r"(?i)multi_tensor_apply.*adam|fused_adam|adam_cuda|ApplyAdam|\bAdam", OPTIMIZER, "adam"),
        (r"(?i)multi_tensor_apply.*sgd|fused_sgd|momentum|ApplyGradientDescent", OPTIMIZER, "sgd"),
        (r"fbgemm_gpu::\w*(?:permute|offsets)", LAYOUT, "gather"),
        (
            r"(?i)split_embedding_backward|embedding.*backward|embedding.*grad",
            EMBEDDING,
            "embedding_backward",
        ),
        (
            r"(?i)split_embedding|embedding|pooled_embs|bounds_check_indices|linearize_index",
            EMBEDDING,
            "embedding",
        ),
        (
            r"(?i)(?:flash|fmha|attention|attn|mha)\w*(?:bwd|backward)|(?:bwd|backward)\w*(?:attn|fmha|mha)",
            ATTENTION,
            "attention_backward",
        ),
        (
            r"(?i)flash_fwd|fmha|attention|attn_fwd|attn|flash::|_mha_|mla_|aotriton|rotary|splitkv",
            ATTENTION,
            "attention",
        ),
        (r"(?i)reshape_and_cache|copy_page|kv_?cache", LAYOUT, "copy"),
        (r"(?i)(?:lstm|gru|rnn)\w*(?:bwd|backward|wrw)", RECURRENT, "rnn_backward"),
        (r"(?i)lstm|(?<![a-z])gru(?![a-z])|elemWiseRNN|(?<![a-z])rnn(?![a-z])", RECURRENT, "rnn"),
        (r"(?i)softmax\w*(?:backward|bwd)|log_?softmax_?backward", LOSS, "softmax_backward"),
        (r"(?i)cross_?entropy|nll_?loss|mse_|_loss", LOSS, "loss"),
        (r"(?i)softmax", LOSS, "softmax"),
        (r"(?i)rms_?norm", NORMALISATION, "rms_norm"),
        (
            r"(?i)(?:layer_?norm|GammaBetaBackward|GammaBeta)\w*(?:grad|backward|bwd)|layer_norm_grad|"
            r"GammaBetaBackward|compute_grad_input",
            NORMALISATION,
            "layer_norm_backward",
        ),
        (r"(?i)layer_?norm|RowwiseMoments", NORMALISATION, "layer_norm"),
        (r"(?i)group_?norm", NORMALISATION, "group_norm"),
        (
            r"(?i)(?:batch_?norm|bn)_?(?:bwd|backward)|bnorm\w*bwd|bn_bw|batchnorm\w*(?:bwd|backward)|"
            r"MIOpenBatchNormBwd",
            NORMALISATION,
            "batch_norm_backward",
        ),
        (r"(?i:batch_?norm|bn_fw|bnorm)|(?<![A-Za-z_])bn_", NORMALISATION, "batch_norm"),
        (r"(?i)max_?pool\w*(?:backward|bwd|grad)", POOLING, "max_pool_backward"),
        (r"(?i)max_?pool", POOLING, "max_pool"),
        (r"(?i)(?:avg|average)_?pool\w*(?:backward|bwd|grad)", POOLING, "average_pool_backward"),
        (r"(?i)avg_?pool|average_?pool|adaptiveaveragepool", POOLING, "average_pool"),
        (r"(?i)pool\w*(?:bwd|backward)|pooling_bw", POOLING, "pool_backward"),
        (r"(?i)pooling_fw|pooling", POOLING, "pool"),
        (r"(?i)upsample|grid_sampl|roi_align|interp", POOLING, "resize"),
        (
            r"(?i)wgrad|dgrad|(?:conv|miopen|cudnn|igemm)\w*(?:bwd|backward|wrw)",
            CONVOLUTION,
            "convolution_backward",
        ),
        (
            r"(?i)im2col|col2im|Im2d2Col|Im3d2Col|vol2col|nchwToNhwc|nhwcToNchw|nchw2nhwc|nhwc2nchw|"
            r"nchwToFold|transpose_NCHW|SubTensorOp|generateWinogradTiles|winogradWeight|computeOffsets|"
            r"batched_transpose_\d+x|Op2dTensor|Op1dTensor",
            CONVOLUTION,
            "reorder",
        ),
        (
            r"(?i)implicit_?(?:conv|gemm|convolve)|fprop|(?<![a-z])conv|cudnn.*conv|scudnn|hcudnn|winograd|"
            r"convolve|depthwise|miopenSp3|miopenConv|igemm_fwd|MIOpenConv|fft2d|fft1d|flip_filter|"
            r"DeviceGroupedConv|gridwise_convolution",
            CONVOLUTION,
            "convolution",
        ),
        (r"(?i)dropout", RANDOM, "dropout"),
        (
            r"(?i)distribution_|philox|curand|rocrand|random|bernoulli|uniform_and_transform",
            RANDOM,
            "random",
        ),
        (r"(?i)moe::dev::finalize|moe_sum", REDUCTION, "sum"),
        (r"(?i)moe::dev::routing|moe_align", SEARCH, "sort"),
        (
            r"(?i)gemm|gemv|^Cijk_|cutlass|nvjet|xmma|splitKreduce|cublas|dot_kernel|(?<![a-z])bmm_|matmul|"
            r"DeviceGroupedGemm|tensile|ck::\w*gemm|hipblas|wvSplitK|mfma|gemmk1|epilogue::impl|_mm_kernel|"
            r"fused_moe|marlin",
            MATMUL,
            "matmul",
        ),
        (
            r"(?i)topk|bitonic|sort|unique|CompactInit|DeviceSelect|"
            r"histogram|nonzero|ReduceByKey|nms|quantile",
            SEARCH,
            "sort",
        ),
        (
            r"(?i)quantize|fp8_quant|_quant_|to_dense_representation|dequant|float8_copy|bfloat16_copy|"
            r"half_?copy",
            LAYOUT,
            "cast",
        ),
        (
            r"(?i)FillFunctor|fill_?kernel|memset|fillBuffer|arange|linspace|eye_kernel|iota",
            LAYOUT,
            "fill",
        ),
        (
            r"(?i)direct_copy|copyBuffer|memcpy|copy_kernel|copy_async|_copy_|LaunchCopy|copyKernel|clone|"
            r"copy_device_to_device|catch_all_copy",
            LAYOUT,
            "copy",
        ),
        (
            r"(?i)CatArray|ConcatKernel|concat|split_kernel|SplitKernel|chunk_cat|StackKernel",
            LAYOUT,
            "concatenate",
        ),
        (r"(?i)transpose|permute|SwapDimension|shuffleTensor", LAYOUT, "transpose"),
        (
            r"(?i)scatter|index_put|index_copy|index_add|indexFunc|indexing_backward|index_fill|masked_fill|"
            r"put_kernel|recat",
            LAYOUT,
            "scatter",
        ),
        (
            r"(?i)gather|index_?select|index_elementwise|gpu_index_kernel|take_kernel|masked_select|"
            r"offsets_range|GatherOp",
            LAYOUT,
            "gather",
        ),
        (
            r"(?i)triu|tril|(?<![a-z])pad\w*_kernel|reflection_pad|replication_pad|(?<![a-z])roll_|flip|repeat",
            LAYOUT,
            "pad",
        ),
        (r"(?i)cumsum|scan|DeviceScan|cumprod|tensor_kernel_scan", REDUCTION, "scan"),
        (r"(?i)fft|cufft|regular_fft|vector_fft", Category.ALGEBRA, "fft"),
        (r"(?i)cusolver|potrf|getrf|trsm|cholesky|magma", Category.ALGEBRA, "solve"),
        (r"(?i)amp_(?:foreach|non_finite|update)|non_finite_check", OPTIMIZER, "unscale"),
        (r"MeanOps|(?i:reduce\w*mean)", REDUCTION, "mean"),
        (r"(?i)NormTwo|NormOps|AbsMaxOps|LpNorm", REDUCTION, "norm"),
        (r"(?i)MaxOps|MinOps|ArgM|MaxNan|MinNan|max_functor|min_functor", REDUCTION, "max"),
        (r"(?i)WelfordOps|var_mean|std_var", REDUCTION, "variance"),
        (r"(?i)and_kernel_cuda.*reduce|reduce_kernel.*(?:and_kernel|or_kernel)", REDUCTION, "all"),
        (
            r"(?i)reduce|DeviceReduce|sum_functor|segmented_sum|block_sum|reduction|(?<![a-z])sum_|"
            r"column_sum|row_sum|BiasGradNHWC|BiasNCHW\w*Grad",
            REDUCTION,
            "sum",
        ),
    )
)
"""What a kernel does, by the libraries that name it so; the order decides."""

OPERATION = re.compile(
    r"(?:(?P<op>[a-z0-9_]+?)_?(?:backward_)?(?:kernel_cuda|cuda_kernel|kernel_impl|scalar_kernel|"
    r"tensor_kernel|kernel_nocast|kernel)\b)"
)
FUNCTORS = Search(
    (pattern, Meaning(category, op))
    for pattern, category, op in (
        (r"(?i)gelu\w*backward", ACTIVATION, "gelu_backward"),
        (r"(?i)gelu", ACTIVATION, "gelu"),
        (r"(?i)silu\w*backward", ACTIVATION, "silu_backward"),
        (r"(?i)silu|swiglu|act_and_mul", ACTIVATION, "silu"),
        (r"(?i)sigmoid_backward", ACTIVATION, "sigmoid_backward"),
        (r"(?i)sigmoid", ACTIVATION, "sigmoid"),
        (r"(?i)tanh_backward", ACTIVATION, "tanh_backward"),
        (r"(?i)tanh", ACTIVATION, "tanh"),
        (r"(?i)threshold|relu\w*(?:backward|grad)", ACTIVATION, "relu_backward"),
        (r"(?i)launch_clamp|clamp", ELEMENTWISE, "clamp"),
        (r"(?i)relu", ACTIVATION, "relu"),
        (r"(?i)elu|mish|hardswish|softplus|erf", ACTIVATION, "activation"),
        (
            r"CUDAFunctor(?:OnSelf|OnOther)?_add|AddFunctor|(?i:add_kernel|bias_?add|BiasN(?:CHW|HWC)Kernel)",
            ELEMENTWISE,
            "add",
        ),
        (r"MulFunctor|(?i:mul_kernel|scalar_mul)", ELEMENTWISE, "multiply"),
        (r"DivFunctor|(?i:div_\w*kernel|reciprocal)", ELEMENTWISE, "divide"),
        (r"(?i)SubFunctor|sub_kernel", ELEMENTWISE, "subtract"),
        (r"(?i)Compare\w*Functor|compare_scalar|compare", ELEMENTWISE, "compare"),
        (r"(?i)where_kernel", ELEMENTWISE, "select"),
        (r"(?i)pow_tensor", ELEMENTWISE, "power"),
        (r"(?i)PointwiseOp|lerp|addcmul|addcdiv", ELEMENTWISE, "multiply_add"),
        (r"(?i)logical_|bitwise_", ELEMENTWISE, "logical"),
        (r"(?i)rsqrt", ELEMENTWISE, "reciprocal_square_root"),
        (r"(?i)sqrt", ELEMENTWISE, "square_root"),
        (r"(?i)nan_to_num", ELEMENTWISE, "clamp"),
        (r"(?i)(?:maximum|fmax)_kernel|MaximumFunctor", ELEMENTWISE, "maximum"),
        (r"(?i)(?:minimum|fmin)_kernel|MinimumFunctor", ELEMENTWISE, "minimum"),
    )
)
"""The operation inside a kernel that applies one to each element."""

ELEMENT = re.compile(r"(?i)elementwise|multi_tensor_apply|pointwise|EigenMetaKernel|_kernel_cuda")

GENERATED = re.compile(r"([A-Z][A-Za-z0-9]*)_GPU_DT_\w+")
"""Kernels that TensorFlow compiles for an op type (`Relu_GPU_DT_FLOAT_DT_FLOAT_kernel`)."""

TELLING = 400
"""Characters in which the name of a template says what it does; the rest repeats types."""


def find(name: str) -> Meaning | None:
    """What a kernel does, None if the beginning of its name does not say so."""
    name = name[:TELLING]
    generated = GENERATED.fullmatch(name)
    if generated:
        return tensorflow_ops.find(generated[1])
    known = FIRST.find(name) or FUNCTORS.find(name)
    if known:
        return known
    for each in OPERATION.finditer(name):
        meaning = ATEN.find(each["op"].strip("_"))
        if meaning and meaning.category != LAYOUT:
            return meaning
    return Meaning(ELEMENTWISE, "elementwise") if ELEMENT.search(name) else None
