import math

import numpy as np

from profilers import audit


def cross_entropies(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    shifted = outputs - np.log(np.exp(outputs).sum(1, keepdims=True))
    return -shifted[np.arange(len(labels)), labels]


def test_a_loss_is_known_by_what_it_gives() -> None:
    mean = audit.loss(lambda outputs, labels: cross_entropies(outputs, labels).mean(), "mean")
    assert mean == {"kind": "cross-entropy", "reduction": "mean", "softmax": 1}
    total = audit.loss(lambda outputs, labels: cross_entropies(outputs, labels).sum(), "total")
    assert total["reduction"] == "sum"
    probabilities = audit.loss(
        lambda outputs, labels: -np.log(np.abs(outputs[np.arange(3), labels])).mean(), "nll"
    )
    assert probabilities["softmax"] == 0
    twice = audit.loss(
        lambda outputs, labels: cross_entropies(
            np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True), labels
        ).mean(),
        "twice",
    )
    assert twice == {"kind": "cross-entropy", "reduction": "mean", "softmax": 2}
    assert audit.loss(lambda outputs, labels: 1.0, "hinge") == {"kind": "hinge"}


def test_a_loss_that_takes_no_classes_is_known_by_its_name() -> None:
    def squares(outputs: np.ndarray, labels: np.ndarray) -> float:
        return float(np.square(outputs - labels[:, :, None]).mean())

    assert audit.loss(squares, "own_loss") == {"kind": "own_loss"}


def test_the_form_of_a_gelu_is_known_by_what_it_gives() -> None:
    assert audit.gelu(lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2) == audit.EXACT
    inner = math.sqrt(2 / math.pi)
    assert audit.gelu(lambda x: x * (1 + math.tanh(inner * (x + 0.044715 * x**3))) / 2) == "tanh"
