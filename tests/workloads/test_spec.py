import importlib

import pytest

from workloads.catalogue import find_workload, workload_list
from workloads.layers import (
    Add,
    AnyLayer,
    Attention,
    BatchNorm,
    Conv2d,
    Flatten,
    LayerNorm,
    Linear,
    MaxPool2d,
    MeanPool,
    Relu,
    Rows,
)
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
    ("name", "count"),
    [
        ("mnist-mlp", 50_890),
        ("cifar10-cnn3", 122_570),
        ("cifar10-cnn5", 62_006),
        ("tinyimagenet-cnn", 770_216),
        ("resnet18", 11_173_962),
        ("matmul", 1024**2),
    ],
)
def test_parameter_counts(name: str, count: int) -> None:
    assert find_workload(name).parameter_count == count


def test_shapes_of_the_residual_network() -> None:
    outputs = {row.name: row.output_shape for row in summary(find_workload("resnet18"))}
    assert outputs["stem_relu"] == outputs["stage1_block2_relu2"] == (32, 32, 64)
    assert outputs["stage2_block1_conv1"] == outputs["stage2_block1_shortcut_conv"] == (16, 16, 128)
    assert outputs["stage4_block2_relu2"] == (4, 4, 512)
    assert "stage1_block1_shortcut_conv" not in outputs
    assert "stage2_block2_shortcut_conv" not in outputs


def test_a_language_model_says_one_token_for_each_place() -> None:
    workload = find_workload("transformer", {"length": 6, "vocabulary": 11, "blocks": 1})
    assert (workload.output_shape, workload.vocabulary, workload.classes) == ((6, 11), 11, 11)
    assert find_workload("lstm").vocabulary is None


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


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((Flatten("a"), Linear("b", 3), Linear("c", 10, inputs=("a",))), "takes what b gives"),
        ((Flatten("a"), Linear("b", 10, inputs=("z",))), "b takes 1 earlier layer.s. as input"),
        ((Flatten("a"), Linear("b", 10, inputs=("b",))), "b takes 1 earlier layer.s. as input"),
        ((Flatten("a"), Linear("b", 10), Add("c")), "c takes 2 earlier layer.s. as input, not b"),
        (
            (Flatten("a"), Linear("b", 10), Add("c", inputs=("a", "b"))),
            r"c can't add shapes \[\(16,\), \(10,\)\]",
        ),
        ((Flatten("a"), BatchNorm("b"), Linear("c", 10)), "b normalises a flattened image"),
        ((Flatten("a"), Relu("b"), LayerNorm("c"), Linear("d", 10)), "c normalises a flattened"),
        ((Flatten("a"), MaxPool2d("b", 2), Linear("c", 10)), r"b takes inputs of 3 axes, not"),
        ((Flatten("input"), Linear("b", 10)), "'input' is no name for a layer"),
        ((Flatten("a"), Linear("b.c", 10)), "'b.c' is no name for a layer"),
        ((Rows("a"), Attention("b", 3), MeanPool("c"), Linear("d", 10)), "a width of 4 into 3"),
    ],
)
def test_graphs_that_can_not_be_built(layers: tuple[AnyLayer, ...], words: str) -> None:
    with pytest.raises(WorkloadError, match=words) as caught:
        model(*layers)
    assert str(caught.value).startswith("made-up: ")


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
