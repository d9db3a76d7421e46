"""Faults planted in a probe, each of which must be named as what it is."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
import pytest

from analysis.parity.certificate import certificate
from analysis.parity.check import Certificate
from profilers import rundir
from profilers.parity_record import PARITY, Curve, ParityRecord, RandomLayer, Setting
from tests.analysis.parity.conftest import values

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
        'The outputs part at layer "norm1" (largest difference 1e-6, tolerance 1e-9). Those of '
        '"down1" agree, so the cause is in "norm1", or in what stands between the two.',
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
        "In float64 all agree, and in float32 the outputs of the model do not",
    ),
    "a gradient in float32": (
        {"arrays": {"single/fc1.bias": off(1.0)}},
        "and in float32 the gradient of fc1.bias does not",
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


DROPOUT = RandomLayer(name="drop1", kind="Dropout", remedy="Set dropout=0 for both.")


def both(make_probe: Any, left: dict[str, Any], **right: Any) -> Certificate:
    return certificate(
        make_probe("left", **left), make_probe("right", framework="tensorflow", **right)
    )


def test_random_layers_are_not_certifiable(make_probe: Any) -> None:
    random = {"random": [DROPOUT]}
    found = both(make_probe, random, **random, arrays=outputs_part("fc1"))
    assert found.verdict == "not certifiable"
    assert found.reason == (
        "Layers draw random numbers: drop1. They draw other numbers in each run. "
        "Set dropout=0 for both."
    )


def test_random_layers_of_one_side_are_not_comparable(make_probe: Any) -> None:
    found = both(make_probe, {}, random=[DROPOUT], arrays=outputs_part("fc1"), **LOSSES_PART)
    assert found.verdict == "not comparable"
    assert found.reason == (
        "Layers of one side alone draw random numbers: drop1. They draw other numbers in each "
        "run. Set dropout=0 for both."
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights_sha256": "00"}, "The initial weights differ."),
        ({"batches_sha256": "00"}, "The probe batches differ."),
        ({"settings": {"seed": 7}}, "The seed differs: 0 and 7."),
        ({"audit": {("norm1", "epsilon"): 1e-3}}, 'The epsilon of layer "norm1" differs'),
    ],
)
@pytest.mark.parametrize("left", [{}, {"random": [DROPOUT]}])
def test_random_layers_hide_no_difference(
    make_probe: Any, change: dict[str, Any], words: str, left: dict[str, Any]
) -> None:
    found = both(make_probe, left, random=[DROPOUT], arrays=outputs_part("conv1"), **change)
    assert found.verdict == "not comparable"
    assert found.reason.startswith(words)


def test_layers_may_be_called_as_a_group_is(make_probe: Any) -> None:
    names = ("layout", "execution", "threads", "optimizer", "loss", "precision", "model")
    layers = dict.fromkeys(names, ("Linear", (4, 3)))
    for name in names:
        found = both(
            make_probe,
            {"layers": layers, "audit": {(name, "units"): 3}},
            layers=layers,
            audit={(name, "units"): 4},
        )
        assert found.verdict == "not comparable"
        assert found.reason.startswith(f'The units of layer "{name}" differs: 3 and 4.')
    changed = {("optimizer", "epsilon"): 1e-7, ("layout", "images"): "other"}
    found = both(make_probe, {"layers": layers}, layers=layers, audit=changed)
    assert found.sentence.startswith("same model, stock optimizers differ (Adam's epsilon)")


def test_a_layer_may_have_a_setting_that_the_optimizer_has(make_probe: Any) -> None:
    path = make_probe("left", layers={"optimizer": ("LayerNorm", (4, 3))})
    other = make_probe("right", framework="tensorflow", layers={"optimizer": ("Norm", (4, 3))})
    for folder, epsilon in ((path, 1e-5), (other, 1e-3)):
        record = rundir.read_json(folder / PARITY, ParityRecord)
        own = Setting(group="optimizer", name="epsilon", value=epsilon)
        record = msgspec.structs.replace(record, audit=[*record.audit, own])
        rundir.write_json(folder / PARITY, record)
    found = certificate(path, other)
    assert found.reason.startswith('The epsilon of layer "optimizer" differs: 1e-5 and 0.001.')


PROBABILITIES = {"arrays": {"outputs": softmax, "single_outputs": softmax}}
LOGITS_TAKEN = {"audit": {("loss", "softmax"): 1}}


def test_probabilities_and_a_loss_that_takes_them_are_right(make_probe: Any) -> None:
    taken = {**PROBABILITIES, "audit": {("loss", "softmax"): 0}}
    found = both(make_probe, LOGITS_TAKEN, **taken)
    assert found.verdict == "same arithmetic"
    reason = (
        "TensorFlow gives probabilities, which its own loss takes, and PyTorch gives logits: "
        "losses and gradients decide."
    )
    unknown = {check.name for check in found.checks if check.effect == reason}
    assert unknown == {
        "outputs of the model, float64",
        "outputs of the model, float32",
        "what the outputs are",
    }
    other = both(make_probe, LOGITS_TAKEN, **taken, **LOSSES_PART)
    assert other.reason.startswith("The loss of step 0 does not agree")


def test_the_last_layer_is_told_as_the_outputs_are(make_probe: Any) -> None:
    layers = {"fc1": ("Linear", (4, 10))}
    same = {"output/fc1": lambda array: values("outputs", (4, 10))}
    given = {"output/fc1": lambda array: softmax(values("outputs", (4, 10)))}
    found = both(
        make_probe,
        {"layers": layers, "arrays": same, **LOGITS_TAKEN},
        layers=layers,
        arrays={**PROBABILITIES["arrays"], **given},
        audit={("loss", "softmax"): 0},
    )
    assert found.verdict == "same arithmetic"


def test_a_softmax_too_many_is_blamed_whatever_the_other_gives(make_probe: Any) -> None:
    found = both(make_probe, LOGITS_TAKEN, **PROBABILITIES, **LOGITS_TAKEN, **LOSSES_PART)
    assert found.reason.startswith("A softmax stands before the cross-entropy of TensorFlow")


def test_a_loss_of_ones_own_is_not_known_by_its_name(make_probe: Any) -> None:
    own = {"audit": {("loss", "kind"): "my_loss"}}
    found = both(make_probe, {}, **own)
    assert found.verdict == "same arithmetic"
    (kind,) = [check for check in found.checks if check.name == "loss: kind"]
    assert (kind.kind, kind.same) == ("information", False)
    assert both(make_probe, {}, **own, **LOSSES_PART).verdict == "not comparable"


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
