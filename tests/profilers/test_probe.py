"""Probes of small models by both frameworks, in one process."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from profilers.parity_record import Curve, ParityRecord
from tests import frameworks
from tests.profilers.probing import IMAGES, TOKENS, MakeRecord, probed
from workloads.spec import Workload

pytestmark = pytest.mark.slow

Made = tuple[ParityRecord, dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory, make_record: MakeRecord) -> Any:
    """Probes by workload's name, framework and parity of the optimizer."""
    frameworks.tensorflow()
    made: dict[tuple[str, str, str], Made] = {}

    def get(workload: Workload, framework: str, parity: str = "stock") -> Made:
        key = (workload.name, framework, parity)
        if key not in made:
            with pytest.MonkeyPatch.context() as patch:
                folder = tmp_path_factory.mktemp("probe")
                changes = {"optimizer_parity": parity}
                made[key] = probed(framework, workload, folder, make_record, patch, **changes)
        return made[key]

    return get


def largest(one: Curve, other: Curve) -> float:
    pairs = zip(one.losses, other.losses, strict=True)
    return max(abs(a - b) for a, b in pairs if a is not None and b is not None)


def control(found: Curve) -> float:
    return largest(found, Curve(losses=found.control))


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / np.abs(one).max())


@pytest.mark.parametrize("workload", [IMAGES, TOKENS], ids=lambda each: each.name)
def test_both_frameworks_compute_the_same_in_float64(probes: Any, workload: Workload) -> None:
    (torch, left), (tensorflow, right) = (
        probes(workload, name) for name in ("torch", "tensorflow")
    )
    assert [layer.name for layer in torch.layers] == [layer.name for layer in workload.layers]
    assert left.keys() == right.keys()
    trained = {name for name, each in workload.parameters().items() if each.trainable}
    assert {each.name for each in torch.parameters} == trained
    for name in left:
        assert left[name].dtype == (np.float32 if name.startswith("single/") else np.float64)
        if not name.startswith("single/") and "key_bias" not in name:  # whose gradient is zero
            assert distance(left[name], right[name]) < 1e-12, name
    assert distance(left["single/outputs"], right["single/outputs"]) < 1e-5
    assert len(torch.double.losses) == len(tensorflow.double.losses) == 50
    assert largest(torch.double, tensorflow.double) < 1e-12
    assert torch.single_loss == pytest.approx(torch.double.losses[0], abs=1e-5)
    for field in ("weights_sha256", "samples_sha256", "batches_sha256", "workload_sha256"):
        assert getattr(torch, field) == getattr(tensorflow, field)
    assert torch.outputs.shape == (4, *workload.output_shape)
    assert not torch.random
    assert not tensorflow.random
    assert not torch.notes


@pytest.mark.parametrize("workload", [IMAGES, TOKENS], ids=lambda each: each.name)
def test_optimizers_agree_where_they_are_matched_and_not_as_they_are(
    probes: Any, workload: Workload
) -> None:
    torch, tensorflow = (probes(workload, name)[0] for name in ("torch", "tensorflow"))
    band = max(1e-5, 10 * control(torch.matched))
    assert largest(torch.matched, tensorflow.matched) < band
    assert len(torch.matched.control) == len(torch.reference.losses) == 10
    for each in (torch, tensorflow):
        assert 0 < control(each.matched) < 1e-3
    stock = largest(torch.reference, tensorflow.reference)
    matched = [probes(workload, name, "matched")[0] for name in ("torch", "tensorflow")]
    assert largest(matched[0].reference, matched[1].reference) < band < stock


def test_the_audit_says_what_differs_and_nothing_else(probes: Any) -> None:
    def differing(workload: Workload, parity: str) -> dict[tuple[str, str], tuple[Any, Any]]:
        found = [probes(workload, name, parity)[0].audit for name in ("torch", "tensorflow")]
        left, right = ({(each.group, each.name): each.value for each in side} for side in found)
        assert left.keys() == right.keys()
        pairs = {key: (left[key], right[key]) for key in left}
        return {
            key: (one, other)
            for key, (one, other) in pairs.items()
            if one != (pytest.approx(other) if isinstance(other, float) else other)
        }

    images = {
        ("layout", "images"): ("NCHW", "NHWC"),
        ("norm1", "running_variance"): ("unbiased", "biased"),
    }
    stock = {
        ("optimizer", "epsilon"): (1e-8, 1e-7),
        ("optimizer", "epsilon_place"): ("after bias correction", "before bias correction"),
    }
    slices = {("optimizer", "gradients"): ("dense", "sparse slices")}
    assert differing(IMAGES, "stock") == images | stock
    assert differing(IMAGES, "matched") == images
    assert differing(TOKENS, "stock") == stock | slices
    assert differing(TOKENS, "matched") == {}


def test_losses_that_are_no_numbers_are_recorded_as_such(
    tmp_path: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(arrays: dict[str, Any]) -> None:
        arrays["fc2.bias"][0] = math.nan

    found, arrays = probed("torch", IMAGES, tmp_path, make_record, monkeypatch, weights=broken)
    assert found.double.losses == [None] * 50
    assert found.single_loss is None
    assert found.reference.losses == found.reference.control == [None] * 10
    assert "The float64 curve has no finite loss in step 0." in found.notes
    assert found.outputs.norm is None
    assert np.isnan(arrays["outputs"]).any()
