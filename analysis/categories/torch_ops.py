"""Rules for the operators of PyTorch, and for the nodes that autograd makes of them."""

import re

from analysis.categories.rules import Category, Meaning, Rules

MATMUL, CONVOLUTION, ATTENTION = Category.MATMUL, Category.CONVOLUTION, Category.ATTENTION
LAYOUT, ELEMENTWISE, ACTIVATION = Category.LAYOUT, Category.ELEMENTWISE, Category.ACTIVATION
LOSS, POOLING, REDUCTION = Category.LOSS, Category.POOLING, Category.REDUCTION
SEARCH, ALGEBRA, RUNTIME = Category.SEARCH, Category.ALGEBRA, Category.RUNTIME
NORMALISATION, RECURRENT = Category.NORMALISATION, Category.RECURRENT
EMBEDDING, RANDOM, OPTIMIZER = Category.EMBEDDING, Category.RANDOM, Category.OPTIMIZER

NAMESPACE = re.compile(r"^(?:aten|prims|quantized|mkldnn|onednn|mkldnn_prepacked|inductor)::")
VENDOR = re.compile(
    r"^_?(?:native_|cudnn_|miopen_|mkldnn_|mkl_|mps_|thnn_|slow_|weight_int\dpack_)"
)
BACKWARD = re.compile(r"_(?:double_)?backward(?:_.*)?$|_backward$")
NODE = re.compile(r"(?:torch::autograd::)?(\w+?)Backward(?:\d+|AutogradFunction)?")

