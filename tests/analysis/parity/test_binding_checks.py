from typing import Any

import pytest

from analysis import measured
from analysis.parity import binding_checks
from analysis.parity.check import Check
from analysis.parity.reader import read_pair
from profilers.parity_record import Curve
from profilers.records import BatchDigest

LOSSES = "first losses of the run and its probe"
MANY = [2.0 - number / 10 for number in range(15)]


def found(*sides: Any) -> dict[str, Check]:
    return {check.name: check for check in binding_checks.checks(read_pair(*sides))}


def test_ten_steps_of_the_timed_phase_are_held_against_the_probe(make_bound: Any) -> None:
    run = measured.read(make_bound("run", losses=MANY))
    assert binding_checks.first_losses(run) == MANY[:10]


def test_of_windows_the_warm_up_counts(make_bound: Any) -> None:
    run = measured.read(make_bound("run", losses=MANY[:4], windows=True))
    assert binding_checks.first_losses(run) == MANY[:4]


def test_a_loss_that_is_not_there_ends_them(make_bound: Any) -> None:
    run = measured.read(make_bound("a", losses=[2.0, None, 1.0]))
    assert binding_checks.first_losses(run) == [2.0]
    broken = measured.read(make_bound("b", losses=[2.0, float("inf"), 1.0]))
    assert binding_checks.first_losses(broken) == [2.0, None, 1.0]
    none = measured.read(make_bound("c", losses=[None], windows=True))
    assert binding_checks.first_losses(none) == []


@pytest.mark.parametrize(("precision", "same"), [("fp32", False), ("bf16", True)])
def test_the_band_is_that_of_the_precision(make_bound: Any, precision: str, same: bool) -> None:
    settings = {"settings": {"precision": precision}}
    losses = [loss * 1.003 for loss in MANY]
    reference = {"reference": Curve(losses=MANY[:10]), **settings}
    run = make_bound("a", losses=losses, probe=reference, **settings)
    check = found(run, make_bound("b", "tensorflow"))[LOSSES]
    assert check.same is same


def test_the_control_widens_the_band(make_bound: Any) -> None:
    losses = [2.0, 1.9, 1.801]
    for moved, same in ((1e-6, False), (1e-3, True)):
        control = [2.0, 1.9, 1.8 + moved]
        probe = {"reference": Curve(losses=[2.0, 1.9, 1.8], control=control)}
        run = make_bound(f"run-{same}", losses=losses, probe=probe)
        assert found(run, make_bound(f"other-{same}", "tensorflow"))[LOSSES].same is same


def test_what_is_not_recorded_is_not_compared(make_bound: Any) -> None:
    check = found(*make_bound.pair(probe={"reference": Curve(losses=[])}))[LOSSES]
    assert check.same is None
    assert check.effect == "The probe of TensorFlow recorded no steps of training."
    sides = make_bound("a"), make_bound("b", "tensorflow", losses=[None], windows=True)
    assert found(*sides)[LOSSES].effect == "The run of TensorFlow has no losses of single steps."


def test_settings_that_are_not_those_of_the_probe(make_bound: Any) -> None:
    check = found(*make_bound.pair(probe={"settings": {"seed": 7, "weights_from": "x"}}))[
        "settings of the run and its probe"
    ]
    assert (check.same, check.left) == (False, "as probed")
    assert check.right == "seed 0, not 7; weights from nothing, not x"


def test_what_a_probe_always_does_plainly_is_not_compared(make_bound: Any) -> None:
    settings = {"execution": "xla", "loader": "pipeline", "loader_workers": 2, "warmup": 3}
    name = "settings of the run and its probe"
    assert found(*make_bound.pair(settings=settings))[name].same is True
    sources = {"settings": {"weights_from": "/a"}, "probe": {"settings": {"weights_from": "/b"}}}
    assert found(make_bound("a", **sources), make_bound("b", "tensorflow"))[name].same is True
    threads = found(make_bound("c", settings={"threads": 7}), make_bound("d", "tensorflow"))[name]
    assert (threads.same, threads.left) == (False, "threads 7, not 2")


@pytest.mark.parametrize(
    ("left", "right", "name", "same"),
    [
        ([("timed", 100, "aa")], [("timed", 100, "aa")], " (timed, 100 steps)", True),
        (
            [("timed", 100, "aa"), ("timed", 500, "bb")],
            [("timed", 100, "aa"), ("timed", 900, "cc")],
            " (timed, the first 100 steps)",
            True,
        ),
        (
            [("timed", 10, "aa"), ("warmup", 21, "bb")],
            [("timed", 10, "cc"), ("warmup", 21, "bb")],
            " (timed, 10 steps)",
            False,
        ),
        ([("timed", 100, "aa")], [("timed", 50, "bb")], "", None),
    ],
)
def test_the_batches_that_are_told_are_those_that_both_know(
    make_bound: Any, left: Any, right: Any, name: str, same: bool | None
) -> None:
    runs = [
        make_bound(side, result={"batches": [BatchDigest(*each) for each in digests]})
        for side, digests in (("left", left), ("right", right))
    ]
    check = found(*runs)["batches as consumed" + name]
    assert check.same is same
    assert (check.left == check.right) is (same is True)


def test_bare_probes_have_nothing_to_bind(make_probe: Any) -> None:
    assert found(*make_probe.pair()) == {}


def test_a_run_had_the_data_of_its_probe(make_bound: Any) -> None:
    left, right = make_bound.pair(probe={"data_sha256": "00" * 32})
    found = {check.name: check for check in binding_checks.checks(read_pair(left, right))}
    check = found["data of the run and its probe"]
    assert (check.same, check.kind) == (False, "arithmetic")
    assert "had other data than its probe" in check.effect
