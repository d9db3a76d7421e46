from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.comparison import finishing, trust
from analysis.comparison.record import Comparison, Warned
from analysis.layout import NO_BREAK_SPACE
from analysis.sides import Shown
from profilers import rundir
from profilers.records import MissingSide, Result, Side

SHOWN = Shown([0, 1], ["PyTorch eager", "TensorFlow function"], ["●", "◆"], ["", ""])


@pytest.fixture(autouse=True)
def here(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run.output.mkdir()
    monkeypatch.chdir(make_run.output.parent)


def found(directory: Path) -> Comparison:
    return finishing.finish_all([directory]).comparisons[0].record


def sentences(directory: Path) -> list[str]:
    texts = trust.sentences(found(directory), SHOWN, directory)
    return [text.replace(NO_BREAK_SPACE, " ") for text in texts]


def test_profiler_coverage_and_pairs(make_comparison: Any) -> None:
    assert sentences(make_comparison([(2.0, 2.0), (4.0, 3.9)])) == [
        "profiler 0.500 × and 0.253 ×: phases are of profiled steps, the steps in the table are "
        "not",
        "100 % of the operations' self time mapped to a phase, 60.0 % to a layer; 0 events dropped",
        "2 pairs of fresh processes, in an order drawn with seed 7; intervals of 95 %, Student's "
        "t; all figures: traces/compare-1/compare.json",
        "runs that spread like these show such a difference with --repeats 3",
    ]


def brief(record: Comparison, shown: Shown = SHOWN) -> list[str]:
    return [text.replace(NO_BREAK_SPACE, " ") for text in trust.brief(record, shown)]


def test_in_brief_it_is_a_line_on_the_profiles_and_one_on_pairs_that_are_not_plain(
    make_comparison: Any,
) -> None:
    record = found(make_comparison([(2.0, 2.0), (4.0, 3.9)]))
    assert brief(record) == [
        "profiler 0.500 × and 0.253 ×; 100 % of the operations' time mapped; 0 events dropped",
        "runs that spread like these show such a difference with --repeats 3",
    ]
    apart = msgspec.structs.replace(record, order_seed=None)
    assert brief(apart)[1] == "2 pairs of fresh processes, not interleaved by one command"
    assert trust.method(record, SHOWN) == "intervals of 95 %, Student's t"


def test_in_brief_one_pair_has_no_interval_and_lost_events_are_counted(
    make_comparison: Any,
) -> None:
    record = found(make_comparison([(2.0,), (4.0,)]))
    left, right = record.profiles
    assert left is not None
    assert right is not None
    left = msgspec.structs.replace(left, dropped=1_200, thinned=True)
    right = msgspec.structs.replace(right, phase_ratio=0.5, dropped=34)
    assert brief(msgspec.structs.replace(record, profiles=[left, right])) == [
        "profiler 0.500 × and 0.250 ×; 100 % and 50.0 % of the operations' time mapped; 1,234 "
        "events dropped",
        "PyTorch eager: the last steps of a profile have fewer operations than the first; profile "
        "fewer steps",
        "one pair of runs has no interval: add --repeats 5",
    ]
    assert trust.method(record, SHOWN) == ""


def test_in_brief_a_side_without_a_profile_is_left_out_of_what_is_mapped(
    make_comparison: Any,
) -> None:
    record = found(make_comparison([(2.0,), (4.0,)]))
    one = msgspec.structs.replace(record, profiles=[record.profiles[0], None])
    assert brief(one)[0].startswith("profiler 0.500 × and 0.250 ×; 100 % of the operations'")
    none = msgspec.structs.replace(record, profiles=[None, None])
    assert brief(none)[0].startswith("no profile could be read")


def test_in_brief_nothing_is_said_of_the_profiles_of_traces(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0,), (None,)], missing=[MissingSide(1, "gone")]))
    stamped = msgspec.structs.replace(
        record, stamp="uncertified: foreign traces", figures=[], profiles=[None, None]
    )
    assert brief(stamped, Shown([0], ["a"], ["●"], [""])) == []


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
    return [text.replace(NO_BREAK_SPACE, " ") for text in trust.flagged(record)]


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
    assert list(trust.all_flagged(several)) == []


def test_where_all_runs_are_flagged_it_stands_beside_the_answer(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0, 2.0, 2.0), (4.0, 4.0, 4.0)], profiled=False))
    assert list(trust.all_flagged(record)) == []
    late = "the sampler was late"
    everything = with_flags(record, [[late]] * 3, [[late]] * 3)
    assert flagged(everything) == [f"all 6 runs are flagged: {late}"]
    assert list(trust.all_flagged(everything)) == [f"All 6 runs are flagged: {late}."]
    assert not any("flagged" in text for text in brief(everything))
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
    assert text in brief(found(directory))
    assert text in sentences(directory)


