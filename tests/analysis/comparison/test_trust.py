from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.comparison import trust
from analysis.comparison.record import Comparison
from analysis.layout import NO_BREAK_SPACE
from analysis.sides import Shown
from profilers import rundir
from profilers.records import MissingSide, Result, Side
from tests.analysis.comparison.finished import found

pytestmark = pytest.mark.usefixtures("here")

SHOWN = Shown([0, 1], ["PyTorch eager", "TensorFlow function"], ["●", "◆"], ["", ""])


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
