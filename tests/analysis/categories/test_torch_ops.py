import pytest

from analysis.categories import torch_ops


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aten::addmm", ("matmul", "matmul", "bias")),
        ("aten::mm", ("matmul", "matmul", "")),
        ("aten::linear", ("matmul", "matmul", "bias")),
        ("aten::baddbmm", ("matmul", "matmul", "bias")),
        ("aten::mkldnn_convolution", ("convolution", "convolution", "")),
        ("aten::cudnn_convolution", ("convolution", "convolution", "")),
        ("aten::convolution_backward", ("convolution", "convolution_backward", "")),
        ("aten::relu", ("activation", "relu", "")),
        ("aten::clamp_min", ("activation", "relu", "")),
        ("aten::threshold_backward", ("activation", "relu_backward", "")),
        ("aten::max_pool2d_with_indices", ("pooling", "max_pool", "")),
        ("aten::max_pool2d_with_indices_backward", ("pooling", "max_pool_backward", "")),
        ("aten::_log_softmax", ("loss", "log_softmax", "")),
        ("aten::_log_softmax_backward_data", ("loss", "log_softmax_backward", "")),
        ("aten::nll_loss_forward", ("loss", "cross_entropy", "")),
        ("aten::native_batch_norm", ("normalisation", "batch_norm", "")),
        ("aten::native_layer_norm_backward", ("normalisation", "layer_norm_backward", "")),
        ("aten::normal_", ("random", "random", "")),
        ("aten::native_dropout", ("random", "dropout", "")),
        ("aten::embedding_dense_backward", ("embedding", "embedding_backward", "")),
        ("aten::mkldnn_rnn_layer", ("recurrent", "rnn", "")),
        (
            "aten::_scaled_dot_product_flash_attention_for_cpu_backward",
            ("attention", "attention_backward", ""),
        ),
        ("aten::_foreach_addcdiv_", ("elementwise", "multiply_add", "")),
        ("aten::_fused_adam_", ("optimizer", "adam", "")),
        ("aten::copy_", ("layout", "copy", "")),
        ("aten::_to_copy", ("layout", "cast", "")),
        ("aten::t", ("layout", "transpose", "")),
        ("aten::as_strided_", ("layout", "reshape", "")),
        ("aten::index_select", ("layout", "gather", "")),
        ("aten::cat", ("layout", "concatenate", "")),
        ("aten::fill_", ("layout", "fill", "")),
        ("aten::empty_strided", ("layout", "allocate", "")),
        ("aten::sum", ("reduction", "sum", "")),
        ("aten::argmax", ("reduction", "max", "")),
        ("aten::topk", ("search", "sort", "")),
        ("aten::item", ("runtime", "read_value", "")),
        ("aten::add_", ("elementwise", "add", "")),
        ("aten::lerp_", ("elementwise", "multiply_add", "")),
        ("aten::__and__", ("elementwise", "logical", "")),
        ("aten::where", ("elementwise", "select", "")),
        ("aten::linalg_solve_ex", ("algebra", "solve", "")),
        ("AddmmBackward0", ("matmul", "matmul", "")),
        ("ConvolutionBackward0", ("convolution", "convolution_backward", "")),
        ("MaxPool2DWithIndicesBackward0", ("pooling", "max_pool_backward", "")),
        ("NllLossBackward0", ("loss", "cross_entropy_backward", "")),
        ("NativeLayerNormBackward0", ("normalisation", "layer_norm_backward", "")),
        ("MyOwnFunctionBackward", ("runtime", "autograd", "")),
    ],
)
def test_what_a_name_stands_for(name: str, expected: tuple[str, str, str] | None) -> None:
    found = torch_ops.find(name)
    assert (found and (found.category, found.op, " ".join(found.parts))) == expected


@pytest.mark.parametrize("name", ["", "some_function", "MyOwnOp", "mine::op", "aten::no_such_op"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert torch_ops.find(name) is None
