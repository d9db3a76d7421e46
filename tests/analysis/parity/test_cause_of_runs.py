"""Faults planted in a run, each of which must be named as what it is."""

from typing import Any

import pytest

from analysis.parity.certificate import certificate
from profilers.parity_record import Curve
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
    "data": ({"result": {"data_sha256": "00"}}, "had other data than its probe"),
    "batches as consumed": (
        {"result": {"batches": [BatchDigest("timed", 100, "33")]}},
        "The runs were given other samples in a step",
    ),
    "first batches": (
        {"result": {"batches": [BatchDigest("timed", 10, "33")]}},
        "The timed steps of TensorFlow were given other samples than its probe",
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
    assert len(binding) == 8
    assert set(binding.values()) == {True}


def test_a_run_that_did_not_end_is_not_certified(make_bound: Any) -> None:
    found = certificate(*make_bound.pair(status="failed"))
    assert found.verdict == "not certifiable"
    assert "The run of TensorFlow did not get to its end" in found.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"losses": [None], "windows": True}, "The run of TensorFlow has no losses of single"),
        ({"probe": {"reference": Curve(losses=[])}}, "The probe of TensorFlow recorded no steps"),
    ],
)
def test_losses_that_could_not_be_compared_certify_nothing(
    make_bound: Any, change: Any, words: str
) -> None:
    found = certificate(*make_bound.pair(**change))
    assert found.verdict == "not certifiable"
    start = "Not compared: first losses of the run and its probe. "
    assert found.reason.startswith(start + words)


def test_batches_without_a_shared_record_are_told_alone(make_bound: Any) -> None:
    other = {"batches": [BatchDigest("timed", 50, "33")]}
    found = certificate(*make_bound.pair(result=other))
    assert found.verdict == "same arithmetic"
    names = {check.name for check in found.checks if check.group == "binding" and not check.same}
    assert names == {"batches as consumed", "first batches as consumed"}


def inferring(make_bound: Any, loss: float | None) -> Any:
    """The certificate of runs of inference, whose steps have no losses, with these two losses."""
    return certificate(
        *(
            make_bound(
                f"{name} {loss}",
                framework,
                losses=[None],
                windows=True,
                settings={"mode": "infer"},
                result={"batches": [], "test_loss": test_loss},
            )
            for name, framework, test_loss in zip(
                ("left", "right"), ("torch", "tensorflow"), (0.3, loss), strict=True
            )
        )
    )


def test_inference_is_bound_by_the_loss_over_the_test_data(make_bound: Any) -> None:
    found = inferring(make_bound, 0.3 + 9e-5)
    assert found.verdict == "same arithmetic"
    (check,) = [each for each in found.checks if each.name == "loss over the test data"]
    assert (check.kind, check.left, check.same, check.tolerance) == ("arithmetic", 0.3, True, 1e-4)
    assert not {"first losses of the run and its probe", "first batches as consumed"} & {
        each.name for each in found.checks
    }
    other = inferring(make_bound, 0.3 + 2e-4)
    assert other.verdict == "not comparable"
    assert other.reason.startswith("The models agree, but not the runs (largest difference 2e-4")
    unknown = inferring(make_bound, None)
    assert unknown.verdict == "not certifiable"
    assert unknown.reason == (
        "Not compared: loss over the test data. TensorFlow recorded no finite loss of it."
    )


def test_inference_beside_a_bare_probe_is_not_bound(make_bound: Any, make_probe: Any) -> None:
    run = make_bound("run", settings={"mode": "infer"})
    found = certificate(run, make_probe("probe", framework="tensorflow"))
    assert found.verdict == "not certifiable"


def test_both_must_have_been_asked_for_the_same_mode(make_bound: Any) -> None:
    found = certificate(*make_bound.pair(settings={"mode": "infer"}))
    assert found.verdict == "not comparable"
    assert found.reason.startswith("The mode differs: train and infer.")
