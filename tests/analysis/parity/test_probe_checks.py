from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from analysis.parity import probe_checks, tolerances
from analysis.parity.certificate import certificate
from analysis.parity.check import Check
from analysis.parity.reader import read_pair
from profilers import rundir
from profilers.parity_record import PARITY, Curve, ParityRecord

Array = np.ndarray[Any, Any]


def found(make_probe: Any, left: dict[str, Any] | None = None, **right: Any) -> dict[str, Check]:
    sides = make_probe("left", **(left or {})), make_probe("right", **right)
    return {check.name: check for check in probe_checks.checks(read_pair(*sides))}


def off(part: float) -> Callable[[Array], Array]:
    def move(array: Array) -> Array:
        moved = array.copy()
        moved.reshape(-1)[np.argmax(np.abs(moved))] *= 1 + part
        return moved

    return move


@pytest.mark.parametrize(
    ("array", "name", "tolerance"),
    [
        ("output/fc1", "output of fc1, float64", tolerances.DOUBLE_OUTPUT),
        ("outputs", "outputs of the model, float64", tolerances.DOUBLE_OUTPUT),
        ("gradient/fc1.bias", "gradient of fc1.bias, float64", tolerances.DOUBLE_GRADIENT),
        ("single_outputs", "outputs of the model, float32", tolerances.SINGLE_OUTPUT),
        ("single/fc1.bias", "gradient of fc1.bias, float32", tolerances.SINGLE_GRADIENT),
    ],
)
def test_each_array_has_its_tolerance(
    make_probe: Any, array: str, name: str, tolerance: float
) -> None:
    within = found(make_probe, arrays={array: off(0.9 * tolerance)})[name]
    assert (within.same, within.tolerance, within.effect) == (True, tolerance, "")
    assert within.difference == pytest.approx(0.9 * tolerance, rel=0.03)
    beyond = found(make_probe, arrays={array: off(1.2 * tolerance)})[name]
    assert beyond.same is False
    assert beyond.effect


@pytest.mark.parametrize("part", [0.5, 2.0])
def test_the_bands_of_losses(make_probe: Any, part: float) -> None:
    plain: list[float | None] = [2.0, 2.0, 2.0]
    moved: list[float | None] = [2.0, 2.0 + 0.01 * part, 2.0]
    names = {
        "losses of 3 steps of SGD, float64": {"double": Curve(losses=[2.0, 2.0 + 2e-9 * part, 2])},
        "losses of 3 steps, optimizer matched": {"matched": Curve(losses=moved)},
        "loss of step 0, float32": {"single_loss": 2.0 + 2e-5 * part},
    }
    left = {
        "double": Curve(losses=plain),
        "matched": Curve(losses=plain, control=[2.0, 2.001, 2.0]),
        "single_loss": 2.0,
    }
    for name, change in names.items():
        assert found(make_probe, left, **{**left, **change})[name].same is (part < 1)


def test_a_gradient_that_is_rounding_alone_is_no_difference(make_probe: Any) -> None:
    def noise(seed: int) -> Callable[[Array], Array]:
        generator = np.random.default_rng(seed)
        return lambda array: 1e-17 * generator.normal(size=array.shape)

    name = "gradient/down1.bias"
    checks = found(make_probe, {"arrays": {name: noise(1)}}, arrays={name: noise(2)})
    assert checks["gradient of down1.bias, float64"].same is True


def test_of_a_large_array_the_norm_counts_too(make_probe: Any) -> None:
    layers = {"wide": ("Linear", (400, 400))}
    same = found(make_probe, {"layers": layers}, layers=layers)
    assert same["output of wide, float64"].same is True
    shrunk = found(
        make_probe, {"layers": layers}, layers=layers, arrays={"output/wide": lambda a: 0.5 * a}
    )
    assert shrunk["output of wide, float64"].same is False


def test_layers_of_one_side_or_of_another_shape(make_probe: Any) -> None:
    layers = dict(make_probe.layers)
    del layers["relu1"]
    layers |= {"fc1": ("Linear", (4, 12)), "extra": ("Linear", (4, 2))}
    checks = found(make_probe, layers=layers)
    assert checks["output of relu1, float64"].same is None
    assert checks["output of extra, float64"].effect.startswith("PyTorch left has no array")
    other = checks["output of fc1, float64"]
    assert (other.same, other.left, other.right) == (False, "[4, 10]", "[4, 12]")


def test_probabilities_are_seen_on_both_sides_too(make_probe: Any) -> None:
    def softmax(array: Array) -> Array:
        raised = np.exp(array)
        return np.asarray(raised / raised.sum(axis=-1, keepdims=True))

    assert "what the outputs are" not in found(make_probe)
    changed = {"arrays": {"outputs": softmax}}
    both = found(make_probe, changed, **changed)["what the outputs are"]
    assert both.same is True
    assert both.effect.startswith("A softmax stands before the cross-entropy of PyTorch left and")


def test_a_layer_is_named_as_both_sides_call_it(make_probe: Any) -> None:
    left, right = make_probe.pair(arrays={"output/down1": off(1e-3)})
    record = rundir.read_json(right / PARITY, ParityRecord)
    layers = [msgspec.structs.replace(each, native=f"keras_{each.name}") for each in record.layers]
    rundir.write_json(right / PARITY, msgspec.structs.replace(record, layers=layers))
    reason = certificate(left, right).reason
    assert 'part at layer "down1", keras_down1 in TensorFlow (largest' in reason
