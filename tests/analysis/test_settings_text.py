from collections.abc import Callable
from typing import Any

import msgspec

from analysis import settings_text
from analysis.layout import NO_BREAK_SPACE
from profilers.records import RunRecord


def written(record: RunRecord, *environments: Any) -> str:
    text = settings_text.sentence(record.settings, record.data, environments)
    return text.replace(NO_BREAK_SPACE, " ")


def test_settings_and_versions_of_one_side(
    make_record: Callable[..., RunRecord], make_run: Any
) -> None:
    assert written(make_record(), make_run.environment()) == (
        "mnist-mlp, digits (digits 28×28), batch 32, adam, float32, CPU, 1 thread; torch 2.13.0+cpu"
    )


def test_options_stand_with_the_workload(make_record: Callable[..., RunRecord]) -> None:
    text = written(make_record(workload="conv2d", options={"size": 8, "kernel": 3}))
    assert text.startswith("conv2d (size 8, kernel 3), digits")


def test_without_an_environment_there_are_no_versions(
    make_record: Callable[..., RunRecord],
) -> None:
    assert written(make_record(device="mps"), None).endswith("float32, mps, 1 thread")


def test_versions_of_several_sides_stand_once_and_differing_ones_all(
    make_record: Callable[..., RunRecord], make_run: Any
) -> None:
    left, right = (
        msgspec.structs.replace(make_run.environment("GPU-1", "A card"), versions=versions)
        for versions in ({"torch": "2.13", "numpy": "2.4"}, {"keras": "3.15", "numpy": "2.1"})
    )
    text = written(make_record(device="cuda:0"), left, right)
    assert text.endswith("A card (cuda:0), 1 thread; torch 2.13, numpy 2.4 and 2.1, keras 3.15")


def test_inference_names_its_weights_and_no_optimizer(
    make_record: Callable[..., RunRecord],
) -> None:
    infers = make_record(mode="infer", weights_from="traces/a-run")
    assert written(infers, None) == (
        "mnist-mlp, digits (digits 28×28), batch 32, float32, CPU, 1 thread, weights of a-run"
    )


def test_a_pipeline_states_its_workers(make_record: Callable[..., RunRecord]) -> None:
    piped = make_record(loader="pipeline", loader_workers=2)
    assert written(piped, None).endswith("1 thread, pipeline of 2 workers")