ATEN = Rules(
    {
        (MATMUL, "matmul"): "mm bmm matmul dot vdot mv inner outer ger chain_matmul multi_dot "
        "kron tensordot scaled_mm scaled_grouped_mm grouped_mm int_mm sparse_mm linalg_matmul "
        "linalg_multi_dot *pack_mm *sparse_semi_structured_mm* cslt_sparse_mm dyn_quant_matmul*",
        (MATMUL, "matmul", "bias"): "addmm addbmm baddbmm linear addmv addr addmm_activation "
        "bilinear trilinear *sparse_semi_structured_linear* linear_dynamic linear_relu* fbgemm_*",
        (MATMUL, "einsum"): "einsum",
        (CONVOLUTION, "convolution"): "convolution conv1d conv2d conv3d conv_transpose* *conv*",
        (CONVOLUTION, "reorder"): "mkldnn_reorder* reorder_conv*",
        (ATTENTION, "attention"): "scaled_dot_product* flash_attention* efficient_attention* "
        "*multi_head_attention* fused_sdp_choice* cudnn_attention* *attention* transform_bias_*",
        (RECURRENT, "lstm"): "*lstm*",
        (RECURRENT, "gru"): "*gru *gru_*",
        (RECURRENT, "rnn"): "*rnn*",
        (RANDOM, "dropout"): "*dropout*",
        (
            RANDOM,
            "random",
        ): "rand* normal log_normal uniform bernoulli exponential geometric cauchy multinomial "
        "poisson binomial random standard_gamma sample_dirichlet *philox*",
        (NORMALISATION, "batch_norm"): "*batch_norm* batch_norm_*",
        (NORMALISATION, "layer_norm"): "layer_norm*",
        (NORMALISATION, "rms_norm"): "*rms_norm*",
        (NORMALISATION, "group_norm"): "group_norm*",
        (NORMALISATION, "instance_norm"): "instance_norm*",
        (
            NORMALISATION,
            "weight_norm",
        ): "weight_norm* renorm* local_response_norm cosine_similarity",
        (ACTIVATION, "relu"): "relu clamp_min threshold relu6",
        (ACTIVATION, "gelu"): "gelu",
        (ACTIVATION, "sigmoid"): "sigmoid hardsigmoid log_sigmoid special_expit",
        (ACTIVATION, "tanh"): "tanh hardtanh",
        (ACTIVATION, "silu"): "silu hardswish mish",
        (ACTIVATION, "elu"): "elu celu selu",
        (ACTIVATION, "leaky_relu"): "leaky_relu rrelu rrelu_with_noise prelu prelu_kernel",
        (ACTIVATION, "softplus"): "softplus softshrink hardshrink shrink glu erf erfc",
        (LOSS, "softmax"): "*softmax softmax_*",
        (LOSS, "log_softmax"): "log_softmax",
        (LOSS, "cross_entropy"): "nll_loss* cross_entropy* linear_cross_entropy*",
        (LOSS, "loss"): "*_loss logsumexp *binary_cross_entropy* kl_div cosine_embedding_loss "
        "ctc_loss* cdist* pairwise_distance pdist*",
        (POOLING, "max_pool"): "*max_pool* max_unpool*",
        (POOLING, "average_pool"): "*avg_pool*",
        (POOLING, "resize"): "upsample_* interpolate grid_sampler* affine_grid_generator *roi_*",
        (EMBEDDING, "embedding"): "embedding embedding_bag* embedding_dense embedding_* "
        "*embedding_lookup* nested_*embedding* one_hot",
        (OPTIMIZER, "adam"): "fused_adam fused_adamw *fused_adam*",
        (OPTIMIZER, "sgd"): "fused_sgd",
        (OPTIMIZER, "adagrad"): "fused_adagrad",
        (OPTIMIZER, "unscale"): "amp_foreach_non_finite_check_and_unscale amp_update_scale",
        (LAYOUT, "copy"): "copy clone contiguous lift lift_fresh_copy *_copy copy_from* "
        "pin_memory to_padded_tensor *alias_copy",
        (LAYOUT, "cast"): "to to_copy type_as float double half bfloat16 to_dense* to_sparse* "
        "to_mkldnn* quantize_* dequantize* choose_qparams* view_as_real view_as_complex "
        "convert_indices_from* fake_quantize* fused_moving_avg* cast_* autocast_to* "
        "saturate_weight_to_fp16 to_cpu chalf int_repr",
        (LAYOUT, "transpose"): "t transpose permute swapaxes swapdims movedim moveaxis numpy_T "
        "matrix_H mT mH adjoint transpose_copy",
        (
            LAYOUT,
            "reshape",
        ): "view reshape reshape_alias reshape_copy unsafe_view flatten unflatten squeeze "
        "unsqueeze ravel reshape_as expand expand_as as_strided view_as alias unbind "
        "resolve_conj conj broadcast_to broadcast_tensors atleast_* nested_* real imag "
        "resolve_neg neg_view conj_physical sparse_broadcast_to",
        (LAYOUT, "slice"): "slice select narrow split split_with_sizes chunk tensor_split unfold "
        "diagonal hsplit vsplit dsplit unsafe_split* unsafe_chunk slice_scatter select_scatter "
        "unfold_* diag diag_embed diagonal_scatter as_strided_scatter tril triu tril_indices "
        "triu_indices im2col col2im",
        (LAYOUT, "concatenate"): "cat concat concatenate stack hstack vstack dstack chunk_cat "
        "column_stack row_stack block_diag",
        (LAYOUT, "gather"): "gather index index_select take take_along_dim unsafe_index* "
        "masked_select *index_select*",
        (
            LAYOUT,
            "scatter",
        ): "scatter* index_put* index_add index_copy index_fill put masked_scatter masked_fill "
        "index_reduce segment_reduce* *index_put*",
        (LAYOUT, "pad"): "pad constant_pad_nd reflection_pad* replication_pad* pad_*",
        (LAYOUT, "repeat"): "repeat repeat_interleave tile roll flip fliplr flipud rot90",
        (LAYOUT, "shuffle"): "pixel_shuffle pixel_unshuffle channel_shuffle",
        (
            LAYOUT,
            "fill",
        ): "fill zero zeros zeros_like ones ones_like full full_like new_zeros new_ones new_full "
        "fill_diagonal arange range linspace logspace eye scalar_tensor tensor hann_window "
        "hamming_window efficientzerotensor meshgrid *_window",
        (LAYOUT, "allocate"): "empty empty_like empty_strided new_empty new_empty_strided resize "
        "resize_as empty_permuted set empty_quantized resize_output* *empty_affine_quantized",
        (REDUCTION, "sum"): "sum nansum sum_to_size count_nonzero trace",
        (REDUCTION, "mean"): "mean nanmean",
        (REDUCTION, "max"): "max min amax amin aminmax argmax argmin *median mode",
        (REDUCTION, "variance"): "var std var_mean std_mean cov corrcoef",
        (REDUCTION, "product"): "prod cumprod",
        (REDUCTION, "scan"): "cumsum cummax* cummin* logcumsumexp diff trapezoid trapz",
        (REDUCTION, "all"): "all any equal allclose is_all_true is_any_true",
        (REDUCTION, "norm"): "norm *vector_norm *matrix_norm frobenius_norm nuclear_norm dist "
        "norm_except_dim",
        (SEARCH, "sort"): "sort argsort topk kthvalue msort unique* histc histogram* bincount "
        "nonzero* searchsorted bucketize isin argwhere *unique* nms quantile nanquantile",
        (ALGEBRA, "fft"): "fft_* stft istft",
        (
            ALGEBRA,
            "solve",
        ): "linalg_* cholesky* lu* svd qr eig* inverse pinverse det logdet slogdet "
        "triangular_solve lstsq ormqr geqrf matrix_exp matrix_power orgqr cross *_linalg_*",
        (LAYOUT, "sparse"): "sparse_* *coalesce* jagged_to_padded* padded_dense_to_jagged* "
        "validate_sparse* pack_padded_sequence *flatten_dense_tensors",
        (RUNTIME, "read_value"): "item local_scalar_dense is_nonzero",
        (
            RUNTIME,
            "bookkeeping",
        ): "detach detach_copy lift_fresh requires_grad result_type can_cast is_same_size size "
        "stride set_data output_nr version retain_grad has_* is_* sym_* assert_* numel dim "
        "storage_offset get_device values indices *_indices dim* sparse_dim dense_dim nnz data "
        "promote_types record_stream narrow_sym profiler_* nested_get_* *_stream*",
        (ELEMENTWISE, "add"): "add add_relu add_scalar",
        (ELEMENTWISE, "subtract"): "sub subtract rsub",
        (ELEMENTWISE, "multiply"): "mul multiply",
        (ELEMENTWISE, "divide"): "div divide true_divide floor_divide reciprocal",
        (ELEMENTWISE, "remainder"): "remainder fmod gcd lcm",
        (ELEMENTWISE, "square_root"): "sqrt",
        (ELEMENTWISE, "reciprocal_square_root"): "rsqrt",
        (ELEMENTWISE, "square"): "square",
        (ELEMENTWISE, "power"): "pow float_power",
        (ELEMENTWISE, "exponential"): "exp exp2 expm1 sinh cosh",
        (ELEMENTWISE, "logarithm"): "log log2 log10 log1p xlogy logaddexp* logit",
        (ELEMENTWISE, "negate"): "neg negative positive",
        (ELEMENTWISE, "absolute"): "abs absolute sign sgn copysign signbit angle",
        (ELEMENTWISE, "maximum"): "maximum fmax",
        (ELEMENTWISE, "minimum"): "minimum fmin",
        (ELEMENTWISE, "clamp"): "clamp clip clamp_max nan_to_num",
        (ELEMENTWISE, "round"): "round floor ceil trunc fix frac",
        (ELEMENTWISE, "multiply_add"): "addcmul addcdiv lerp",
        (ELEMENTWISE, "compare"): "eq ne lt le gt ge less* greater* not_equal isnan isinf "
        "isfinite isclose isposinf isneginf",
        (ELEMENTWISE, "logical"): "logical_* bitwise_* and or xor iand ior ixor lshift rshift "
        "ilshift irshift",
        (ELEMENTWISE, "select"): "where",
        (ELEMENTWISE, "trigonometry"): "sin cos tan asin acos atan atan2 sinc asinh acosh atanh "
        "arc* deg2rad rad2deg",
        (
            ELEMENTWISE,
            "special",
        ): "special_* lgamma digamma polygamma *gamma* erfinv i0 hypot mvlgamma heaviside "
        "igamma* frexp ldexp nextafter polar complex",
    }
)
"""Names without namespace, vendor, `_foreach`, underscores at the ends and `_backward`."""

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def find(name: str) -> Meaning | None:
    """What an operator of aten or an autograd node stands for; None if it is neither.

    A node (`AddmmBackward0`) stands for the backward work of its op; one that no rule knows is a
    call of autograd.
    """
    if NAMESPACE.match(name):
        return aten(NAMESPACE.sub("", name))
    node = NODE.fullmatch(name)
    if node is None or name.startswith("Compiled"):
        return None
    meaning = aten(CAMEL.sub("_", node[1]).lower())
    return _backward(meaning) if meaning else Meaning(RUNTIME, "autograd")


def aten(name: str) -> Meaning | None:
    """What an aten operator stands for, by its name without namespace (`_foreach_add_`, `mm.out`).

    A gradient has the op of its forward op with `_backward`, but for matmul and what is only
    moved: their gradients are again ops of the same kind.
    """
    plain = name.split(".")[0].removeprefix("_foreach_").strip("_")
    for text in dict.fromkeys((plain, VENDOR.sub("", plain), VENDOR.sub("", plain).strip("_"))):
        forward = BACKWARD.sub("", text).strip("_")
        meaning = ATEN.find(forward) or ATEN.find(text)
        if meaning:
            return _backward(meaning) if forward != text else meaning
    return None


def _backward(meaning: Meaning) -> Meaning:
    if meaning.category in (MATMUL, LAYOUT, RUNTIME):
        return meaning._replace(parts=())
    return Meaning(meaning.category, f"{meaning.op}_backward")
