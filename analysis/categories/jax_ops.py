"""Rules for what JAX calls its work on the host, and for its primitives."""

from analysis.categories.rules import Category, Meaning, Rules

RUNTIME, LAYOUT, ELEMENTWISE = Category.RUNTIME, Category.LAYOUT, Category.ELEMENTWISE

JAX = Rules(
    {
        (Category.MATMUL, "matmul"): "dot_general ragged_dot",
        (Category.CONVOLUTION, "convolution"): "conv_general_dilated",
        (Category.POOLING, "max_pool"): "reduce_window_max reduce_window",
        (Category.POOLING, "average_pool"): "reduce_window_sum",
        (Category.POOLING, "max_pool_backward"): "select_and_scatter_add select_and_gather_add",
        (Category.ACTIVATION, "sigmoid"): "logistic",
        (Category.LOSS, "softmax"): "softmax log_softmax",
        (
            Category.RANDOM,
            "random",
        ): "random_bits random_wrap random_unwrap random_seed threefry2x32 random_fold_in "
        "random_split rng_bit_generator rng_uniform",
        (Category.REDUCTION, "sum"): "reduce_sum",
        (Category.REDUCTION, "product"): "reduce_prod cumprod",
        (Category.REDUCTION, "max"): "reduce_max reduce_min argmax argmin",
        (Category.REDUCTION, "all"): "reduce_and reduce_or",
        (Category.REDUCTION, "scan"): "cumsum cummax cummin cumlogsumexp",
        (Category.SEARCH, "sort"): "sort top_k approx_top_k",
        (LAYOUT, "cast"): "convert_element_type bitcast_convert_type reduce_precision",
        (LAYOUT, "reshape"): "reshape squeeze expand_dims broadcast_in_dim",
        (LAYOUT, "slice"): "dynamic_slice dynamic_update_slice slice",
        (LAYOUT, "copy"): "device_put copy copy_p",
        (LAYOUT, "repeat"): "rev",
        (ELEMENTWISE, "power"): "integer_pow pow square",
        (ELEMENTWISE, "select"): "select_n",
        (ELEMENTWISE, "compare"): "eq ne lt le gt ge is_finite",
        (ELEMENTWISE, "multiply"): "mul",
        (ELEMENTWISE, "subtract"): "sub",
        (ELEMENTWISE, "divide"): "div",
        (ELEMENTWISE, "exponential"): "exp expm1 exp2",
        (ELEMENTWISE, "logarithm"): "log1p",
        (ELEMENTWISE, "maximum"): "max",
        (ELEMENTWISE, "minimum"): "min",
        (ELEMENTWISE, "add"): "add_any",
        (ELEMENTWISE, "special"): "erf_inv lgamma digamma nextafter stop_gradient",
        (Category.COMMUNICATION, "all_reduce"): "psum pmean pmax pmin",
        (Category.COMMUNICATION, "collective"): "all_gather all_to_all ppermute psum_scatter",
        (
            RUNTIME,
            "call",
        ): "PjitFunction* pjit* jit_* jit(*) xla_call* custom_vjp_call* custom_jvp_call* PjRt* "
        "Pjit* TfrtCpu* closed_call remat checkpoint while scan cond*",
    }
)


def find(name: str) -> Meaning | None:
    """What a primitive or a call stands for, None if it is none of JAX's."""
    return JAX.find(name)
