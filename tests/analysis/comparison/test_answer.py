from typing import Any

import msgspec
import pytest

from analysis.comparison import answer, finishing
from analysis.comparison.record import Comparison, Figure, Parity, Range
from profilers.records import Side

ALSO_TORCH = Side("torch", "compile")
SIDES = [Side("torch", "eager"), Side("tensorflow", "function"), ALSO_TORCH]


def answers(make_comparison: Any, *steps_ms: Any, **others: Any) -> list[str]:
    directory = make_comparison(steps_ms, profiled=False, **others)
    [found] = finishing.finish_all([directory]).comparisons
    return list(answer.sentences(found.record))


def test_the_slower_side_comes_first(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (2.0, 2.0, 2.0), (2.2, 2.4, 2.42))
    assert answer == (
        "TensorFlow function takes 1.17 × as long per training step as PyTorch eager "
        "(1.03 to 1.33)."
    )


def test_a_slower_baseline_comes_first_with_the_reciprocal(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (2.2, 2.4, 2.42), (2.0, 2.0, 2.0))
    assert answer == (
        "PyTorch eager takes 1.17 × as long per training step as TensorFlow function "
        "(1.03 to 1.33)."
    )


def test_equivalence(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (2.0, 2.0, 2.0), (2.02, 1.98, 2.0))
    assert answer == (
        "Equivalent within 5 %: TensorFlow function takes 1.00 × as long per training step as "
        "PyTorch eager (0.98 to 1.03)."
    )


def test_no_difference_found_says_what_it_could_be(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (2.0, 2.0, 2.0), (2.2, 1.9, 2.1))
    assert answer == (
        "No difference found (could be −14 to +24 %): TensorFlow function takes 1.03 × as long "
        "per training step as PyTorch eager."
    )


def test_one_run_each(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (0.05,), (3.0,))
    assert answer == (
        "One run each, no verdict: a training step takes 3.00 ms under TensorFlow function and "
        "0.0500 ms under PyTorch eager (60.0 ×)."
    )


def test_two_runs_each(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (2.0, 2.0), (2.2, 2.4))
    assert answer == (
        "Two runs each, no verdict: TensorFlow function takes 1.15 × as long per training step "
        "as PyTorch eager (0.66 to 2.00)."
    )


@pytest.mark.parametrize(
    ("steps_ms", "begin", "end"),
    [
        ([(2.0, 2.0), (None, 3.0)], "One pair of runs", "(1.50 ×)."),
        ([(2.0, None), (None, 3.0)], "No pair of runs", "2.00 ms under PyTorch eager."),
    ],
)
def test_failed_runs_leave_fewer_pairs(
    make_comparison: Any, steps_ms: Any, begin: str, end: str
) -> None:
    [answer] = answers(make_comparison, *steps_ms)
    assert answer.startswith(f"{begin}, no verdict: a training step takes 3.00 ms under TensorFlow")
    assert answer.endswith(end)


def test_runs_without_a_timed_step_have_no_verdict(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (2.0,), (3.0,), steps=())
    assert answer == "No pair of runs, no verdict."


def test_each_side_has_a_sentence_but_those_that_did_not_run(make_comparison: Any) -> None:
    found = answers(
        make_comparison,
        (2.0, 2.0, 2.0),
        (3.0, 3.1, 3.2),
        (None, None, None),
        (1.0, 1.1, 1.0),
        sides=[
            make_comparison.torch,
            make_comparison.tensorflow,
            Side("litert", "x"),
            ALSO_TORCH,
        ],
    )
    assert [answer.split(" takes ")[0] for answer in found] == [
        "TensorFlow function",
        "PyTorch eager",
    ]
    assert "as long per training step as PyTorch compile" in found[1]


def test_where_runs_failed_it_is_pairs_that_are_counted(make_comparison: Any) -> None:
    [answer] = answers(make_comparison, (2.0, 2.0, 2.0), (3.0, None, 3.0))
    assert answer.startswith("Two pairs of runs, no verdict: TensorFlow function takes 1.50 ×")


def traces(make_comparison: Any, *profiled_ms: float | None) -> Comparison:
    """A comparison of traces, of which a profiled step is known alone."""
    directory = make_comparison([(2.0,), (3.0,), (4.0,)], sides=SIDES, profiled=False)
    [found] = finishing.finish_all([directory]).comparisons
    steps = [each and Range(each, each, each, 1) for each in profiled_ms]
    figure = Figure(key="profiled_step_ms", kind="ratio", ranges=steps, changes=[None, None])
    return msgspec.structs.replace(found.record, stamp="uncertified", figures=[figure])


def test_of_traces_there_are_both_numbers_in_one_unit_and_no_verdict(make_comparison: Any) -> None:
    assert list(answer.sentences(traces(make_comparison, 12.0, 0.5, 15_000.0))) == [
        "No verdict: a profiled step takes 0.500 ms in TensorFlow function and 12.0 ms in PyTorch "
        "eager.",
        "No verdict: a profiled step takes 15.0 s in PyTorch compile and 0.0120 s in PyTorch "
        "eager.",
    ]


def test_traces_without_a_step_have_dashes(make_comparison: Any) -> None:
    [first, _] = answer.sentences(traces(make_comparison, None, 0.5, None))
    assert first.startswith(
        "No verdict: a profiled step takes 0.500 ms in TensorFlow function and –"
    )


def test_what_is_not_comparable_says_why_and_no_number(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (3.0, 3.0, 3.0)], profiled=False)
    [found] = finishing.finish_all([directory]).comparisons
    parity = Parity("not comparable", "in short", "The layer fc1 has other weights.", 1)
    [evidence] = found.record.evidence
    other = msgspec.structs.replace(evidence, parity=parity)
    record = msgspec.structs.replace(found.record, evidence=[other])
    assert list(answer.sentences(record)) == [
        "TensorFlow function is not comparable with PyTorch eager: the layer fc1 has other weights."
    ]
