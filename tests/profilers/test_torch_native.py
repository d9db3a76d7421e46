from pathlib import Path

import numpy as np
import pytest

from tests.profilers import own_models
from workloads.spec import WorkloadError

pytestmark = pytest.mark.slow

DATA = 'INPUT_SHAPE, CLASSES, DATA = (4,), 3, "synthetic"\n'
GIVEN = (np.ones((2, 4), np.float32),)
LABELS = np.zeros(2, np.int64)


def module(forward: str, made: str = "nn.Linear(4, 3)") -> str:
    return (
        DATA
        + f"""
def build_torch():
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = {made}

        def forward(self, given):
            return {forward}

    return Net()
"""
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (module("self.part(given), 3"), r"gives a tuple; have its forward return one tensor"),
        (module("self.part(given).sum()"), r"gives a tensor of the shape \(\)"),
        (module("self.part(given[:, :2])"), r"own.py, line 12, in forward: RuntimeError"),
        (DATA + "def build_torch(): return 3", r"build_torch\(\) returns a int; return a torch"),
        (
            module("self.part[0](given)", "nn.ModuleList([nn.Linear(4, 3), nn.LazyLinear(2)])"),
            r"part.1.weight has no size, as forward never runs it",
        ),
        (
            module("self.part(given)") + "\ndef torch_loss(outputs, labels): return outputs",
            r"torch_loss gives a tensor of the shape \(2, 3\), not one number",
        ),
    ],
)
def test_models_that_can_not_be_run_are_one_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    from profilers import torch_native

    workload = own_models.written(tmp_path, text)
    with pytest.raises(WorkloadError, match=message):
        torch_native.describe(workload, GIVEN, LABELS, 0)


def test_a_model_is_described_as_it_runs(tmp_path: Path) -> None:
    from profilers import torch_native

    part = "nn.ModuleList([nn.LazyLinear(3), nn.LSTM(4, 5), nn.Dropout(0.5)])"
    text = module("self.part[0](self.part[2](self.part[1](given)[0]))", part)
    found, values = torch_native.describe(own_models.written(tmp_path, text), GIVEN, LABELS, 0)
    orders = {unit.owner: unit.order for unit in found.units}
    assert orders["part.1"] < orders["part.0"]  # type: ignore[operator]
    assert found.output_shape == (2, 3)
    assert found.random == ("part.2 (Dropout, p=0.5; set p=0)",)
    assert "part.1.bias_hh_l0.requires_grad_(False)" in found.notes[0]
    recurrent = next(unit for unit in found.units if unit.family == "lstm")
    shapes = {slot.role: slot.shape for slot in recurrent.slots}
    assert shapes == {"input_weight": (4, 20), "hidden_weight": (5, 20), "bias": (20,)}
    again, same = torch_native.describe(own_models.written(tmp_path, text), GIVEN, LABELS, 0)
    assert again == found
    assert all((values[name] == same[name]).all() for name in values)


def test_a_model_is_built_again_with_its_weights(tmp_path: Path) -> None:
    import torch

    from profilers import torch_model, torch_native

    text = module("self.part(given)", "nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))")
    workload = own_models.written(tmp_path, text)
    described = torch_native.describe(workload, GIVEN, LABELS, 0)
    workload, values = own_models.known(workload, GIVEN, {"torch": described})
    assert workload.parameter_count == 4 * 3 + 3 + 2 * 3
    values["part.1.running_mean"] = np.array([1, 2, 3], np.float32)
    network = torch_model.build(workload, values, torch.device("cpu"))
    assert network.module.training
    assert list(network.layers) == ["part.0", "part.1"]
    assert network.module.part[1].running_mean.tolist() == [1, 2, 3]  # type: ignore
    read = network.arrays()
    assert read.keys() == workload.parameter_shapes().keys()
    assert all((read[name] == values[name]).all() for name in values)


def test_what_keras_applies_inside_a_layer_is_known_by_name() -> None:
    from profilers import layer_pairs, torch_native

    assert set(torch_native.AFTER) == set(layer_pairs.APPLIED)


def test_layers_without_arrays_are_units_if_they_run_once(tmp_path: Path) -> None:
    from profilers import torch_native

    part = "nn.ModuleList([nn.Linear(4, 3), nn.GELU(), nn.ReLU(), nn.Dropout(0.0)])"
    forward = "self.part[2](self.part[1](self.part[2](self.part[0](given))))"
    workload = own_models.written(tmp_path, module(forward, part))
    description, _ = torch_native.describe(workload, GIVEN, LABELS, 0)
    found = {unit.owner: (unit.family, unit.order is not None) for unit in description.units}
    assert found == {
        "part.0": ("linear", True),
        "part.1": ("activation", True),
        "part.2": ("activation", False),
        "part.3": ("dropout", False),
    }
