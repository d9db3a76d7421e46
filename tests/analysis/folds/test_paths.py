import numpy as np
import pytest

from analysis.blocks import Kind, Strings, from_columns
from analysis.folds.layers import layers
from analysis.folds.paths import layer_of, named_by_path, phase_of
from analysis.folds.phases import phases


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


def test_each_row_has_what_its_path_names() -> None:
    strings = Strings()
    paths = [strings.number("phase_loss/Mean"), -1, strings.number("other"), 0]
    numbers = named_by_path(from_columns(4, path=paths), strings, phase_of)
    assert [strings[number] for number in numbers.tolist()] == ["loss", "", "", "loss"]
    assert named_by_path(from_columns(0), Strings(), phase_of).dtype == np.int64


def test_device_work_with_a_path_needs_no_launch() -> None:
    strings = Strings()
    block = from_columns(
        3,
        kind=[Kind.RUNTIME, Kind.KERNEL, Kind.KERNEL],
        device=[-1, 0, 0],
        duration_ns=[1, 1, 1],
        path=[
            strings.number("gradient_tape/phase_forward/model_1/fc1_1/MatMul"),
            strings.number("phase_forward/model_1/fc2_1/MatMul"),
            -1,
        ],
    )
    nothing, launch_row = np.full(3, -1), np.array([-1, 0, 0])
    for fold, expected in (
        (phases, ["backward", "forward", "backward"]),
        (layers, ["fc1", "fc2", "fc1"]),
    ):
        numbers = fold(block, strings, nothing, launch_row)
        assert [strings[number] for number in numbers.tolist()] == expected
