import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from profilers.records import Settings
from tests.profilers.observers import Nobody, batches, train
from tests.profilers.reaching import check_peaks
from workloads.catalogue import find_workload
from workloads.weights import fingerprint, initial_weights

if TYPE_CHECKING:
    from profilers.torch_backend import TorchBackend

pytestmark = pytest.mark.slow

MakeBackend = Callable[..., "TorchBackend"]
Samples = Callable[..., dict[str, Any]]


@pytest.fixture
def make_backend(
    make_settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    compiled_code: Path,
    made_up_arrays: Samples,
) -> MakeBackend:
    from profilers import torch_backend, torch_device

    for name in torch_device.CACHE_VARIABLES:
        monkeypatch.setenv(name, str(compiled_code))
    # The number of inter-op threads can be set once in a process, and tests share one.
    monkeypatch.setattr(torch_device.torch, "set_num_interop_threads", lambda count: None)

    def make(data: str = "synthetic", **changes: Any) -> "TorchBackend":
        settings = make_settings(**changes)
        workload = find_workload(settings.workload, settings.options)
        backend = torch_backend.create(settings)
        backend.build(workload, initial_weights(workload, settings.seed))
        backend.load(made_up_arrays(workload, data))
        return backend

    return make


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_the_loss_falls(make_backend: MakeBackend, optimizer: str, precision: str) -> None:
    losses = train(make_backend(optimizer=optimizer, precision=precision), 60)
    assert 2.0 < losses[0] < 3.5
    assert np.mean(losses[-10:]) < np.mean(losses[:5])


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_after_a_restart_training_repeats_itself(make_backend: MakeBackend, optimizer: str) -> None:
    backend = make_backend(optimizer=optimizer)
    initial = fingerprint(backend.weights())
    first = train(backend, 5)
    assert fingerprint(backend.weights()) != initial
    backend.restart()
    assert fingerprint(backend.weights()) == initial
    assert train(backend, 5) == first


def test_accuracy_and_loss_are_those_of_the_whole_test_set(make_backend: MakeBackend) -> None:
    import torch

    backend = make_backend()
    train(backend, 30)
    with torch.no_grad():
        outputs = backend.model(backend._test.inputs)
        right = (outputs.argmax(1) == backend._test.labels).float().mean().item()
        loss = torch.nn.functional.cross_entropy(outputs, backend._test.labels).item()
    for batch_size in (7, 32, 5000):
        assert backend.evaluate(batch_size) == (pytest.approx(right), pytest.approx(loss, rel=1e-5))
    assert backend.model.training


def test_the_profile_has_steps_phases_and_layers(make_backend: MakeBackend, tmp_path: Path) -> None:
    backend = make_backend()
    observer = Nobody()
    backend.record(batches(backend, 5), observer, tmp_path, unrecorded=2)
    assert (observer.begun, observer.ended) == (5, 5)
    with gzip.open(tmp_path / "kineto.json.gz") as file:
        events = json.load(file)["traceEvents"]
    names = [e["name"] for e in events if e.get("cat") == "user_annotation"]
    assert sorted(n for n in names if n.startswith("step:")) == ["step:0", "step:1", "step:2"]
    phases = {n: names.count(n) for n in names if n.startswith("phase:")}
    assert phases == dict.fromkeys(
        ["phase:data", "phase:forward", "phase:loss", "phase:backward", "phase:optimizer"], 3
    )
    layers = {n for n in names if n.startswith("layer:")}
    assert layers == {"layer:flatten", "layer:fc1", "layer:relu1", "layer:fc2"}
    assert any("Input Dims" in e.get("args", {}) for e in events)
    assert not backend.model.fc1._forward_hooks


@pytest.mark.parametrize("workload", ["cifar10-cnn3", "cifar10-cnn5"])
def test_the_first_losses_of_compiled_steps_are_those_of_eager_ones(
    make_backend: MakeBackend, workload: str
) -> None:
    eager, compiled = (
        make_backend(workload=workload, execution=mode, optimizer="sgd")
        for mode in ("eager", "compile")
    )
    assert train(compiled, 3) == pytest.approx(train(eager, 3), abs=1e-5)


