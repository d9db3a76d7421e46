import pytest

from analysis.categories import tensorflow_ops


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MatMul", ("matmul", "matmul", "")),
        ("_MklMatMul", ("matmul", "matmul", "")),
        ("_MklNativeFusedMatMul", ("matmul", "matmul", "bias activation")),
        ("_FusedMatMul", ("matmul", "matmul", "bias activation")),
        ("BatchMatMulV2", ("matmul", "matmul", "")),
        ("Einsum", ("matmul", "einsum", "")),
        ("Conv2D", ("convolution", "convolution", "")),
        ("_FusedConv2D", ("convolution", "convolution", "bias activation")),
        ("_MklNativeFusedConv2D", ("convolution", "convolution", "bias activation")),
        ("Conv2DBackpropInput", ("convolution", "convolution_backward", "input")),
        ("Conv2DBackpropFilter", ("convolution", "convolution_backward", "weight")),
        (
            "_MklNativeConv2DBackpropFilterWithBias",
            ("convolution", "convolution_backward", "weight bias"),
        ),
        ("DepthwiseConv2dNativeBackpropFilter", ("convolution", "convolution_backward", "weight")),
        ("FusedBatchNormV3", ("normalisation", "batch_norm", "")),
        ("_MklNativeFusedBatchNormGradV3", ("normalisation", "batch_norm_backward", "")),
        ("Relu", ("activation", "relu", "")),
        ("ReluGrad", ("activation", "relu_backward", "")),
        ("MaxPool", ("pooling", "max_pool", "")),
        ("_MklNativeMaxPoolGrad", ("pooling", "max_pool_backward", "")),
        ("AvgPoolGrad", ("pooling", "average_pool_backward", "")),
        ("SparseSoftmaxCrossEntropyWithLogits", ("loss", "cross_entropy", "")),
        ("_MklSoftmax", ("loss", "softmax", "")),
        ("BiasAdd", ("elementwise", "add", "")),
        ("BiasAddGrad", ("reduction", "sum", "")),
        ("ResourceApplyAdam", ("optimizer", "adam", "")),
        ("AssignSubVariableOp", ("elementwise", "subtract", "")),
        ("ReadVariableOp", ("layout", "read_variable", "")),
        ("GatherV2", ("layout", "gather", "")),
        ("ConcatV2", ("layout", "concatenate", "")),
        ("_MklTranspose", ("layout", "transpose", "")),
        ("Cast", ("layout", "cast", "")),
        ("Fill", ("layout", "fill", "")),
        ("ShapeN", ("layout", "reshape", "")),
        ("StatelessRandomUniformV2", ("random", "random", "")),
        ("CudnnRNNV3", ("recurrent", "rnn", "")),
        ("While", ("recurrent", "loop", "")),
        ("TensorListPushBack", ("recurrent", "loop_state", "")),
        ("Mean", ("reduction", "mean", "")),
        ("ArgMax", ("reduction", "max", "")),
        ("TopKV2", ("search", "sort", "")),
        ("AddN", ("elementwise", "add_n", "")),
        ("Mul", ("elementwise", "multiply", "")),
        ("_UnaryOpsComposition", ("elementwise", "composed", "")),
        ("OptionalGetValue", ("data", "iterator", "")),
        ("CollectiveReduceV2", ("communication", "collective", "")),
        ("StatefulPartitionedCall", ("runtime", "call", "")),
        ("NoOp", ("runtime", "bookkeeping", "")),
        ("XlaReduce", ("elementwise", "xla_op", "")),
    ],
)
def test_what_a_name_stands_for(name: str, expected: tuple[str, str, str] | None) -> None:
    found = tensorflow_ops.find(name)
    assert (found and (found.category, found.op, " ".join(found.parts))) == expected


@pytest.mark.parametrize("name", ["", "some_function", "MyOwnOp", "mine::op", "aten::no_such_op"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert tensorflow_ops.find(name) is None
