"""Faults planted in a run, each of which must be named as what it is."""

from typing import Any

import pytest

from analysis.parity.certificate import certificate
from profilers.records import BatchDigest

REFERENCE = [2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4]


BINDING: dict[str, tuple[dict[str, Any], str]] = {
    "weights": (
        {"result": {"weights_sha256": "00" * 32}},
        "The run of TensorFlow began with other weights than its probe",
    ),
    "losses": (
        {"losses": [*REFERENCE[:4], *(loss + 1e-3 for loss in REFERENCE[4:])]},
        "The timed steps of TensorFlow compute something else than its probe from step 4 on",
    ),
    "losses of the warm-up": (
        {"losses": [2.4, *REFERENCE[1:]], "windows": True},
        "The timed steps of TensorFlow compute something else than its probe from step 0 on",
    ),
    "a loss that broke": (
        {"losses": [2.3, float("nan"), 2.1]},
        "The losses of TensorFlow are no finite numbers from step 1 on.",
    ),
    "settings": (
        {"probe": {"settings": {"seed": 7, "precision": "bf16"}}},
        "The run of TensorFlow had seed 0, not 7 and precision fp32, not bf16",
    ),
    "data": ({"result": {"data_sha256": "00"}}, "The runs read other data"),
    "batches as consumed": (
        {"result": {"batches": [BatchDigest("timed", 100, "33")]}},
        "The runs were given other samples in a step",
    ),
}


@pytest.mark.parametrize("fault", BINDING)
def test_a_run_that_is_not_the_one_probed(make_bound: Any, fault: str) -> None:
    changes, words = BINDING[fault]
    found = certificate(*make_bound.pair(**changes))
    assert found.verdict == "not comparable"
    said = found.reason if fault != "settings" else " ".join(c.effect for c in found.checks)
    assert words in said


def test_runs_that_bind_to_their_probes(make_bound: Any) -> None:
    found = certificate(*make_bound.pair(losses=[loss + 5e-6 for loss in REFERENCE]))
    assert found.verdict == "same arithmetic"
    binding = {check.name: check.same for check in found.checks if check.group == "binding"}
    assert len(binding) == 6
    assert set(binding.values()) == {True}


def test_a_run_that_did_not_end_is_not_certified(make_bound: Any) -> None:
    found = certificate(*make_bound.pair(status="failed"))
    assert found.verdict == "not certifiable"
    assert "The run of TensorFlow did not get to its end" in found.reason
