import dataclasses
from typing import Any

import msgspec
import pytest

from analysis import finish, trust_text
from profilers import rundir
from profilers.records import Result


def finished(make_run: Any, run_id: str = "run-1", **others: Any) -> finish.Finished:
    run = make_run(run_id, **others)
    make_run.add_profile(run)
    return finish.finish(run)


def test_what_the_profiler_did_and_what_is_missing(make_run: Any) -> None:
    assert list(trust_text.sentences(finished(make_run), 1)) == [
        "profiler 1.38 ×: operation times are larger than in the step above, those of small "
        "operations most",
        "100 % of the operations' self time mapped to a phase, 60.0 % to a layer; 0 events dropped",
        "5 samples of resources, 1 missed; 0.000200 ms late in the middle",
        "1 run has no interval: add --repeats 5",
    ]


@pytest.mark.parametrize(
    ("profiled_ms", "words"), [(0.4, "about those in the step"), (0.3, "was not steady")]
)
def test_a_profiler_that_costs_nothing(make_run: Any, profiled_ms: float, words: str) -> None:
    steps = [make_run.step("timed", 0, 0.4), make_run.step("profiled", 0, profiled_ms)]
    first, *_ = trust_text.sentences(finished(make_run, steps=steps), 1)
    assert words in first


def test_several_runs_without_samples_and_profile(make_run: Any) -> None:
    run = finish.finish(make_run(samples=None, steps=()))
    assert list(trust_text.sentences(run, 2)) == [
        "no profile could be read, so that nothing is said of phases, layers and operations"
    ]


def test_the_profiled_build_is_compared_once(make_run: Any) -> None:
    plain = rundir.read_json(make_run("other") / rundir.RESULT, Result)
    result = msgspec.structs.replace(plain, profiled_build_ratio=1.1)
    sentence = (
        "the build that was profiled takes 1.10 × as long per unprofiled step as the timed one"
    )
    assert sentence in trust_text.sentences(finished(make_run, "a", result=result), 1)
    warned = finished(make_run, "b", result=result, warnings=[f"{sentence}; indicative."])
    assert sentence not in trust_text.sentences(warned, 1)
    assert list(trust_text.warnings([warned.summary])) == [f"warning: {sentence}; indicative."]


@pytest.mark.parametrize("execution", ["function", "fit"])
def test_recorded_operations_stand_beside_those_of_the_graph(make_run: Any, execution: str) -> None:
    steps = [make_run.step("timed", 0, 0.4), make_run.step("profiled", 0, 0.5, graph_ops=1234)]
    run = make_run(steps=steps)
    make_run.add_tensorflow_profile(run, execution)
    found = finish.finish(run)
    assert found.profile is not None
    count = found.profile.ops_per_step[0]
    assert count > 50
    said = f"{count} operations recorded per step; the traced graph has 1,234 nodes"
    assert any(text.startswith(said) for text in trust_text.sentences(found, 1))


def test_a_profile_that_thins_out_is_told(make_run: Any) -> None:
    run = make_run()
    operations = make_run.kineto_events()
    make_run.add_profile(run, [e for e in operations if e["ts"] < 2000 or "::" not in e["name"]])
    [said] = [s for s in trust_text.sentences(finish.finish(run), 1) if "fewer operations" in s]
    assert said.startswith("the last steps of the profile have fewer operations (0) than the first")


def test_a_profile_that_thins_out_is_told_by_the_medians_that_are_compared(make_run: Any) -> None:
    found = finished(make_run)
    assert found.profile is not None
    counts = [900, 130, 130, *[100] * 6, 40, 40, 1]
    profile = dataclasses.replace(found.profile, ops_per_step=counts)
    texts = trust_text.sentences(dataclasses.replace(found, profile=profile), 1)
    said = "the last steps of the profile have fewer operations (40) than the first (130): profile"
    assert any(text.startswith(said) for text in texts)


def test_what_disturbed_a_run_comes_before_its_warnings(make_run: Any) -> None:
    runs = [finish.finish(make_run(f"run-{n}", repeat=n, warnings=["odd"])).summary for n in (1, 2)]
    runs[1] = msgspec.structs.replace(runs[1], flags=["it was hot"])
    assert list(trust_text.warnings(runs)) == ["flagged, run 2: it was hot", "warning: odd"]


def test_what_makes_times_indicative_is_one_sentence() -> None:
    ending = "; times of operations are indicative"
    told = [("", f"a waited{ending}"), ("run 2", "the loss is nan"), ("run 1", f"b slept{ending}")]
    assert list(trust_text.headed("warning", told)) == [
        "warning: times of operations are indicative: a waited; run 1: b slept",
        "warning, run 2: the loss is nan",
    ]
    assert list(trust_text.headed("warning", told[1:])) == [
        "warning, run 2: the loss is nan",
        f"warning, run 1: b slept{ending}",
    ]
    both = [("run 1", f"{what}{ending}") for what in ("a waited", "b slept")]
    assert list(trust_text.headed("warning", both)) == [
        "warning, run 1: times of operations are indicative: a waited; b slept"
    ]


def test_repeats_that_differ_in_numbers_alone_are_told_at_once(make_run: Any) -> None:
    runs = [
        msgspec.structs.replace(finished(make_run, f"run-{n}").summary, repeat=n, flags=[flag])
        for n, flag in enumerate(("late by 3 s", "late by 1.5 s"), start=1)
    ]
    assert next(trust_text.warnings(runs)) == "flagged: late by 1.5 to 3 s"
