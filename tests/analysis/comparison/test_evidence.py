from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.comparison import evidence, finishing, rounds
from analysis.comparison.record import Comparison
from analysis.comparison.rounds import SideRuns
from analysis.finish import finish
from profilers import rundir
from profilers.records import Side, Step


def side_runs(directory: Path) -> list[SideRuns]:
    record = rounds.read(directory)
    done = {run.path: finish(rounds.path_of(directory, run)) for run in record.runs}
    return rounds.side_runs(record, done)


def compared(directory: Path, **others: Any) -> Comparison:
    [found] = finishing.finish_all([directory], **others).comparisons
    return found.record


def test_rounds_without_a_flag_are_judged_beside_all(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0, 2.0), (3.0, 3.0, 3.0, 30.0)], profiled=False)
    make_comparison.make_run.add_flag(directory.parent / "run-4-1")
    [found], [row] = evidence.held_against("here", *_baseline(side_runs(directory)))
    assert found.kind == "not found"
    assert [pair.round for pair in found.pairs] == [1, 2, 3, 4]
    assert found.dropped == []
    assert found.clean_ratio is not None
    assert (found.clean_ratio.estimate, found.clean_ratio.pairs) == pytest.approx((1.5, 3))
    assert found.clean_verdict == "different"
    assert row.ratio is not None
    assert row.ratio.pairs == 4


def _baseline(sides: list[SideRuns]) -> tuple[SideRuns, list[SideRuns]]:
    return sides[0], sides[1:]


def test_excluded_rounds_are_dropped_in_whole_pairs_with_a_reason(make_comparison: Any) -> None:
    directory = make_comparison(
        [(2.0, 2.0, 2.0, 2.0, 2.0), (3.0, 3.0, 3.0, 30.0, None)], profiled=False
    )
    flag = make_comparison.make_run.add_flag(directory.parent / "run-4-1")
    make_comparison.make_run.add_flag(directory.parent / "run-2-0")
    make_comparison.make_run.add_flag(directory.parent / "run-2-1")
    sides = side_runs(directory)
    [found], [row] = evidence.held_against("here", *_baseline(sides), exclude_flagged=True)
    assert [pair.round for pair in found.pairs] == [1, 3]
    reasons = {each.round: each.reason for each in found.dropped}
    assert reasons == {
        5: "TensorFlow function: failed (it broke)",
        2: f"PyTorch eager is flagged: {flag} and TensorFlow function is flagged: {flag}",
        4: f"TensorFlow function is flagged: {flag}",
    }
    assert (found.clean_ratio, found.clean_verdict) == (None, "")
    assert row.ratio is not None
    assert (row.ratio.pairs, row.verdict) == (2, "two runs each, no verdict")
    assert [text.split(":")[0] for text in row.warnings] == [
        f"round {number} has no pair" for number in (5, 2, 4)
    ]


@pytest.mark.parametrize("flagged", [[], ["run-1-0", "run-2-1"]])
def test_where_no_run_or_every_round_is_flagged_there_is_no_second_verdict(
    make_comparison: Any, flagged: list[str]
) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)], profiled=False)
    for name in flagged:
        make_comparison.make_run.add_flag(directory.parent / name)
    [found], _ = evidence.held_against("here", *_baseline(side_runs(directory)))
    assert (found.clean_ratio, found.clean_verdict, len(found.pairs)) == (None, "", 2)


def test_without_an_unflagged_round_nothing_is_left_if_they_are_excluded(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    make_comparison.make_run.add_flag(directory.parent / "run-1-0")
    record = compared(directory, exclude_flagged=True)
    [found], [row] = record.evidence, record.comparisons
    assert (found.kind, found.pairs, row.ratio) == ("no pair", [], None)
    assert record.figures == []


def test_sides_without_flags_are_held_to_holm_with_the_others(make_comparison: Any) -> None:
    sides = [make_comparison.torch, make_comparison.tensorflow, Side("torch", "compile")]
    directory = make_comparison([(2.0,) * 4, (3.0,) * 4, (4.0,) * 4], sides=sides, profiled=False)
    make_comparison.make_run.add_flag(directory.parent / "run-4-2")
    found, rows = evidence.held_against("here", *_baseline(side_runs(directory)))
    assert [each.clean_ratio is not None for each in found] == [False, True]
    assert sorted(each.holm_threshold or 0 for each in found) == [0.025, 0.05]
    assert [row.other for row in rows] == ["TensorFlow function", "PyTorch compile"]
    assert {row.path for row in rows} == {"here"}


def with_first_step(run: Path, duration_ms: float) -> None:
    header, *rows = (run / rundir.STEPS).read_text().splitlines()
    place = [field.name for field in msgspec.structs.fields(Step)].index("duration_ns")
    assert header.split(",")[place] == "duration_ns"
    cells = rows[0].split(",")
    assert cells[0] == "first_step"
    cells[place] = str(round(duration_ms * 1e6))
    (run / rundir.STEPS).write_text("\n".join([header, ",".join(cells), *rows[1:], ""]))


def test_a_dearer_first_step_is_made_up_for_by_shorter_ones(make_comparison: Any) -> None:
    directory = make_comparison([(3.0, 3.0, 3.0), (2.0, 2.0, 2.0)], profiled=False)
    for number, first_ms in enumerate((110.0, 120.0, 900.0), start=1):
        with_first_step(directory.parent / f"run-{number}-1", first_ms)
    [found], _ = evidence.held_against("here", *_baseline(side_runs(directory)))
    assert found.break_even is not None
    assert (found.break_even.first_ms, found.break_even.steps) == ((20.0, 120.0), 100)
    assert found.break_even.sentence == (
        "TensorFlow function's first step takes 100 ms longer; at 1.00 ms less a step it has "
        "caught up after 100 steps."
    )


@pytest.mark.parametrize("steps_ms", [[(3.0,), (2.0,)], [(3.0,), (None,)]])
def test_equal_first_steps_or_none_say_nothing(make_comparison: Any, steps_ms: Any) -> None:
    directory = make_comparison(steps_ms, profiled=False)
    [found], _ = evidence.held_against("here", *_baseline(side_runs(directory)))
    assert found.break_even is None


def test_what_could_not_be_compared_is_none(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (None,)], profiled=False)
    [found], [row] = evidence.held_against("here", *_baseline(side_runs(directory)))
    assert (found.same_work, found.parity, found.mean_log_ratio) == (None, None, None)
    assert (row.conditions, row.parity, row.report) == (None, None, None)
