"""Faults planted in a probe, each of which must be named as what it is."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from analysis.parity.certificate import certificate
from profilers.parity_record import Curve, RandomLayer

Array = np.ndarray[Any, Any]
REFERENCE = [2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4]


def off(size: float) -> Callable[[Array], Array]:
    """Moves one value by this part of the largest."""

    def move(array: Array) -> Array:
        moved = array.copy()
        moved.reshape(-1)[0] += size * np.abs(array).max()
        return moved

    return move


def softmax(array: Array) -> Array:
    raised = np.exp(array)
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def outputs_part(*layers: str, by: float = 0.5) -> dict[str, Callable[[Array], Array]]:
    return {
        **{f"output/{layer}": off(by) for layer in layers},
        **{name: off(by) for name in ("outputs", "single_outputs")},
    }


LOSSES_PART: Mapping[str, Any] = {
    "double": Curve(losses=[2.4, 2.2, 2.0, 1.8, 1.6]),
    "single_loss": 2.4,
}
LAST = ("down1", "norm1", "fc1")

NOT_COMPARABLE: dict[str, tuple[dict[str, Any], str]] = {
    "workload": (
        {"workload_sha256": "00", "audit": {("fc1", "bias"): True}},
        "The workloads differ.",
    ),
    "weights": (
        {"weights_sha256": "00" * 32, "arrays": outputs_part(*LAST), **LOSSES_PART},
        'The initial weights differ. The outputs part at layer "down1"',
    ),
    "samples": ({"samples_sha256": "00", **LOSSES_PART}, "The probe samples differ."),
    "batch order": ({"batches_sha256": "00"}, "The probe batches differ."),
    "padding": (
        {"arrays": outputs_part(*LAST), "audit": {("down1", "padding"): "same"}, **LOSSES_PART},
        'The outputs part at layer "down1" (largest difference 0.5, tolerance 1e-9). The padding '
        'of layer "down1" differs: 1 and same. padding="same" with stride 2',
    ),
    "batch-norm epsilon": (
        {"arrays": outputs_part("norm1", "fc1"), "audit": {("norm1", "epsilon"): 1e-3}},
        'The epsilon of layer "norm1" differs: 1e-5 and 0.001. Its outputs part by about 1e-3',
    ),
    "batch-norm momentum, which training does not show": (
        {"audit": {("norm1", "momentum"): 0.99}},
        'The momentum of layer "norm1" differs: 0.9 and 0.99.',
    ),
    "a layer that no setting explains": (
        {"arrays": outputs_part("norm1", "fc1", by=1e-6)},
        'The outputs part at layer "norm1" (largest difference 1e-6, tolerance 1e-9). All that',
    ),
    "softmax before the cross-entropy": (
        {"arrays": {"outputs": softmax, "single_outputs": softmax}, **LOSSES_PART},
        "A softmax stands before the cross-entropy of TensorFlow",
    ),
    "loss reduction": (
        {"audit": {("loss", "reduction"): "sum"}, **LOSSES_PART},
        "The reduction of the loss differs: mean and sum.",
    ),
    "labels": (LOSSES_PART, "All outputs agree and the loss of step 0 does not"),
    "learning rate": (
        {"audit": {("optimizer", "learning_rate"): 1e-2}},
        "The learning rate of the optimizer differs: 0.001 and 0.01.",
    ),
    "kind of optimizer": (
        {"audit": {("optimizer", "kind"): "sgd"}, "settings": {"optimizer": "sgd"}},
        "The kind of the optimizer differs: adam and sgd.",
    ),
    "weight decay": (
        {"audit": {("optimizer", "weight_decay"): 0.01}},
        "The weight decay of the optimizer differs: 0 and 0.01.",
    ),
    "a gradient": (
        {"arrays": {"gradient/down1.weight": off(1e-6), "gradient/conv1.weight": off(1e-6)}},
        'Outputs and loss agree, and the gradients part at "down1.weight"',
    ),
    "an update": (
        {"double": Curve(losses=[2.3, 2.1, 1.9, 1.8, 1.5])},
        "The losses of 5 steps of SGD, float64 do not agree (largest difference 0.0556",
    ),
    "TF32 as its flag": (
        {
            "arrays": {"single_outputs": off(1e-3)},
            "audit": {("precision", "matmul_tf32"): True, ("precision", "cudnn_tf32"): True},
        },
        "The matmul tf32 of the device differs: no and yes. TF32 keeps 10 bits",
    ),
    "TF32 without a flag": (
        {"arrays": {"single_outputs": off(1e-3)}},
        "In float64 all agree, and in float32 the outputs of the model does not",
    ),
    "the matched optimizer": (
        {"matched": Curve(losses=[2.3, 2.2, *(loss + 0.01 for loss in REFERENCE[2:])])},
        "Outputs and gradients agree, and the optimizers do not",
    ),
    "a loss that broke": (
        {"double": Curve(losses=[2.3, 2.1, None, None, None])},
        "The losses of 5 steps of SGD, float64 do not agree",
    ),
    "another size": (
        {
            "parameters": {
                "conv1.weight": (3, 3, 3, 3),
                "down1.weight": (3, 3, 3, 5),
                "down1.bias": (5,),
                "fc1.weight": (45, 12),
                "fc1.bias": (12,),
            },
            "audit": {("fc1", "units"): 12},
        },
        "The number of parameters differs: 681 and 773.",
    ),
    "optimizers that are meant to be equal": (
        {"audit": {("optimizer", "epsilon"): 1e-7}, "settings": {"optimizer_parity": "matched"}},
        "The optimizer parity differs: stock and matched.",
    ),
}


@pytest.mark.parametrize("fault", NOT_COMPARABLE)
def test_a_planted_fault_is_named(make_probe: Any, fault: str) -> None:
    changes, words = NOT_COMPARABLE[fault]
    found = certificate(*make_probe.pair(**changes))
    assert found.verdict == "not comparable"
    assert words in found.reason
    assert found.sentence.startswith("not comparable: ")
    assert any(check.same is False for check in found.checks)


def test_equal_probes_do_the_same_arithmetic(make_probe: Any) -> None:
    found = certificate(*make_probe.pair())
    assert (found.verdict, found.conditions) == ("same arithmetic", "same")
    assert found.reason == "weights, batches, step 0 and losses agree."
    assert found.sentence == "same arithmetic; weights, batches, step 0 and losses agree"
    assert {check.kind for check in found.checks if not check.same} == {"information"}


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("epsilon", 1e-7, "Adam's epsilon"),
        ("epsilon_place", "before the correction", "where Adam adds epsilon"),
        ("gradients", "sparse", "Adam's gradients of embeddings"),
    ],
)
def test_stock_optimizers_may_differ(make_probe: Any, setting: str, value: Any, name: str) -> None:
    found = certificate(*make_probe.pair(audit={("optimizer", setting): value}))
    assert found.verdict == "same model, stock optimizers differ"
    assert found.sentence == (
        f"same model, stock optimizers differ ({name}); weights, batches, step 0 and losses agree"
    )


def test_matched_optimizers_may_not(make_probe: Any) -> None:
    matched = {"settings": {"optimizer_parity": "matched"}}
    right = {"audit": {("optimizer", "epsilon"): 1e-7}, "framework": "tensorflow"}
    found = certificate(make_probe("left", **matched), make_probe("right", **matched, **right))
    assert found.verdict == "not comparable"
    assert found.reason.startswith("The epsilon of the optimizer differs: 1e-8 and 1e-7.")


def test_random_layers_are_not_certifiable(make_probe: Any) -> None:
    dropout = RandomLayer(name="drop1", kind="Dropout", remedy="Set dropout=0 for both.")
    found = certificate(*make_probe.pair(random=[dropout], arrays=outputs_part("fc1")))
    assert found.verdict == "not certifiable"
    assert found.reason == (
        "Layers draw random numbers: drop1. They draw other numbers in each run. "
        "Set dropout=0 for both."
    )


def test_losses_that_both_break_at_once_certify_nothing(make_probe: Any) -> None:
    broken = {"double": Curve(losses=[2.3, 2.1, None])}
    found = certificate(
        make_probe("a", **broken), make_probe("b", framework="tensorflow", **broken)
    )
    assert found.verdict == "not certifiable"
    assert "from step 2 on" in found.reason


def test_no_losses_certify_nothing(make_probe: Any) -> None:
    found = certificate(*make_probe.pair(double=Curve(losses=[])))
    assert found.verdict == "not certifiable"
    assert found.reason == "Not compared: loss of step 0, float64. TensorFlow recorded no losses."
