from typing import Any

import pytest

from analysis.parity import effects, settings_checks
from analysis.parity.certificate import certificate
from analysis.parity.check import Check
from analysis.parity.reader import read_pair
from profilers.parity_record import Setting


def found(make_probe: Any, **right: Any) -> dict[str, Check]:
    pair = read_pair(*make_probe.pair(**right))
    return {check.name: check for check in settings_checks.checks(pair)}


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1e-3, 0.0010000000474974513, True),
        (1e-3, 1.1e-3, False),
        (1, 1.0, True),
        (True, 1, False),
        (None, 0, False),
        ("same", "same", True),
        ("1", 1, False),
        (0.0, 0, True),
        (10**400, 1.0, False),
        (10**400, 10**400, True),
    ],
)
def test_values(left: Any, right: Any, same: bool) -> None:
    assert settings_checks.alike(left, right) is same
    assert settings_checks.alike(right, left) is same


@pytest.mark.parametrize(
    ("key", "value", "kind", "words"),
    [
        (("conv1", "padding"), "same", "arithmetic", "ZeroPadding2D"),
        (("norm1", "epsilon"), 1e-3, "arithmetic", "2e-2 in evaluation"),
        (("norm1", "running_variance"), "biased", "information", "n/(n-1)"),
        (("layout", "images"), "other", "information", "another order"),
        (("threads", "intra_op"), 8, "information", "More threads"),
        (("precision", "type"), "bfloat16", "information", "number formats"),
        (("precision", "cudnn_benchmark"), False, "information", "tries its algorithms"),
        (("precision", "deterministic"), True, "information", "in a fixed order"),
        (("precision", "cudnn_tf32"), True, "arithmetic", "TF32 keeps 10 bits"),
        (("optimizer", "weight_decay"), 0.1, "arithmetic", "drawn to zero"),
        (("loss", "reduction"), "sum", "arithmetic", "batch size"),
    ],
)
def test_each_kind_of_setting(
    make_probe: Any, key: tuple[str, str], value: Any, kind: str, words: str
) -> None:
    pair = (
        make_probe("left", audit={key: make_probe.audit.get(key, not value)}),
        make_probe("right", framework="tensorflow", audit={key: value}),
    )
    check = {each.name: each for each in settings_checks.checks(read_pair(*pair))}[": ".join(key)]
    assert (check.same, check.kind, check.right) == (False, kind, value)
    assert words in check.effect


def test_a_setting_of_one_side_is_information(make_probe: Any) -> None:
    check = found(make_probe, audit={("fc1", "bias"): True})["fc1: bias"]
    assert (check.same, check.kind, check.left, check.right) == (None, "information", None, True)
    assert check.effect == "Only TensorFlow has such a setting."


def test_settings_that_agree_have_no_effect(make_probe: Any) -> None:
    checks = found(make_probe, audit={("optimizer", "learning_rate"): 0.0010000000474974513})
    assert checks["optimizer: learning_rate"].same is True
    assert {check.effect for check in checks.values() if check.same} == {""}


def test_a_setting_without_an_entry_has_a_sentence_too() -> None:
    setting = Setting(group="optimizer", name="unheard of", value=1)
    assert effects.effect(setting) == effects.effect(setting, "Linear") == effects.UNKNOWN
    other = Setting(group="of no layer", name="unheard of", value=1)
    assert effects.effect(other) == ""


@pytest.mark.parametrize(
    ("layer", "setting", "arrays", "verdict"),
    [
        ("down1", "padding", {}, "same arithmetic"),
        ("down1", "padding", {"output/down1": lambda array: array + 1}, "not comparable"),
        ("norm1", "momentum", {}, "not comparable"),
    ],
)
def test_a_padding_decides_nothing_where_the_outputs_agree(
    make_probe: Any, layer: str, setting: str, arrays: dict[str, Any], verdict: str
) -> None:
    audit = {(layer, setting): "0,0,0,0"}
    assert certificate(*make_probe.pair(audit=audit, arrays=arrays)).verdict == verdict
