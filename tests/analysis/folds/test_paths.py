import numpy as np
import pytest

from analysis.annotate import fold
from analysis.blocks import Kind, Strings, from_columns
from analysis.folds.paths import PathNames, layer_of, op_of, phase_of, several_of


@pytest.mark.parametrize(
    ("path", "phase", "layer"),
    [
        ("phase_forward/model_1/relu1_1/Relu", "forward", "relu1"),
        ("phase_forward/mnist_mlp_1/fc1_1/BiasAdd", "forward", "fc1"),
        ("gradient_tape/phase_forward/model_1/fc1_1/MatMul/MatMul_1", "backward", "fc1"),
        ("gradient_tape/phase_loss/SparseSoftmax/mul", "backward", None),
        ("phase_loss/Mean", "loss", None),
        ("phase_data/GatherV2", "data", None),
        ("phase_backward/AddN", "backward", None),
        ("phase_optimizer/adam/Sqrt_1", "optimizer", None),
        ("StatefulPartitionedCall/model_1/conv1_1/convolution", "forward", "conv1"),
        ("StatefulPartitionedCall/gradient_tape/model_1/fc2_1/BiasAddGrad", "backward", "fc2"),
        ("StatefulPartitionedCall/gradient_tape/compile_loss/x/mul", "backward", None),
        ("StatefulPartitionedCall/compile_loss/x/Sum", "loss", None),
        ("StatefulPartitionedCall/adam/Square", "optimizer", None),
        ("StatefulPartitionedCall/SGD/mul", "optimizer", None),
        ("StatefulPartitionedCall/Add_1", None, None),
        ("tf_data/PyFunc", "data", None),
        ("phase_forward/model_1/Reshape", "forward", None),
        ("phase_forward/", "forward", None),
        ("gradient_tape/phase_forward/model_1/fc1_1/", "backward", "fc1"),
        ("gradient_tape/{relu1}/", "backward", "relu1"),
        ("phase_forward/model_1/{conv_1,relu1}/", "forward", None),
        ("remodel/adamant/x", None, None),
        ("", None, None),
    ],
)
def test_what_a_path_names(path: str, phase: str | None, layer: str | None) -> None:
    assert (phase_of(path), layer_of(path)) == (phase, layer)


@pytest.mark.parametrize(
    ("path", "layer"),
    [
        ("phase_forward/model/conv_1/Conv2D", "conv_1"),
        ("phase_forward/model_1/conv_1_1/Conv2D", "conv_1"),
        ("phase_forward/model_1/conv_1_2/Conv2D", "conv_1"),
        ("phase_forward/model_3/fc_3/MatMul", "fc"),
        ("phase_forward/model_1/fc/MatMul", "fc"),
    ],
)
def test_a_number_is_cut_from_a_layer_only_if_the_model_has_one_too(path: str, layer: str) -> None:
    assert layer_of(path) == layer


@pytest.mark.parametrize(
    ("path", "layers"),
    [
        ("phase_forward/model_1/{conv_1,relu1}/", "conv_1,relu1"),
        ("{a,b}/", "a,b"),
        ("gradient_tape/{relu1}/", None),
        ("phase_forward/model_1/fc/MatMul", None),
    ],
)
def test_what_was_made_of_several_ops_may_have_several_layers(
    path: str, layers: str | None
) -> None:
    assert several_of(path) == layers


@pytest.mark.parametrize(
    ("path", "op"),
    [
        ("jit(step)/jit(main)/transpose(jvp(Dense_0))/dot_general", "dot_general"),
        ("jit(f)/reduce_sum[axes=(0,) dims=1/2]", "reduce_sum"),
        ("phase_forward/model_1/fc1_1/MatMul_1", "MatMul"),
        ("kernel", None),
        ("f/", None),
        ("", None),
    ],
)
def test_the_op_that_a_path_ends_with(path: str, op: str | None) -> None:
    assert op_of(path) == op


def test_each_row_has_what_its_path_names() -> None:
    strings = Strings()
    paths = [strings.number("phase_loss/Mean"), -1, strings.number("other"), 0]
    numbers = PathNames(strings, phase_of).of(from_columns(4, path=paths))
    assert [strings[number] for number in numbers.tolist()] == ["loss", "", "", "loss"]
    assert PathNames(Strings(), phase_of).of(from_columns(0)).dtype == np.int64


def test_device_work_with_a_path_needs_no_launch() -> None:
    strings = Strings()
    paths = [
        "gradient_tape/phase_forward/model_1/fc1_1/MatMul",
        "phase_forward/model_1/fc2_1/MatMul",
    ]
    block = from_columns(
        3,
        event_id=range(3),
        name=[strings.number(name) for name in ("cudaLaunchKernel", "one", "two")],
        kind=[Kind.RUNTIME, Kind.KERNEL, Kind.KERNEL],
        device=[-1, 0, 0],
        stream=[-1, 7, 8],
        correlation=[5, 5, 5],
        start_ns=[0, 1, 2],
        duration_ns=1,
        path=[*(strings.number(path) for path in paths), -1],
    )
    folded = fold(block, strings)
    for column, expected in (
        (folded.phase, ["backward", "forward", "backward"]),
        (folded.layer, ["fc1", "fc2", "fc1"]),
        (folded.op, ["", "MatMul", "two"]),
    ):
        assert [strings[number] for number in column.tolist()] == expected
