from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from analysis.comparison import troubles, trust
from analysis.comparison.record import Comparison, Warned
from analysis.layout import NO_BREAK_SPACE
from analysis.sides import Shown
from profilers.records import MissingSide, Side
from tests.analysis.comparison.finished import found

pytestmark = pytest.mark.usefixtures("here")

SHOWN = Shown([0, 1], ["PyTorch eager", "TensorFlow function"], ["●", "◆"], ["", ""])


def with_flags(record: Comparison, *flags: Sequence[Sequence[str]]) -> Comparison:
    """The same, its runs with these flags: by side and round."""
    compared = [
        msgspec.structs.replace(
            side,
            runs=[
                msgspec.structs.replace(run, flags=list(own))
                for run, own in zip(side.runs, some, strict=True)
            ],
        )
        for side, some in zip(record.compared, flags, strict=True)
    ]
    return msgspec.structs.replace(record, compared=compared)


def flagged(record: Comparison) -> list[str]:
    return [text.replace(NO_BREAK_SPACE, " ") for text in troubles.flagged(record)]


def test_flagged_runs_are_told_with_what_disturbed_them(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0, 2.0, 2.0), (4.0, 4.0, 4.0)], profiled=False))
    assert flagged(record) == []
    waited = "a process waited for a CPU in 23 % of the timed phase"
    more = "a process waited for a CPU in 31.5 % of the timed phase"
    late = "the sampler was late"
    one = with_flags(record, [[], [waited], []], [[], [], []])
    assert flagged(one) == [f"1 of 6 runs flagged: PyTorch eager run 2, {waited}"]
    several = with_flags(record, [[waited], [more, late], []], [[], [], [late]])
    assert flagged(several) == [
        "3 of 6 runs flagged: PyTorch eager runs 1 and 2, a process waited for a CPU in 23 to 31.5 "
        f"% of the timed phase; PyTorch eager (run 2) and TensorFlow function (run 3), {late}"
    ]
    assert list(troubles.all_flagged(several)) == []


def test_where_all_runs_are_flagged_it_stands_beside_the_answer(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0, 2.0, 2.0), (4.0, 4.0, 4.0)], profiled=False))
    assert list(troubles.all_flagged(record)) == []
    late = "the sampler was late"
    everything = with_flags(record, [[late]] * 3, [[late]] * 3)
    assert flagged(everything) == [f"all 6 runs are flagged: {late}"]
    assert list(troubles.all_flagged(everything)) == [f"All 6 runs are flagged: {late}."]
    assert not any("flagged" in text for text in trust.brief(everything, SHOWN))
    more = with_flags(record, [[late], [late, "hot"], [late]], [[late]] * 3)
    assert flagged(more) == [f"all 6 runs are flagged: {late}; PyTorch eager run 2, hot"]


def test_one_or_both_runs_are_flagged(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0,), (4.0,)], profiled=False))
    alone = msgspec.structs.replace(record, compared=record.compared[:1], evidence=[])
    assert flagged(with_flags(alone, [["late"]])) == ["the run is flagged: late"]
    assert flagged(with_flags(record, [["late"]], [["hot"]])) == [
        "both runs are flagged: PyTorch eager, late; TensorFlow function, hot"
    ]


def test_the_ratio_without_flagged_rounds_stands_with_them(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (4.0, 4.0, 8.0)], profiled=False)
    flag = make_comparison.make_run.add_flag(directory.parent / "run-3-1")
    [text] = flagged(found(directory))
    assert text == (
        f"1 of 6 runs flagged: TensorFlow function run 3, {flag}; without it 2.00 × (2.00 to 2.00)"
    )
    make_comparison.make_run.add_flag(directory.parent / "run-2-0")
    [text] = flagged(found(directory))
    assert text.endswith("; without them 2.00 ×")
    for texts in (
        trust.brief(found(directory), SHOWN),
        trust.sentences(found(directory), SHOWN, directory),
    ):
        assert text in [told.replace(NO_BREAK_SPACE, " ") for told in texts]


def test_ratios_without_flagged_rounds_name_their_sides(make_comparison: Any) -> None:
    sides = [make_comparison.torch, make_comparison.tensorflow, Side("torch", "compile")]
    directory = make_comparison([(2.0, 2.0), (4.0, 4.0), (6.0, 6.0)], sides=sides, profiled=False)
    make_comparison.make_run.add_flag(directory.parent / "run-2-0")
    [text] = flagged(found(directory))
    assert text.endswith("; without it TensorFlow function 2.00 × and PyTorch compile 3.00 ×")


def test_what_is_missing_is_told(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, None), (4.0, 4.0)], rounds=5, profiled=False)
    assert list(troubles.missing(found(directory), directory)) == [
        "PyTorch eager, round 2: failed (it broke); what is left is in traces/run-2-0",
        "2 of 5 rounds were begun.",
    ]


def test_a_missing_side_is_told(make_comparison: Any) -> None:
    missing = [MissingSide(1, "no\x1b package.")]
    directory = make_comparison([(2.0,)], missing=missing, profiled=False)
    assert list(troubles.missing(found(directory), directory)) == [
        "TensorFlow function was not run: no package."
    ]


@pytest.mark.parametrize(
    ("warned", "text"),
    [
        ([Warned("all", [[1, 2], [1, 2]])], "warning: all"),
        ([Warned("one side", [[], [1, 2]])], "warning, TensorFlow function: one side"),
        (
            [Warned("some", [[2], [1, 2]])],
            "warning, PyTorch eager (run 2) and TensorFlow function (all runs): some",
        ),
        (
            [Warned("in 23 % of it", [[1], []]), Warned("in 31.5 % of it", [[2], [1]])],
            "warning, PyTorch eager (all runs) and TensorFlow function (run 1): in 23 to 31.5 % of "
            "it",
        ),
    ],
)
def test_warnings_say_whose_they_are(make_comparison: Any, warned: list[Warned], text: str) -> None:
    record = found(make_comparison([(2.0, 2.0), (4.0, 4.0)], profiled=False))
    changed = msgspec.structs.replace(record, warned=warned)
    assert list(troubles.warnings(changed)) == [text]


def test_warnings_of_the_runs_are_found(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0,), (4.0,)], profiled=False, warnings=["the loss is nan"]))
    assert record.warned == [Warned("the loss is nan", [[1], [1]])]
