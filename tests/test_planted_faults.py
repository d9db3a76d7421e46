"""Faults planted in a model under one framework: each is caught, its cause or layer named."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from analysis.parity.certificate import certificate
from analysis.parity.check import Certificate
from profilers import probe, rundir
from profilers.parity_record import PARITY
from tests import frameworks
from tests.profilers.probing import MakeRecord, probed, samples
from workloads.layers import BatchNorm, Conv2d, Flatten, Gelu, LayerNorm, Linear, Relu
from workloads.spec import Workload

pytestmark = pytest.mark.slow

MODEL = Workload(
    name="sound",
    title="",
    source="",
    input_shape=(8, 8, 3),
    classes=5,
    data="synthetic",
    layers=(
        Conv2d("conv1", 6, kernel=3, padding=1),
        Relu("relu1"),
        Conv2d("down1", 8, kernel=3, stride=2, padding=1),
        BatchNorm("norm1"),
        Relu("relu2"),
        Flatten("flatten"),
        Linear("fc1", 16),
        LayerNorm("norm2"),
        Gelu("gelu1"),
        Linear("fc2", 5),
    ),
)
Plant = Callable[[pytest.MonkeyPatch], dict[str, Any]]
"""Plants a fault in torch; gives what is to be changed of the probe's request."""


def with_layer(name: str, **changes: Any) -> Plant:
    """A setting of a layer that is another one than in the other framework."""

    def plant(patch: pytest.MonkeyPatch) -> dict[str, Any]:
        layers = tuple(
            msgspec.structs.replace(layer, **changes) if layer.name == name else layer
            for layer in MODEL.layers
        )
        return {"workload": msgspec.structs.replace(MODEL, layers=layers)}

    return plant


def with_rate(rate: float) -> Plant:
    rates = {**MODEL.learning_rates, "adam": rate}
    return lambda patch: {"workload": msgspec.structs.replace(MODEL, learning_rates=rates)}


def weight_off(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    def move(arrays: dict[str, Any]) -> None:
        arrays["down1.weight"][1, 1, 3, 4] += 1e-3

    return {"weights": move}


def batches_shuffled(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    order = probe.BatchOrder
    patch.setattr(probe, "BatchOrder", lambda count, size, seed: order(count, size, seed + 1))
    return {}


def labels_off_by_one(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    def shifted(workload: Workload) -> dict[str, np.ndarray]:
        made = samples(workload)
        return made | {"train_labels": (made["train_labels"] + 1) % MODEL.classes}

    patch.setattr("tests.profilers.probing.samples", shifted)
    return {}


def padding_of_keras(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """ "same" with stride 2 pads below and to the right alone where the side is even."""
    from torch import nn

    from profilers import torch_layers

    module = torch_layers.module

    class Same(nn.Conv2d):
        def forward(self, images: Any) -> Any:
            padded = nn.functional.pad(images, (0, 1, 0, 1))
            return nn.functional.conv2d(padded, self.weight, self.bias, self.stride)

    def made(layer: Any, shape: Any) -> Any:
        if layer.name != "down1":
            return module(layer, shape)
        return Same(shape[2], layer.filters, layer.kernel, layer.stride, layer.padding)

    patch.setattr(torch_layers, "module", made)
    return {}


def image_rows_as_they_come(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The weights of the first linear layer are not brought into torch's order of a flatten."""
    from profilers import torch_weights

    patch.setattr(
        torch_weights,
        "row_order",
        lambda image: (torch_weights.transposed, torch_weights.transposed),
    )
    return {}


def with_loss(change: Callable[[Any, Any, Any], Any]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> dict[str, Any]:
        from profilers import torch_model

        entropy = torch_model.cross_entropy
        patch.setattr(torch_model, "cross_entropy", lambda o, labels: change(entropy, o, labels))
        return {}

    return plant


def softmax_at_the_end(patch: pytest.MonkeyPatch) -> dict[str, Any]:
    from torch import nn

    from profilers import torch_layers

    build = torch_layers.build

    def made(workload: Workload) -> Any:
        model = build(workload)
        model.fc2.register_forward_hook(lambda module, inputs, output: output.softmax(-1))
        assert isinstance(model, nn.Module)
        return model

    patch.setattr(torch_layers, "build", made)
    return {}


FAULTS: dict[str, tuple[Plant, str]] = {
    "batch-norm epsilon": (
        with_layer("norm1", epsilon=1e-3),
        'part at layer "norm1".*epsilon of layer "norm1" differs: 0.001 and 1e-5',
    ),
    "batch-norm momentum": (
        with_layer("norm1", momentum=0.01),
        'momentum of layer "norm1" differs: 0.01 and 0.1',
    ),
    "layer-norm epsilon": (
        with_layer("norm2", epsilon=1e-3),
        'part at layer "norm2".*epsilon of layer "norm2" differs: 0.001 and 1e-5',
    ),
    "GELU form": (
        with_layer("gelu1", approximate=True),
        'part at layer "gelu1".*approximate of layer "gelu1" differs: tanh and exact',
    ),
    "dropped bias": (with_layer("fc1", bias=False), 'bias of layer "fc1" differs: no and yes'),
    "padding": (padding_of_keras, 'part at layer "down1"'),
    "layout": (image_rows_as_they_come, 'part at layer "fc1"'),
    "one weight off by 1e-3": (weight_off, 'initial weights differ.*part at layer "down1"'),
    "batches shuffled": (batches_shuffled, "batches differ"),
    "labels off by one": (labels_off_by_one, "samples differ"),
    "softmax as the last layer": (softmax_at_the_end, "[Ss]oftmax"),
    "softmax before the loss": (
        with_loss(lambda entropy, outputs, labels: entropy(outputs.softmax(-1), labels)),
        "softmax of the loss differs: 2 and 1",
    ),
    "loss reduction": (
        with_loss(lambda entropy, outputs, labels: entropy(outputs, labels) * len(labels)),
        "reduction of the loss differs: sum and mean",
    ),
    "learning rate": (with_rate(2e-3), "learning rate of the optimizer differs: 0.002 and 0.001"),
}


@pytest.fixture(scope="module")
def make_probe(
    tmp_path_factory: pytest.TempPathFactory, make_record: MakeRecord
) -> Callable[..., Path]:
    frameworks.tensorflow()
    pytest.importorskip("torch")

    def make(framework: str, plant: Plant = lambda patch: {}) -> Path:
        folder = tmp_path_factory.mktemp(framework)
        with pytest.MonkeyPatch.context() as patch:
            asked = {"workload": MODEL} | plant(patch)
            workload = asked.pop("workload")
            record, _ = probed(framework, workload, folder, make_record, patch, **asked)
        rundir.write_json(folder / PARITY, record)
        return folder

    return make


@pytest.fixture(scope="module")
def sound(make_probe: Callable[..., Path]) -> Path:
    return make_probe("tensorflow")


def test_without_a_fault_the_model_is_the_same(
    make_probe: Callable[..., Path], sound: Path
) -> None:
    found = certificate(make_probe("torch"), sound)
    assert found.verdict == "same model, stock optimizers differ", found.reason


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(make_probe: Callable[..., Path], sound: Path, fault: str) -> None:
    plant, named = FAULTS[fault]
    found: Certificate = certificate(make_probe("torch", plant), sound)
    assert found.verdict == "not comparable"
    assert re.search(named, found.reason), found.reason
