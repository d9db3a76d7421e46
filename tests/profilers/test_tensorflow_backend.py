import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from profilers.records import Settings
from tests import frameworks
from tests.profilers.observers import Nobody, batches, train
from tests.profilers.reaching import check_peaks
from workloads.catalogue import find_workload
from workloads.weights import fingerprint, initial_weights

if TYPE_CHECKING:
    from profilers.tensorflow_backend import TensorFlowBackend

pytestmark = pytest.mark.slow

MakeBackend = Callable[..., "TensorFlowBackend"]
Samples = Callable[..., dict[str, Any]]
EXECUTIONS = ("function", "fit", "xla", "eager")


@pytest.fixture
def make_backend(
    make_settings: Callable[..., Settings], made_up_arrays: Samples
) -> Iterator[MakeBackend]:
    frameworks.tensorflow()
    import keras

    from profilers import tensorflow_backend

    def make(data: str = "synthetic", **changes: Any) -> "TensorFlowBackend":
        settings = make_settings(**{"framework": "tensorflow", "execution": "function"} | changes)
        workload = find_workload(settings.workload, settings.options)
        backend = tensorflow_backend.create(settings)
        backend.build(workload, initial_weights(workload, settings.seed))
        backend.load(made_up_arrays(workload, data))
        return backend

    yield make
    keras.config.set_dtype_policy("float32")


