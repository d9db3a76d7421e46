import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.blocks import Kind
from analysis.categories.rules import Category, Meaning
from analysis.folds.categories import first_meaning, made_by_compiler, meaning

KINDS = [kind.name.lower() for kind in Kind]


@pytest.mark.parametrize(
    ("torch_name", "tensorflow_name"),
    [
        ("aten::mm", "MatMul"),
        ("aten::addmm", "_MklNativeFusedMatMul"),
        ("aten::addmm", "_MklMatMul"),
        ("aten::bmm", "BatchMatMulV2"),
        ("aten::mkldnn_convolution", "_MklNativeFusedConv2D"),
        ("aten::convolution_backward", "_MklNativeConv2DBackpropFilterWithBias"),
        ("aten::convolution_backward", "Conv2DBackpropInput"),
        ("aten::max_pool2d_with_indices", "_MklNativeMaxPool"),
        ("aten::max_pool2d_with_indices_backward", "MaxPoolGrad"),
        ("aten::threshold_backward", "ReluGrad"),
        ("aten::clamp_min", "Relu"),
        ("aten::sum", "BiasAddGrad"),
        ("aten::index_select", "GatherV2"),
        ("aten::native_layer_norm", "LayerNorm"),
        ("aten::native_batch_norm_backward", "FusedBatchNormGradV3"),
        ("aten::sqrt", "Sqrt"),
    ],
)
def test_both_frameworks_share_category_and_op(torch_name: str, tensorflow_name: str) -> None:
    ours, theirs = (meaning("", "", name, "op") for name in (torch_name, tensorflow_name))
    assert ours is not None
    assert theirs is not None
    assert ours[:2] == theirs[:2]


@pytest.mark.parametrize(
    ("phase", "layer", "name", "kind", "expected"),
    [
        ("forward", "", "aten::mul", "op", "elementwise"),
        ("optimizer", "", "aten::mul", "op", "optimizer"),
        ("data", "", "aten::index_select", "op", "data"),
        ("loss", "", "Mean", "op", "loss"),
        ("optimizer", "", "a_kernel_of_mine", "kernel", "optimizer"),
        ("forward", "", "a_kernel_of_mine", "kernel", None),
        ("forward", "bn1", "Mul", "op", "normalisation"),
        ("forward", "encoder.0.norm2", "Rsqrt", "op", "normalisation"),
        ("forward", "layer_norm", "whatever", "op", "normalisation"),
        ("forward", "block.attn", "aten::bmm", "op", "attention"),
        ("forward", "lstm", "TensorListPushBack", "op", "recurrent"),
        ("forward", "embedding", "GatherV2", "op", "embedding"),
        ("forward", "attn", "aten::native_dropout", "op", "random"),
        ("forward", "conv1", "BiasAdd", "op", "elementwise"),
        ("forward", "block1_gelu", "Mul", "op", "activation"),
        ("backward", "gelu_2", "Mul", "op", "activation"),
        ("forward", "fc1_gelu", "MatMul", "op", "matmul"),
        ("forward", "gelu_embedder", "Mul", "op", "embedding"),
        ("forward", "normal_layer", "Mul", "op", "elementwise"),
        ("optimizer", "bn1", "Mul", "op", "optimizer"),
        ("optimizer", "", "ncclDevKernel_AllReduce_Sum", "kernel", "communication"),
        ("", "", "Memcpy HtoD (Pageable -> Device)", "memcpy", "layout"),
        ("data", "", "Memcpy HtoD (Pageable -> Device)", "memcpy", "data"),
        ("", "", "Memset (Device)", "memset", "layout"),
        ("", "", "cudaLaunchKernel", "runtime", "runtime"),
        ("", "", "ampere_sgemm_32x32", "kernel", "matmul"),
        ("", "", "ampere_sgemm_32x32", "op", None),
    ],
)
def test_phase_goes_before_layer_before_name(
    phase: str, layer: str, name: str, kind: str, expected: str | None
) -> None:
    found = meaning(phase, layer, name, kind)
    assert (found.category if found else None) == expected


def test_the_op_keeps_its_name_whatever_decides_the_category() -> None:
    assert meaning("optimizer", "", "aten::sqrt", "op") == Meaning(
        Category.OPTIMIZER, "square_root"
    )
    assert meaning("optimizer", "", "unknown", "op") == Meaning(Category.OPTIMIZER, "")


def test_a_convolution_in_the_backward_pass_is_a_gradient() -> None:
    for name, kind in (("convolution.3", "op"), ("sm80_xmma_fprop_implicit_gemm", "kernel")):
        assert meaning("backward", "", name, kind) == Meaning(
            Category.CONVOLUTION, "convolution_backward"
        )
        assert meaning("forward", "", name, kind) == Meaning(Category.CONVOLUTION, "convolution")


def test_the_first_name_that_means_something_decides() -> None:
    names = ["unheard of", "aten::mm", "aten::add"]
    assert first_meaning("", "", names, "op") == Meaning(Category.MATMUL, "matmul")
    assert first_meaning("", "", names[:1], "op") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("triton_poi_fused_relu_0", True),
        ("graph_0_cpp_fused_relu_threshold_backward_1", True),
        ("triton_tem_fused_mm_3", True),
        ("%broadcast_maximum_fusion.2", True),
        ("input_transpose_fusion.kd", True),
        ("wrapped_reduce-window.2", False),
        ("aten::_fused_sdp_choice", False),
        ("aten::_fused_adam_", False),
        ("_FusedMatMul", False),
        ("convolution.3", False),
    ],
)
def test_what_a_compiler_made_of_several_ops(name: str, expected: bool) -> None:
    assert made_by_compiler(name) == expected


@given(st.text(), st.text(), st.text(), st.sampled_from([*KINDS, "unheard of"]))
@example("", "", "a" * 100_000, "kernel")
@example("", "", "_" * 100_000, "kernel")
@example("", "", "triton_poi_fused_" + "add_" * 20_000, "kernel")
@example("", "_norm" * 20_000, "aten::" + "_" * 100_000 + "backward", "op")
def test_any_text_is_answered(phase: str, layer: str, name: str, kind: str) -> None:
    found = meaning(phase, layer, name, kind)
    assert found is None or found.category in set(Category)
    assert made_by_compiler(name) in (True, False)
