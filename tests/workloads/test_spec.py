import importlib

import pytest

from workloads.catalogue import find_workload, workload_list
from workloads.layers import Conv2d, Flatten, Linear, MaxPool2d, Relu
from workloads.spec import Workload, WorkloadError, summary


def test_shapes_of_the_cifar10_network_of_three_convolutions() -> None:
    outputs = {row.name: row.output_shape for row in summary(find_workload("cifar10-cnn3"))}
    assert outputs["conv1"] == (30, 30, 32)
    assert outputs["pool1"] == (15, 15, 32)
    assert outputs["conv2"] == (13, 13, 64)
    assert outputs["pool2"] == (6, 6, 64)
    assert outputs["conv3"] == (4, 4, 64)
    assert outputs["flatten"] == (1024,)


def test_parameters_layer_by_layer() -> None:
    three = {row.name: row.parameters for row in summary(find_workload("cifar10-cnn3"))}
    assert [three[n] for n in ("conv1", "conv2", "conv3", "fc1", "fc2")] == [
        896,
        18496,
        36928,
        65600,
        650,
    ]
    five = {row.name: row.parameters for row in summary(find_workload("cifar10-cnn5"))}
    assert [five[n] for n in ("conv1", "conv2", "fc1", "fc2", "fc3")] == [
        456,
        2416,
        48120,
        10164,
        850,
    ]


@pytest.mark.parametrize(
    ("name", "count"), [("mnist-mlp", 50_890), ("cifar10-cnn3", 122_570), ("cifar10-cnn5", 62_006)]
)
def test_parameter_counts(name: str, count: int) -> None:
    assert find_workload(name).parameter_count == count


def test_stride_and_padding_of_a_convolution() -> None:
    assert Conv2d("c", 8, kernel=3, stride=2, padding=1).output_shape((7, 9, 3)) == (4, 5, 8)


def test_pooling_leaves_out_the_rest_at_the_edge() -> None:
    assert MaxPool2d("p", 2).output_shape((5, 7, 3)) == (2, 3, 3)


def test_layer_names_must_differ() -> None:
    with pytest.raises(WorkloadError, match=r"twice: \['a'\]"):
        model(Flatten("a"), Linear("a", 10))


def test_the_last_layer_must_give_one_logit_for_each_class() -> None:
    with pytest.raises(WorkloadError, match=r"gives \(9,\), not 10"):
        model(Flatten("flatten"), Linear("fc", 9), Relu("relu"))


def test_every_shipped_workload_is_named_as_its_file() -> None:
    for workload in workload_list():
        module = importlib.import_module(f"workloads.{workload.name.replace('-', '_')}")
        assert module.WORKLOAD is workload


def model(*layers: object) -> Workload:
    return Workload(
        name="made-up",
        title="",
        source="",
        input_shape=(4, 4, 1),
        classes=10,
        layers=layers,  # type: ignore[arg-type]
        data="digits",
    )