def ops_per_step(profile: Path) -> list[int]:
    """Op events inside each of the recorded steps."""
    from analysis.annotate import fold_trace
    from analysis.blocks import Kind
    from analysis.readers.xspace import XSpaceTrace

    folded = fold_trace(XSpaceTrace(profile))
    steps = folded.step[(folded.block.kind == Kind.OP) & (folded.step >= 0)]
    return np.unique(steps, return_counts=True)[1].tolist()


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


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_the_loss_falls(make_backend: MakeBackend, optimizer: str, precision: str) -> None:
    losses = train(make_backend(optimizer=optimizer, precision=precision), 60)
    assert 2.0 < losses[0] < 3.5
    assert np.mean(losses[-10:]) < np.mean(losses[:5])


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("workload", ["mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"])
def test_the_first_losses_are_those_of_torch(
    make_backend: MakeBackend,
    make_settings: Callable[..., Settings],
    made_up_arrays: Samples,
    workload: str,
    execution: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from profilers import torch_backend, torch_device

    monkeypatch.setattr(torch_device.torch, "set_num_interop_threads", lambda count: None)
    spec = find_workload(workload)
    other = torch_backend.create(make_settings(workload=workload, optimizer="sgd"))
    other.build(spec, initial_weights(spec, 0))
    other.load(made_up_arrays(spec))
    ours = make_backend(workload=workload, execution=execution, optimizer="sgd")
    assert train(ours, 3) == pytest.approx(train(other, 3), abs=1e-5)


@pytest.mark.parametrize("name", ["mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"])
def test_weights_come_back_as_they_went_in(make_backend: MakeBackend, name: str) -> None:
    backend = make_backend(workload=name)
    assert fingerprint(backend.weights()) == fingerprint(initial_weights(find_workload(name), 0))


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_after_a_restart_training_repeats_itself(
    make_backend: MakeBackend, optimizer: str, precision: str
) -> None:
    backend = make_backend(optimizer=optimizer, precision=precision)
    initial = fingerprint(backend.weights())
    first = train(backend, 5)
    assert fingerprint(backend.weights()) != initial
    backend.restart()
    assert fingerprint(backend.weights()) == initial
    assert train(backend, 5) == pytest.approx(first, rel=1e-6)


def test_accuracy_and_loss_are_those_of_the_whole_test_set(make_backend: MakeBackend) -> None:
    backend = make_backend()
    train(backend, 30)
    logits = np.asarray(backend.model(backend._test.inputs, training=False), dtype=np.float64)
    labels = np.asarray(backend._test.labels)
    shifted = logits - logits.max(1, keepdims=True)
    chosen = shifted[np.arange(len(labels)), labels]
    loss = float((np.log(np.exp(shifted).sum(1)) - chosen).mean())
    right = float((logits.argmax(1) == labels).mean())
    for batch_size in (7, 32, 5000):
        assert backend.evaluate(batch_size) == (pytest.approx(right), pytest.approx(loss, rel=1e-5))


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_a_profile_is_kept_with_all_its_steps(
    make_backend: MakeBackend, tmp_path: Path, execution: str
) -> None:
    from analysis.readers.xspace import XSpaceTrace

    backend = make_backend(execution=execution)
    train(backend, 3)
    backend.prepare_profiling()
    observer = Nobody()
    backend.record(batches(backend, 6), observer, tmp_path, unrecorded=2)
    assert (observer.begun, observer.ended) == (6, 6)
    assert [path.name for path in tmp_path.iterdir()] == ["tensorflow.xplane.pb"]
    trace = XSpaceTrace(tmp_path / "tensorflow.xplane.pb")
    names = [trace.strings[number] for block in trace.blocks() for number in block.name]
    assert sorted(name for name in names if name.startswith("step:")) == [
        "step:0",
        "step:1",
        "step:2",
        "step:3",
    ]


def test_running_out_of_memory_is_explained(make_backend: MakeBackend) -> None:
    import tensorflow as tf

    backend = make_backend()
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")
    assert "use a smaller --batch-size" in str(backend.explain(error))
    assert backend.explain(ValueError("something else")) is None


@pytest.mark.parametrize("execution", ["function", "fit"])
def test_after_many_steps_as_many_ops_are_recorded_as_by_a_fresh_function(
    make_backend: MakeBackend, tmp_path: Path, execution: str
) -> None:
    backend = make_backend(execution=execution)
    recorded = []
    for name, steps_before in (("fresh", 0), ("later", 1000)):
        if steps_before:
            backend.run(batches(backend, steps_before), Nobody())
        (tmp_path / name).mkdir()
        backend.prepare_profiling()
        backend.record(batches(backend, 22), Nobody(), tmp_path / name, unrecorded=2)
        recorded.append(np.mean(ops_per_step(tmp_path / name / "tensorflow.xplane.pb")))
    assert recorded[0] > 50
    assert recorded[1] == pytest.approx(recorded[0], rel=0.02)
    graph_ops = backend.graph_ops()
    assert graph_ops is not None
    assert graph_ops > recorded[0]


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_the_observer_ends_the_steps(make_backend: MakeBackend, execution: str) -> None:
    backend = make_backend(execution=execution)
    observer = Nobody(enough=3)
    backend.run(batches(backend, 10), observer)
    assert (observer.begun, observer.ended) == (3, 3)


def test_keras_gives_the_mean_loss_of_a_row_of_steps(make_backend: MakeBackend) -> None:
    single, rows = train(make_backend(execution="fit"), 12), Nobody()
    backend = make_backend(execution="fit")
    backend.run(batches(backend, 12), rows)
    assert backend.mean_loss(rows.handles) == pytest.approx(np.mean(single), rel=1e-5)


def test_long_runs_of_fit_keep_the_order_of_batches(
    make_backend: MakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from profilers import tensorflow_data

    whole = train(make_backend(execution="fit"), 10)
    monkeypatch.setattr(tensorflow_data, "NUMBERS_AT_ONCE", 3 * 32)
    backend, rows = make_backend(execution="fit"), Nobody()
    backend.run(batches(backend, 10), rows)
    assert backend.mean_loss(rows.handles) == pytest.approx(np.mean(whole), rel=1e-5)


def test_predict_goes_on_in_parts(
    make_backend: MakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from profilers import tensorflow_fit

    monkeypatch.setattr(tensorflow_fit, "PREDICTED_AT_ONCE", 4)
    backend = make_backend(execution="fit", mode="infer")
    for enough in (7, 99):
        observer, given = Nobody(enough), batches(backend, 10)
        backend.run(given, observer)
        given.log.settle()
        assert observer.ended == given.log.steps == min(enough, 10)


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("loader", ["preloaded", "pipeline"])
def test_what_steps_were_given_is_noted(
    make_backend: MakeBackend, execution: str, loader: str
) -> None:
    backend = make_backend(execution=execution, loader=loader, loader_workers=2)
    given = batches(backend, 10)
    backend.run(given, Nobody(enough=6))
    given.log.settle()
    assert given.log.steps == 6
    assert given.log.sha256() == hashlib.sha256(given.numbers()[:6].tobytes()).hexdigest()


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_a_pipeline_gives_the_losses_of_preloaded_samples(
    make_backend: MakeBackend, execution: str
) -> None:
    piped = make_backend(execution=execution, loader="pipeline", loader_workers=2)
    assert train(piped, 12) == pytest.approx(train(make_backend(), 12), rel=1e-5)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_inference_runs_forward_only(
    make_backend: MakeBackend, tmp_path: Path, execution: str
) -> None:
    backend = make_backend(mode="infer", execution=execution)
    before = fingerprint(backend.weights())
    observer = Nobody(enough=4)
    backend.run(batches(backend, 9), observer)
    assert observer.handles == [None] * 4
    backend.prepare_profiling()
    backend.record(batches(backend, 4), Nobody(), tmp_path, unrecorded=2)
    assert len(ops_per_step(tmp_path / "tensorflow.xplane.pb")) == 2
    assert fingerprint(backend.weights()) == before


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_its_peaks_are_positive_and_the_model_goes_on(
    make_backend: MakeBackend, precision: str
) -> None:
    backend = make_backend(precision=precision)
    check_peaks(backend)
    assert backend.product(8)().dtype.name == {"fp32": "float32", "bf16": "bfloat16"}[precision]