def test_compiled_steps_compute_the_same_and_name_their_kernels(
    make_backend: MakeBackend, tmp_path: Path
) -> None:
    eager, compiled = (make_backend(execution=mode) for mode in ("eager", "compile"))
    assert train(compiled, 3) == pytest.approx(train(eager, 3), abs=1e-5)
    assert compiled.prepare_profiling()
    train(compiled, 1)
    compiled.record(batches(compiled, 3), Nobody(), tmp_path, unrecorded=1)
    with gzip.open(tmp_path / "kineto.json.gz") as file:
        names = {e.get("name", "") for e in json.load(file)["traceEvents"]}
    assert any("cpp_fused" in name for name in names)
    assert not any(name.startswith("layer:") for name in names)
    assert not eager.prepare_profiling()


def test_running_out_of_memory_is_explained(make_backend: MakeBackend) -> None:
    import torch

    backend = make_backend()
    assert "use a smaller --batch-size" in str(backend.explain(torch.OutOfMemoryError("CUDA ...")))
    assert backend.explain(ValueError("something else")) is None


def test_a_layer_that_the_processor_lacks_is_explained(make_backend: MakeBackend) -> None:
    error = RuntimeError("could not create a primitive descriptor for the LSTM")
    found = make_backend(precision="fp16").explain(error)
    assert found == (
        "oneDNN can't compute a layer of this model in fp16 on this processor; use --precision "
        "fp32 or bf16."
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_model_of_tokens_learns_at_each_place(make_backend: MakeBackend, precision: str) -> None:
    options = {"length": 8, "width": 32, "heads": 2, "blocks": 1, "vocabulary": 16}
    backend = make_backend("markov", workload="transformer", options=options, precision=precision)
    losses = train(backend, 60)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.3
    accuracy, loss = backend.evaluate(100)
    assert accuracy > 2 / 16
    assert loss == pytest.approx(losses[-1], abs=0.3)
    backend.inference(3)()


def test_inference_leaves_the_weights_alone(make_backend: MakeBackend) -> None:
    backend = make_backend()
    before = fingerprint(backend.weights())
    for batch_size in (1, 32, 3000):
        backend.inference(batch_size)()
    assert fingerprint(backend.weights()) == before


def test_the_observer_ends_the_steps(make_backend: MakeBackend) -> None:
    backend = make_backend()
    observer = Nobody(enough=3)
    backend.run(batches(backend, 10), observer)
    assert (observer.begun, observer.ended) == (3, 3)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_pipeline_gives_the_losses_of_preloaded_samples(
    make_backend: MakeBackend, workers: int
) -> None:
    piped = make_backend(loader="pipeline", loader_workers=workers)
    assert train(piped, 12) == pytest.approx(train(make_backend(), 12), rel=1e-6)


@pytest.mark.parametrize("execution", ["eager", "compile"])
def test_inference_runs_forward_only(
    make_backend: MakeBackend, tmp_path: Path, execution: str
) -> None:
    backend = make_backend(mode="infer", execution=execution)
    before = fingerprint(backend.weights())
    observer = Nobody()
    backend.run(batches(backend, 4), observer)
    assert observer.handles == [None] * 4
    assert not backend.model.training
    backend.record(batches(backend, 3), Nobody(), tmp_path, unrecorded=1)
    with gzip.open(tmp_path / "kineto.json.gz") as file:
        names = {e.get("name", "") for e in json.load(file)["traceEvents"]}
    assert {"phase:data", "phase:forward"} <= names
    assert not names & {"phase:loss", "phase:backward", "phase:optimizer"}
    assert fingerprint(backend.weights()) == before


@pytest.mark.parametrize("loader", ["preloaded", "pipeline"])
def test_what_steps_were_given_is_noted(make_backend: MakeBackend, loader: str) -> None:
    backend = make_backend(loader=loader, loader_workers=2)
    given = batches(backend, 10)
    backend.run(given, Nobody(enough=6))
    given.log.settle()
    assert given.log.steps == 6
    assert given.log.sha256() == hashlib.sha256(given.numbers()[:6].tobytes()).hexdigest()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_its_peaks_are_positive_and_the_model_goes_on(
    make_backend: MakeBackend, precision: str
) -> None:
    backend = make_backend(precision=precision)
    check_peaks(backend)
    names = {"fp32": "torch.float32", "bf16": "torch.bfloat16"}
    assert str(backend.product(8)().dtype) == names[precision]
