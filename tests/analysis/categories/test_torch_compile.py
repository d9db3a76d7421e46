import pytest

from analysis.categories import torch_compile


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cpp_fused_0", ("fused", "fused", "")),
        ("graph_1_cpp_fused_sum_1", ("reduction", "sum", "")),
        (
            "graph_3_cpp_fused_max_pool2d_with_indices_relu_threshold_backward_1",
            ("fused", "fused", "max_pool relu relu_backward"),
        ),
        ("triton_poi_fused__unsafe_view_mul_silu_2", ("fused", "fused", "multiply silu")),
        (
            "triton_red_fused_add_mean_mul_pow_rsqrt_0",
            ("fused", "fused", "add mean multiply power reciprocal_square_root"),
        ),
        (
            "triton_per_fused__log_softmax_nll_loss_forward_4",
            ("fused", "fused", "log_softmax cross_entropy"),
        ),
        ("triton_poi_fused_view_0", ("layout", "reshape", "")),
        ("triton_tem_fused_mm_3", ("matmul", "matmul", "")),
        ("triton_mm", ("matmul", "matmul", "")),
        ("triton_tem_fused_flex_attention_backward_2", ("attention", "attention_backward", "")),
        ("triton_tem_fused_convolution_1", ("convolution", "convolution", "")),
    ],
)
def test_what_a_name_stands_for(name: str, expected: tuple[str, str, str] | None) -> None:
    found = torch_compile.find(name)
    assert (found and (found.category, found.op, " ".join(found.parts))) == expected


@pytest.mark.parametrize("name", ["", "some_function", "MyOwnOp", "mine::op", "aten::no_such_op"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert torch_compile.find(name) is None
