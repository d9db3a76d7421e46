from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.comparison import compare, finishing, rounds
from analysis.comparison.compare import Compared
from analysis.finish import finish
from analysis.parity.check import Verdict
from profilers import rundir
from profilers.records import Side


def compared(directory: Path, **others: Any) -> Compared:
    [found] = finishing.finish_all([directory], **others).comparisons
    return found


def medians(found: Compared, key: str = "step_ms") -> list[float | None]:
    figure = found.record.figure(key)
    assert figure is not None
    return [each and each.median for each in figure.ranges]


def test_anatomies_are_means_over_the_runs(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0), (4.0,)])
    events = [
        event
        for event in make_comparison.make_run.kineto_events()
        if event["name"] != "phase:optimizer"
    ]
    make_comparison.make_run.add_profile(directory.parent / "run-2-0", events)
    first, second = compared(directory).record.anatomies
    assert first is not None
    assert second is not None
    assert first.phases_ns == pytest.approx({"forward": 150_000, "optimizer": 50_000, "": 50_000})
    assert (first.step_ns, first.host_gap_ns) == (500_000, 250_000)
    assert second.phases_ns == pytest.approx({"forward": 150_000, "optimizer": 100_000})


def test_rows_are_over_the_rounds_in_which_both_sides_have_a_profile(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 4.0, 9.0), (3.0, 7.0, None)])
    found = compared(directory)
    [levels] = found.record.levels
    assert levels is not None
    assert (levels.pairs, levels.budget, levels.headline_ns) == (2, "host", 2_000_000)
    own = [row for row in levels.rows["phase"] if row.budget == levels.budget]
    assert sum(row.difference_ns for row in own) == pytest.approx(levels.headline_ns)
    assert [len(side) for side in found.partitions] == [3, 2]


def test_without_a_shared_profile_there_are_no_rows(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    for run in ("run-1-0", "run-2-1"):
        (directory.parent / run / rundir.RAW / "kineto.json.gz").unlink()
    found = compared(directory)
    assert found.record.levels == [None]
    assert all(found.record.anatomies)


@pytest.mark.parametrize(
    ("verdict", "comparable"),
    [("not comparable", False), ("not certifiable", True), ("same arithmetic", True)],
)
def test_other_models_have_no_rows(
    make_comparison: Any, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, comparable: bool
) -> None:
    from analysis.comparison import evidence
    from analysis.comparison.record import Parity

    certificate = Parity(verdict, "in short", "the reason", 1)
    monkeypatch.setattr(evidence.parity, "parity", lambda *_: certificate)
    found = compared(make_comparison([(2.0,), (3.0,)]))
    assert found.comparable is comparable
    assert (found.record.levels != [None]) is comparable


def test_what_was_not_measured_of_some_sides_is_told_with_whose(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    path = directory.parent / "run-1-0" / rundir.RESOURCES
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:4]))
    assert compared(directory).record.cost_notes == [
        "CPU: fewer than 2 samples in the phase (PyTorch eager)",
        "GPU, power and energy: not measured, no NVIDIA driver on this machine; no RAPL (--doctor)",
    ]


def test_the_baseline_has_no_rows_of_its_own(make_comparison: Any) -> None:
    sides = [Side("litert", "x"), make_comparison.torch, make_comparison.tensorflow]
    found = compared(make_comparison([(None,), (2.0,), (3.0,)], sides=sides)).record
    assert found.baseline == 1
    assert found.levels[0] is None
    assert found.levels[1] is not None
    assert found.anatomies[0] is None


def test_flagged_rounds_count_unless_they_are_to_be_left_out_of_all_figures(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0, 4.0, 2.0, 2.0), (3.0, 3.0, 30.0, 3.0)])
    make_comparison.make_run.add_flag(directory.parent / "run-2-0")
    make_comparison.make_run.add_flag(directory.parent / "run-3-1")
    everything, clean = compared(directory), compared(directory, exclude_flagged=True)
    assert medians(everything) == [2.0, 3.0]
    figure = clean.record.figure("step_ms")
    assert figure is not None
    assert [each and (each.low, each.high, each.runs) for each in figure.ranges] == [
        (2.0, 2.0, 3),
        (3.0, 3.0, 2),
    ]
    [change], [row] = figure.changes, clean.record.comparisons
    assert change is not None
    assert row.ratio is not None
    assert change.estimate == pytest.approx(row.ratio.estimate)
    assert (change.estimate, change.pairs) == pytest.approx((1.5, 2))
    levels = [each.record.levels[0] for each in (everything, clean)]
    assert [each and each.pairs for each in levels] == [4, 2]
    assert len(clean.runs) == 8
    assert [len(side.complete) for side in clean.record.compared] == [4, 4]


def test_flags_are_told_with_the_runs_and_not_again_as_warnings(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)], warnings=["the loss is nan"])
    flag = make_comparison.make_run.add_flag(directory.parent / "run-1-1")
    record = compared(directory).record
    assert [[run.flags for run in side.runs] for side in record.compared] == [[[]], [[flag]]]
    assert [each.text for each in record.warned] == ["the loss is nan"]


def test_one_side_alone_is_no_comparison_but_has_its_figures(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    record = rounds.read(directory)
    done = {run.path: finish(rounds.path_of(directory, run)) for run in record.runs}
    [side, _] = rounds.side_runs(record, done)
    found = compare.compare(directory, [replace(side)], rounds=1, order_seed=None)
    assert (found.record.comparisons, found.record.evidence, found.record.levels) == ([], [], [])
    assert medians(found) == [2.0]
    assert found.comparable


def test_what_is_told_of_the_cost_is_told_once_and_says_whose_it_is(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    record = rounds.read(directory)
    done = {run.path: finish(rounds.path_of(directory, run)) for run in record.runs}
    sides = rounds.side_runs(record, done)
    told = {
        "run-1-0": ["3 s are too short", "no GPU"],
        "run-1-1": ["no GPU", "2.5 s are too short"],
    }
    texts = compare._each_once(sides, lambda measured: told[measured.run.name])
    assert texts == ["2.5 to 3 s are too short", "no GPU"]
    told["run-1-1"] = ["no GPU", "no RAPL"]
    assert compare._each_once(sides, lambda measured: told[measured.run.name]) == [
        "3 s are too short (PyTorch eager)",
        "no GPU",
        "no RAPL (TensorFlow function)",
    ]
    assert compared(directory).record.cost_methods == []
