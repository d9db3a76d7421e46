import pytest

from analysis.categories import xla


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dot.3", ("matmul", "matmul", "")),
        ("convolution.1", ("convolution", "convolution", "")),
        ("wrapped_reduce-window.2", ("pooling", "max_pool", "")),
        ("select-and-scatter", ("pooling", "max_pool_backward", "")),
        ("wrapped_scatter.1", ("layout", "scatter", "")),
        ("divide_subtract_fusion.3", ("fused", "fused", "divide subtract")),
        ("broadcast_maximum_fusion", ("fused", "fused", "maximum")),
        ("fusion.12", ("fused", "fused", "")),
        ("ynn_fusion.1", ("fused", "fused", "")),
        ("transpose_copy_fusion.6", ("fused", "fused", "transpose copy")),
        ("input_transpose_fusion_1.kd", ("layout", "transpose", "")),
        ("loop_transpose_fusion.kd", ("layout", "transpose", "")),
        ("loop_add_fusion.2", ("fused", "fused", "add")),
        ("gemm_fusion_dot.3", ("matmul", "matmul", "")),
        ("__onednn$matmul", ("matmul", "matmul", "")),
        ("__cublas$lt$matmul", ("matmul", "matmul", "")),
        ("__cudnn$convForward", ("convolution", "convolution", "")),
        ("all-reduce-start.1", ("communication", "all_reduce", "")),
        ("copy.46", ("layout", "copy", "")),
        ("iota.2", ("layout", "fill", "")),
        ("MatMul.14", ("matmul", "matmul", "")),
        ("MatMul_1.4", ("matmul", "matmul", "")),
        ("custom-call.7", ("runtime", "call", "")),
        ("logistic.2", ("activation", "sigmoid", "")),
    ],
)
def test_what_a_name_stands_for(name: str, expected: tuple[str, str, str] | None) -> None:
    found = xla.find(name)
    assert (found and (found.category, found.op, " ".join(found.parts))) == expected


@pytest.mark.parametrize("name", ["", "some_function", "MyOwnOp", "mine::op", "aten::no_such_op"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert xla.find(name) is None
