from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from profilers import launch, options, planning, rundir
from profilers.backend import Framework, frameworks
from profilers.plan import Plan
from profilers.protocol import Ready
from profilers.records import RunRecord, Settings
from profilers.rundir import ProfileError
from workloads.catalogue import find_workload
from workloads.weights import initial_weights, save


@pytest.fixture
def preflights(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the preflight of each framework answers: a device, or a ProfileError."""
    answers: dict[str, Any] = {"torch": "cpu", "tensorflow": "cpu"}

    def answer(interpreter: str, framework: Framework, settings: Settings) -> Ready:
        if isinstance(answers[framework.name], ProfileError):
            raise answers[framework.name]
        return Ready(answers[framework.name], {}, [])

    monkeypatch.setattr(launch, "preflight", answer)
    return answers


@pytest.fixture
def trained(tmp_path: Path, make_record: Callable[..., RunRecord]) -> Path:
    """The directory of a run of mnist-mlp that has trained."""
    run = tmp_path / "traces" / "trained"
    run.mkdir(parents=True)
    rundir.write_json(run / rundir.RUN, make_record())
    save(run / rundir.WEIGHTS, initial_weights(find_workload("mnist-mlp"), seed=5))
    return run


def planned(folder: Path, *arguments: str) -> Plan:
    output = ["--output", str(folder / "traces"), "--quiet"]
    return planning.make(options.parser(frameworks()).parse_args([*arguments, *output]))


def test_one_framework_is_run_once_and_several_five_times(
    preflights: dict[str, Any], tmp_path: Path
) -> None:
    alone, both = (planned(tmp_path, "--framework", name) for name in ("torch", "both"))
    assert (alone.repeats, alone.compares, alone.run_count) == (1, False, 1)
    assert (both.repeats, both.compares, both.run_count) == (5, True, 10)
    assert (alone.probes, both.probes) == (False, True)
    assert planned(tmp_path, "--framework", "torch", "--parity").probes
    assert [side.title for side in both.sides] == ["PyTorch eager", "TensorFlow function"]
    assert planned(tmp_path, "--framework", "both", "--repeats", "2").run_count == 4


def test_a_side_that_can_not_be_run_does_not_keep_the_other_from_running(
    preflights: dict[str, Any], tmp_path: Path
) -> None:
    preflights["torch"] = ProfileError("no torch here.")
    found = planned(tmp_path, "--framework", "both")
    assert [(side.number, side.framework.name) for side in found.sides] == [(1, "tensorflow")]
    assert [(each.side, each.reason) for each in found.missing] == [(0, "no torch here.")]
    assert not found.probes
    preflights["tensorflow"] = ProfileError("no tensorflow here.")
    with pytest.raises(
        ProfileError, match=r"PyTorch: no torch here\. TensorFlow: no tensorflow here\."
    ):
        planned(tmp_path, "--framework", "both")
    with pytest.raises(ProfileError, match="no torch here"):
        planned(tmp_path, "--framework", "torch")


def test_an_interpreter_that_is_named_and_not_there_ends_the_request(
    preflights: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ProfileError, match="--python names /nowhere for tensorflow"):
        planned(tmp_path, "--framework", "both", "--python", "tensorflow=/nowhere")


def test_two_devices_are_not_compared(preflights: dict[str, Any], tmp_path: Path) -> None:
    preflights["torch"] = "cuda:0"
    with pytest.raises(ProfileError, match="PyTorch on cuda:0 and TensorFlow on cpu"):
        planned(tmp_path, "--framework", "both")


def test_names_tell_side_and_repeat(preflights: dict[str, Any], tmp_path: Path) -> None:
    both = planned(tmp_path, "--framework", "both", "--name", "x", "--from", "torch")
    assert both.teacher is not None
    assert both.run_id(both.teacher, 1) == "x-trained"
    assert [both.run_id(side, 2) for side in both.sides] == ["x-torch-2", "x-tensorflow-2"]
    assert both.comparison_id() == "compare-x"
    alone = planned(tmp_path, "--framework", "torch", "--name", "x")
    assert alone.run_id(alone.sides[0], 1) == "x"
    unnamed = planned(tmp_path, "--framework", "both")
    assert "-mnist-mlp-torch-tensorflow-cpu-" in unnamed.comparison_id()
    assert "-mnist-mlp-tensorflow-cpu-" in unnamed.run_id(unnamed.sides[1], 1)


@pytest.mark.parametrize("taken", ["compare-x", "x-tensorflow-3", "x-trained"])
def test_every_name_must_be_free(preflights: dict[str, Any], tmp_path: Path, taken: str) -> None:
    (tmp_path / "traces" / taken).mkdir(parents=True)
    with pytest.raises(ProfileError, match=f"{taken} exists already"):
        planned(tmp_path, "--framework", "both", "--name", "x", "--from", "torch")


def test_only_names_that_will_be_used_must_be_free(
    preflights: dict[str, Any], tmp_path: Path
) -> None:
    for other in ("compare-x", "x-trained", "x-torch-1"):
        (tmp_path / "traces" / other).mkdir(parents=True)
    assert planned(tmp_path, "--framework", "torch", "--name", "x").run_count == 1


def test_executions_of_one_framework_are_compared(
    preflights: dict[str, Any], tmp_path: Path
) -> None:
    request = ["--framework", "torch", "--execution", "eager,compile", "--name", "x"]
    found = planned(tmp_path, *request, "--repeats", "2")
    assert [side.title for side in found.sides] == ["PyTorch eager", "PyTorch compile"]
    assert [found.run_id(s, 1) for s in found.sides] == ["x-torch-eager-1", "x-torch-compile-1"]
    assert found.compares


def test_a_teacher_trains_as_plainly_as_it_can(preflights: dict[str, Any], tmp_path: Path) -> None:
    request = ["--framework", "tensorflow", "--execution", "xla", "--mode", "infer"]
    found = planned(tmp_path, *request, "--from", "torch", "--repeats", "3", "--batch-size", "8")
    assert found.teacher is not None
    assert found.run_count == 4
    settings = found.teacher.settings
    assert (settings.framework, settings.execution, settings.mode) == ("torch", "eager", "train")
    assert settings.batch_size == 8
    assert found.sides[0].settings.mode == "infer"


@pytest.mark.parametrize("by_name", [True, False])
def test_weights_come_from_a_run_by_its_name_or_path(
    preflights: dict[str, Any], tmp_path: Path, trained: Path, by_name: bool
) -> None:
    source = "trained" if by_name else str(trained)
    found = planned(tmp_path, "--framework", "both", "--mode", "infer", "--from", source)
    assert found.teacher is None
    assert {side.settings.weights_from for side in found.sides} == {str(trained)}


def test_weights_that_can_not_be_had_are_one_sentence(
    preflights: dict[str, Any], tmp_path: Path, trained: Path
) -> None:
    def refused(*arguments: str) -> str:
        with pytest.raises(ProfileError) as caught:
            planned(tmp_path, "--framework", "torch", *arguments)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "nowhere is neither a run nor a framework" in refused("--from", "nowhere")
    assert "is neither a run nor a framework" in refused("--from", "n" * 5000)
    other = refused("--workload", "cifar10-cnn3", "--from", "trained")
    assert "trained mnist-mlp, not cifar10-cnn3; add --workload mnist-mlp" in other
    record = rundir.read_json(trained / rundir.RUN, RunRecord)
    smaller = msgspec.structs.replace(record.settings, workload="matmul", options={"size": 8})
    rundir.write_json(trained / rundir.RUN, msgspec.structs.replace(record, settings=smaller))
    other = refused("--workload", "matmul", "--from", "trained")
    assert "trained matmul with size=8, not with size=1024; give the same to --set" in other
    rundir.write_json(trained / rundir.RUN, record)
    (trained / rundir.WEIGHTS).unlink()
    assert "holds no weights.npz (its mode is train, its status complete)" in refused(
        "--from", "trained"
    )


def test_inference_needs_a_batch_of_test_samples(
    preflights: dict[str, Any], tmp_path: Path
) -> None:
    request = ["--framework", "torch", "--batch-size", "500"]
    assert planned(tmp_path, *request).sides[0].settings.batch_size == 500
    with pytest.raises(Exception, match="larger than the 360 samples"):
        planned(tmp_path, *request, "--mode", "infer")


def test_settings_of_all_sides_differ_in_framework_and_execution_only(
    preflights: dict[str, Any], tmp_path: Path
) -> None:
    first, second = planned(tmp_path, "--framework", "both", "--loader", "pipeline").sides
    as_first = msgspec.structs.replace(second.settings, framework="torch", execution="eager")
    assert as_first == first.settings