def test_ratios_without_flagged_rounds_name_their_sides(make_comparison: Any) -> None:
    sides = [make_comparison.torch, make_comparison.tensorflow, Side("torch", "compile")]
    directory = make_comparison([(2.0, 2.0), (4.0, 4.0), (6.0, 6.0)], sides=sides, profiled=False)
    make_comparison.make_run.add_flag(directory.parent / "run-2-0")
    [text] = flagged(found(directory))
    assert text.endswith("; without it TensorFlow function 2.00 × and PyTorch compile 3.00 ×")


def test_recorded_operations_stand_beside_those_of_the_graph(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (4.0,)])
    record = found(directory)
    left, right = record.profiles
    assert left is not None
    assert right is not None
    right = msgspec.structs.replace(right, recorded_ops=1129.0, graph_ops=290.0, thinned=True)
    changed = msgspec.structs.replace(record, profiles=[left, right])
    texts = [
        text.replace(NO_BREAK_SPACE, " ") for text in trust.sentences(changed, SHOWN, directory)
    ]
    assert texts[2:4] == [
        "TensorFlow function: 1,129 operations recorded per step of 290 nodes in the traced graph "
        "before it is optimised",
        "TensorFlow function: the last steps of a profile have fewer operations than the first; "
        "profile fewer steps",
    ]
    assert not any("operations recorded" in text for text in sentences(directory))


def test_one_run_each_has_no_interval(make_comparison: Any) -> None:
    text = sentences(make_comparison([(2.0,), (4.0,)], profiled=False))
    assert "1 pair of fresh processes, in an order drawn with seed 7; all figures:" in text[2]
    assert text[-1] == "one pair of runs has no interval: add --repeats 5"
    assert text[1].startswith("no profile could be read")


def test_two_runs_that_need_no_number_of_repeats(make_comparison: Any) -> None:
    text = sentences(make_comparison([(2.0, 2.0), (2.0, 2.0)], profiled=False))
    assert text[-1] == "two pairs of runs allow no verdict: add --repeats 5"


def test_rounds_without_a_pair(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0, 2.0), (4.0, None, None, 4.0)], profiled=False)
    (directory.parent / "run-4-0" / rundir.STEPS).unlink()
    text = sentences(directory)
    assert "no pair in rounds 2 and 3: see above" in text
    assert "no pair in round 4: PyTorch eager has no timed step" in text


def test_accuracies_after_training_of_other_lengths(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    assert not any("test accuracy" in text for text in sentences(directory))
    path = directory.parent / "run-1-0" / rundir.RESULT
    result = rundir.read_json(path, Result)
    rundir.write_json(path, msgspec.structs.replace(result, trained_steps=5_127))
    assert (
        "test accuracy is after 5,127 and 220 steps; with --steps or --epochs all train alike"
        in sentences(directory)
    )


def test_several_sides_are_held_to_holm(make_comparison: Any) -> None:
    sides = [make_comparison.torch, make_comparison.tensorflow, Side("torch", "compile")]
    directory = make_comparison(
        [(2.0,) * 3, (4.0,) * 3, (2.0, 2.1, 2.2)], sides=sides, profiled=False
    )
    text = trust.sentences(
        found(directory),
        Shown([0, 1, 2], ["a", "b", "c"], ["●", "◆", "○"], ["", "", ""]),
        directory,
    )
    assert "verdicts on several sides are held to Holm's thresholds" in list(text)


def test_what_is_missing_is_told(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, None), (4.0, 4.0)], rounds=5, profiled=False)
    assert list(trust.troubles(found(directory), directory)) == [
        "PyTorch eager, round 2: failed (it broke); what is left is in traces/run-2-0",
        "2 of 5 rounds were begun.",
    ]


def test_a_missing_side_is_told(make_comparison: Any) -> None:
    missing = [MissingSide(1, "no\x1b package.")]
    directory = make_comparison([(2.0,)], missing=missing, profiled=False)
    assert list(trust.troubles(found(directory), directory)) == [
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
    assert list(trust.warnings(changed)) == [text]


def test_warnings_of_the_runs_are_found(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0,), (4.0,)], profiled=False, warnings=["the loss is nan"]))
    assert record.warned == [Warned("the loss is nan", [[1], [1]])]
