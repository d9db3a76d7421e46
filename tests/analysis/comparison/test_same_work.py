import math
from typing import Any

import msgspec
import pytest

from analysis import measured
from analysis.comparison import same_work
from analysis.measured import Measured
from profilers.records import BatchDigest, Result

RESULT = Result(
    parameters=1,
    weights_sha256="aa",
    data_sha256="bb",
    batches=[BatchDigest("warmup", 21, "11"), BatchDigest("timed", 100, "22")],
    parameter_norm=1.0,
    steps_per_epoch=1,
    trained_steps=1,
    accuracy=1.0,
    test_loss=0.0,
)


class Runs:
    """Makes runs that differ in what is named."""

    def __init__(self, make_run: Any) -> None:
        self.make_run, self.count = make_run, 0

    def __call__(
        self, loss: float | None = 2.5, settings: dict[str, Any] | None = None, **result: Any
    ) -> Measured:
        self.count += 1
        run = self.make_run(
            f"run-{self.count}",
            settings=msgspec.structs.replace(self.make_run.settings, **settings or {}),
            result=msgspec.structs.replace(RESULT, **result),
            steps=[self.make_run.step("first_step", 0, 1.0, loss=loss)],
        )
        return measured.read(run)


@pytest.fixture
def run(make_run: Any) -> Runs:
    return Runs(make_run)


def test_what_agrees(run: Runs) -> None:
    found = same_work.same_work([run(), run(2.5 + 1e-8)], [run(2.5 + 3e-8)])
    assert (found.differing, found.unknown) == ((), ())
    assert found.loss_difference == pytest.approx(3e-8)
    assert same_work.sentence(found) == "weights, data, batches; step-0 losses agree to 3e-8"


def test_equal_losses(run: Runs) -> None:
    found = same_work.same_work([run()], [run()])
    assert same_work.sentence(found).endswith("step-0 losses are equal")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights_sha256": "other"}, "weights differ"),
        ({"data_sha256": "other"}, "data differ"),
        ({"batches": [BatchDigest("timed", 100, "33")]}, "batches differ"),
        ({"settings": {"workload": "other"}}, "workload differs"),
        ({"settings": {"options": {"size": 8}}}, "workload differs"),
        ({"loss": 2.6}, "step-0 losses differ (by 1e-1)"),
        ({"loss": 2.51, "data_sha256": "x"}, "data and step-0 losses differ (by 1e-2)"),
    ],
)
def test_what_differs_is_named(run: Runs, changes: Any, words: str) -> None:
    found = same_work.same_work([run(), run()], [run(), run(**changes)])
    assert same_work.sentence(found) == f"not the same work: {words}"


def test_what_a_test_plants_is_no_other_work(run: Runs) -> None:
    options = {"burden_layer": "fc1", "burden_ms": 2.0, "wait_ms": 30.0}
    found = same_work.same_work([run()], [run(settings={"options": options})])
    assert found.differing == ()


@pytest.mark.parametrize(("precision", "differs"), [("fp32", True), ("bf16", False)])
def test_losses_may_differ_by_what_the_precision_rounds(
    run: Runs, precision: str, differs: bool
) -> None:
    settings = {"precision": precision}
    found = same_work.same_work([run(settings=settings)], [run(2.52, settings=settings)])
    assert (same_work.LOSSES in found.differing) is differs


def test_only_digests_of_as_many_steps_are_compared(run: Runs) -> None:
    longer = [BatchDigest("timed", 100, "22"), BatchDigest("timed", 500, "44")]
    found = same_work.same_work([run()], [run(batches=longer)])
    assert "batches" in found.same
    alone = same_work.same_work([run()], [run(batches=[BatchDigest("timed", 50, "55")])])
    assert alone.unknown == ("batches",)
    assert same_work.sentence(alone).endswith("not compared: batches")


def test_a_missing_loss_is_told(run: Runs) -> None:
    found = same_work.same_work([run(), run(None)], [run()])
    assert found.unknown == ("step-0 losses",)
    assert same_work.sentence(found) == "weights, data, batches; not compared: step-0 losses"


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_broke_on_one_side_alone_differs(run: Runs, loss: float) -> None:
    for sides in (
        ([run(), run(loss)], [run()]),
        ([run()], [run(loss)]),
        ([run(loss)], [run(None)]),
    ):
        found = same_work.same_work(*sides)
        assert found.differing == ("step-0 losses",)
        assert same_work.sentence(found) == (
            "not the same work: step-0 losses differ (not a finite number on one side)"
        )
    assert same_work.same_work([run(loss)], [run(loss)]).unknown == ("step-0 losses",)


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ((0.5, 0.5), "weights, data, batches; test loss is equal"),
        ((0.5, 0.50001), "weights, data, batches; test loss agrees to 1e-5"),
        ((50, 50.004), "weights, data, batches; test loss agrees to 4e-3"),
        ((0.5, 0.6), "not the same work: test loss differs (by 1e-1)"),
    ],
)
def test_inference_is_compared_by_the_loss_over_the_test_data(
    run: Runs, losses: tuple[float, float], words: str
) -> None:
    left, right = (run(None, {"mode": "infer"}, test_loss=loss) for loss in losses)
    assert same_work.sentence(same_work.same_work([left], [right])) == words


def test_training_is_not_compared_by_what_it_ends_at(run: Runs) -> None:
    found = same_work.same_work([run(test_loss=0.1)], [run(test_loss=0.9)])
    assert found.differing == ()


def test_losses_of_the_last_warm_up_step_show_how_far_the_sides_part(make_run: Any) -> None:
    def run(name: str, loss: float) -> Measured:
        steps = [
            make_run.step("first_step", 0, 1.0, loss=2.5),
            make_run.step("warmup", 1, 1.0, loss=9.0),
            make_run.step("warmup", 2, 1.0, loss=loss),
        ]
        return measured.read(make_run(name, steps=steps, result=RESULT))

    found = same_work.same_work([run("a", 2.0)], [run("b", 2.03)])
    assert found.later_step == 2
    assert found.later_difference == pytest.approx(0.03)
    said = "weights, data, batches; step-0 losses are equal, those of step 2 to 3e-2"
    assert same_work.sentence(found) == said
