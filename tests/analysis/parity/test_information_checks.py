from typing import Any

from analysis.parity import information_checks
from analysis.parity.check import Check
from analysis.parity.reader import read_pair


def found(*sides: Any) -> dict[str, Check]:
    checks = {check.name: check for check in information_checks.checks(read_pair(*sides))}
    assert {check.kind for check in checks.values()} <= {"information"}
    return checks


def test_the_first_loss_against_chance(make_probe: Any) -> None:
    usual = found(*make_probe.pair())["first loss against ln(10)"]
    assert (usual.same, usual.effect) == (True, "")
    large = found(*make_probe.pair(single_loss=7.0))["first loss against ln(10)"]
    assert (large.same, large.left, large.right) == (False, 2.3, 7.0)
    assert large.effect.startswith("That of TensorFlow is 7.00, and chance gives 2.30.")
    broken = found(*make_probe.pair(single_loss=None))["first loss against ln(10)"]
    assert (broken.same, broken.right) == (None, None)
    assert "first loss against ln(10)" not in found(*make_probe.pair(classes=None))


def test_norms_after_training_are_those_of_as_many_steps(make_bound: Any) -> None:
    name = "norm of the weights after 100 steps"
    assert found(*make_bound.pair())[name].same is True
    runs = make_bound("a"), make_bound("b", "tensorflow", result={"parameter_norm": 14.0})
    assert found(*runs)[name].same is False
    runs = make_bound("c"), make_bound("d", "tensorflow", result={"parameter_norm": None})
    assert found(*runs)[name].same is None
    runs = make_bound("e"), make_bound("f", "tensorflow", result={"trained_steps": 90})
    assert name not in found(*runs)
