from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from profilers.rundir import Settings
from workloads.batches import BatchOrder
from workloads.catalogue import find_dataset, find_workload
from workloads.weights import fingerprint, initial_weights

if TYPE_CHECKING:
    from profilers.tensorflow_backend import TensorFlowBackend

pytestmark = pytest.mark.slow

MakeBackend = Callable[..., "TensorFlowBackend"]
EXECUTIONS = ("function", "xla", "eager")


@pytest.fixture
def make_backend(make_settings: Callable[..., Settings]) -> Iterator[MakeBackend]:
    pytest.importorskip("tensorflow")
    import keras

    from profilers import tensorflow_backend

    def make(**changes: Any) -> "TensorFlowBackend":
        settings = make_settings(**{"framework": "tensorflow", "execution": "function"} | changes)
        workload = find_workload(settings.workload)
        backend = tensorflow_backend.create(settings)
        backend.build(workload, initial_weights(workload, settings.seed))
        backend.load(find_dataset("synthetic").load(workload, None).arrays())
        return backend

    yield make
    keras.config.set_dtype_policy("float32")


def train(backend: Any, steps: int) -> list[float]:
    order = BatchOrder(4096, backend.settings.batch_size, backend.settings.seed)
    return backend.losses([backend.train_step(order.batch(k)) for k in range(steps)])


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
    workload: str,
    execution: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from profilers import torch_backend, torch_device

    monkeypatch.setattr(torch_device.torch, "set_num_interop_threads", lambda count: None)
    spec = find_workload(workload)
    other = torch_backend.create(make_settings(workload=workload, optimizer="sgd"))
    other.build(spec, initial_weights(spec, 0))
    other.load(find_dataset("synthetic").load(spec, None).arrays())
    ours = make_backend(workload=workload, execution=execution, optimizer="sgd")
    assert train(ours, 3) == pytest.approx(train(other, 3), abs=1e-5)


@pytest.mark.parametrize("name", ["mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"])
def test_weights_come_back_as_they_went_in(make_backend: MakeBackend, name: str) -> None:
    backend = make_backend(workload=name)
    assert fingerprint(backend.weights()) == fingerprint(initial_weights(find_workload(name), 0))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_after_a_restart_training_repeats_itself(make_backend: MakeBackend, optimizer: str) -> None:
    backend = make_backend(optimizer=optimizer)
    initial = fingerprint(backend.weights())
    first = train(backend, 5)
    assert fingerprint(backend.weights()) != initial
    backend.restart()
    assert fingerprint(backend.weights()) == initial
    assert train(backend, 5) == pytest.approx(first, rel=1e-6)


def test_accuracy_and_loss_are_those_of_the_whole_test_set(make_backend: MakeBackend) -> None:
    backend = make_backend()
    train(backend, 30)
    logits = np.asarray(backend.model(backend._test_inputs, training=False), dtype=np.float64)
    labels = np.asarray(backend._test_labels)
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
    order = BatchOrder(4096, 32, 0)
    train(backend, 3)
    backend.prepare_profiling()
    with backend.profiling(tmp_path, unrecorded=2, recorded=4) as profiled:
        for index in range(-2, 4):
            profiled.step(order.batch(index + 2), index)
            profiled.advance()
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
