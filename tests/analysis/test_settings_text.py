from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from analysis import settings_text
from analysis.layout import NO_BREAK_SPACE
from profilers.records import RunRecord, Settings


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


def test_a_short_sentence_leaves_out_what_the_data_are_and_numpy(
    make_record: Callable[..., RunRecord], make_run: Any
) -> None:
    record = make_record()
    machine = msgspec.structs.replace(
        make_run.environment(), versions={"torch": "2.13", "numpy": "2.4"}
    )
    text = settings_text.sentence(record.settings, record.data, [machine], short=True)
    assert text.replace(NO_BREAK_SPACE, " ") == (
        "mnist-mlp, digits, batch 32, adam, float32, CPU, 1 thread; torch 2.13"
    )


@pytest.mark.parametrize(
    ("changes", "apart"),
    [
        ({"batch_size": 64}, ["batch 32", "batch 64"]),
        ({"precision": "bf16"}, ["float32", "bfloat16"]),
        ({"threads": 2}, ["1 thread", "2 threads"]),
        ({"mode": "infer"}, ["train", "infer"]),
        ({"device": "cuda:0"}, ["cpu", "cuda:0"]),
        ({"seed": 1}, ["seed 0", "seed 1"]),
        ({"data": "synthetic"}, ["digits", "synthetic"]),
        ({"optimizer": "sgd"}, ["stock adam", "stock sgd"]),
        ({"optimizer_parity": "matched"}, ["stock adam", "matched adam"]),
        ({"loader": "pipeline", "loader_workers": 2}, ["preloaded", "pipeline of 2 workers"]),
        (
            {"workload": "conv2d", "options": {"size": 8}, "batch_size": 1},
            ["mnist-mlp, batch 32", "conv2d, size 8, batch 1"],
        ),
        ({"framework": "tensorflow", "execution": "function"}, ["", ""]),
        ({}, ["", ""]),
    ],
)
def test_what_sets_settings_apart(
    make_settings: Callable[..., Settings], changes: dict[str, Any], apart: list[str]
) -> None:
    assert settings_text.differing([make_settings(), make_settings(**changes)]) == apart


def test_what_sets_one_apart_is_told_of_all(make_settings: Callable[..., Settings]) -> None:
    made = [make_settings(), make_settings(batch_size=64), make_settings(seed=1)]
    assert settings_text.differing(made) == [
        "batch 32, seed 0",
        "batch 64, seed 0",
        "batch 32, seed 1",
    ]


def test_one_alone_is_set_apart_by_nothing(make_settings: Callable[..., Settings]) -> None:
    assert settings_text.differing([make_settings()]) == [""]
    assert settings_text.differing([]) == []
