import pytest

from analysis.categories import onnx_ops


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Gemm", ("matmul", "matmul", "bias")),
        ("Conv", ("convolution", "convolution", "bias")),
        ("FusedConv", ("convolution", "convolution", "bias activation")),
        ("QLinearConv", ("convolution", "convolution", "bias")),
        ("LayerNormalization", ("normalisation", "layer_norm", "")),
        ("SkipLayerNormalization", ("normalisation", "layer_norm", "")),
        ("MultiHeadAttention", ("attention", "attention", "")),
        ("GlobalAveragePool", ("pooling", "average_pool", "")),
        ("BiasGelu", ("activation", "gelu", "")),
        ("QuantizeLinear", ("layout", "cast", "")),
        ("ReduceMean", ("reduction", "mean", "")),
        ("MemcpyToHost", ("layout", "copy", "")),
        ("Gemm_kernel_time", ("matmul", "matmul", "bias")),
        ("model_run", ("runtime", "session", "")),
    ],
)
def test_what_a_name_stands_for(name: str, expected: tuple[str, str, str] | None) -> None:
    found = onnx_ops.find(name)
    assert (found and (found.category, found.op, " ".join(found.parts))) == expected


@pytest.mark.parametrize("name", ["", "some_function", "MyOwnOp", "mine::op", "aten::no_such_op"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert onnx_ops.find(name) is None
