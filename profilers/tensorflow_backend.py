"""TensorFlow: builds the shared model in Keras, trains it, records it with its own profiler."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from profilers import tensorflow_device, tensorflow_layers
from profilers.backend import Arrays, Indices
from profilers.rundir import Environment, Settings
from workloads.spec import Workload

FRAMEWORK = {
    "title": "TensorFlow",
    "packages": {"tensorflow": "tensorflow>=2.19,<2.22", "numpy": "numpy", "msgspec": "msgspec"},
    "executions": ["function", "xla", "eager"],
}
RAW_PROFILE = "tensorflow.xplane.pb"
LEARNING_RATE = "learning_rate"

Range = Callable[[str], Any]
_nothing = nullcontext()


def _no_range(name: str) -> nullcontext[None]:
    return _nothing


class TensorFlowBackend:
    """The Backend protocol for TensorFlow with Keras."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.asynchronous = settings.device != "cpu"
        tensorflow_device.apply(settings)
        self._device = "/CPU:0" if settings.device == "cpu" else "/GPU:0"

    def environment(self) -> Environment:
        """Versions, devices, threads and flags as they are in force."""
        return tensorflow_device.environment(self.settings.device)

    def build(self, workload: Workload, weights: Arrays) -> None:
        """Make model and optimizer from canonical weights, on the device."""
        self._initial = weights
        with tf.device(self._device):
            self.model = tensorflow_layers.build(workload, weights)
            self.optimizer = self._new_optimizer(workload)
            self.optimizer.build(self.model.trainable_variables)
        self._step = self._executed(self._train)
        tensorflow_device.check_placement(self.model, self.settings.device)

    def _new_optimizer(self, workload: Workload) -> Any:
        kinds = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
        rate = workload.learning_rates[self.settings.optimizer]
        optimizer = kinds[self.settings.optimizer](learning_rate=rate)
        if self.settings.precision == "fp16":
            return keras.optimizers.LossScaleOptimizer(optimizer)
        return optimizer

    def _executed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The work as the execution asked for has it: traced, compiled, or as it stands."""
        if self.settings.execution == "eager":
            return work
        compiled: Callable[..., Any] = tf.function(
            work, jit_compile=self.settings.execution == "xla", autograph=False
        )
        return compiled

    def load(self, samples: Arrays) -> None:
        """Keep the samples on the device, float32 NHWC in [0, 1]."""
        with tf.device(self._device):
            self._train_inputs, self._test_inputs = (
                tf.constant(np.asarray(samples[name], np.float32) / np.float32(255))
                for name in ("train_inputs", "test_inputs")
            )
            self._train_labels, self._test_labels = (
                tf.constant(np.array(samples[name])) for name in ("train_labels", "test_labels")
            )

    def train_step(self, batch: Indices, span: Range = _no_range) -> Any:
        """One training step; the loss stays on the device. `span` puts a range around a phase."""
        with tf.device(self._device):
            if self.settings.execution == "eager":
                return self._train(batch, span)
            return self._step(batch)

    def _train(self, batch: Any, span: Range = _no_range) -> Any:
        """Fetch, forward, loss, backward, update; name scopes give a traced function's phases."""
        variables = self.model.trainable_variables
        with span("phase:data"), tf.name_scope("phase_data"):
            inputs = tf.gather(self._train_inputs, batch)
            labels = tf.gather(self._train_labels, batch)
        with tf.GradientTape() as tape:
            with span("phase:forward"), tf.name_scope("phase_forward"):
                outputs = tf.cast(self.model(inputs, training=True), tf.float32)
            with span("phase:loss"), tf.name_scope("phase_loss"):
                loss = _cross_entropy(labels, outputs)
                scaled = self.optimizer.scale_loss(loss)
        with span("phase:backward"), tf.name_scope("phase_backward"):
            gradients = tape.gradient(scaled, variables)
        with span("phase:optimizer"), tf.name_scope("phase_optimizer"):
            self.optimizer.apply(gradients, variables)
        return loss

    def losses(self, handles: list[Any]) -> list[float]:
        """The values of the losses; waits for the device."""
        return [float(handle.numpy()) for handle in handles]

    def synchronise(self) -> None:
        """Wait until the device has done all that it was given."""
        tf.test.experimental.sync_devices()

    def restart(self) -> None:
        """Set weights and optimizer back in place, so that traced functions stay valid."""
        tensorflow_layers.assign(self.model, self._initial)
        for variable in self.optimizer.variables:
            if LEARNING_RATE not in variable.path:
                variable.assign(tf.zeros_like(variable))

    def prepare_profiling(self) -> bool:
        """Trace the step anew: an executor stops recording cheap operations after many runs.

        It is the same program, so its unprofiled time needs no figure of its own.
        """
        self._step = self._executed(self._train)
        return False

    @contextmanager
    def profiling(self, raw: Path, unrecorded: int, recorded: int) -> Iterator["_ProfiledSteps"]:
        """Record steps to raw/tensorflow.xplane.pb."""
        with TemporaryDirectory(dir=raw) as folder:
            steps = _ProfiledSteps(self, folder, unrecorded)
            try:
                yield steps
            finally:
                steps.stop()
            (profile,) = Path(folder).rglob("*.xplane.pb")
            shutil.move(profile, raw / RAW_PROFILE)

    def evaluate(self, batch_size: int) -> tuple[float, float]:
        """(accuracy, mean loss) over the whole test set, by the untraced model."""
        right, loss_sum, count = 0, 0.0, len(self._test_labels)
        with tf.device(self._device):
            for begin in range(0, count, batch_size):
                labels = self._test_labels[begin : begin + batch_size]
                outputs = self.model(self._test_inputs[begin : begin + batch_size], training=False)
                outputs = tf.cast(outputs, tf.float32)
                hits = tf.argmax(outputs, 1, output_type=labels.dtype) == labels
                right += int(tf.reduce_sum(tf.cast(hits, tf.int32)))
                loss_sum += float(_cross_entropy(labels, outputs)) * len(labels)
        return right / count, loss_sum / count

    def inference(self, batch_size: int) -> Callable[[], None]:
        """A function that runs the model forward once on test samples that lie on the device."""
        forward = self._executed(lambda inputs: self.model(inputs, training=False))
        with tf.device(self._device):
            numbers = np.arange(batch_size) % len(self._test_labels)
            inputs = tf.gather(self._test_inputs, numbers)

        def run() -> None:
            with tf.device(self._device):
                forward(inputs)

        return run

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights as they are now, in canonical layout."""
        return tensorflow_layers.canonical_weights(self.model)

    def memory(self) -> dict[str, int]:
        """The GPU allocator's peak; nothing on the CPU."""
        return tensorflow_device.memory(self.settings.device)

    def explain(self, error: Exception) -> str | None:
        """Out of memory in a sentence."""
        if isinstance(error, tf.errors.ResourceExhaustedError):
            return (
                f"{self.settings.device} ran out of memory at batch size "
                f"{self.settings.batch_size}; use a smaller --batch-size."
            )
        return None


class _ProfiledSteps:
    """Training steps with ranges; the profiler starts after the unrecorded ones."""

    def __init__(self, backend: TensorFlowBackend, folder: str, unrecorded: int) -> None:
        self._backend, self._folder = backend, folder
        self._until_start = unrecorded
        self._recording = False

    def step(self, batch: Indices, index: int) -> Any:
        """One step in a range of its own, which holds the fetching of its batch."""
        with tf.profiler.experimental.Trace("train", step_num=index, _r=1):
            loss = self._backend.train_step(batch, tf.profiler.experimental.Trace)
            self._backend.synchronise()
        return loss

    def advance(self) -> None:
        """Start recording once the unrecorded steps are over."""
        self._until_start -= 1
        if self._until_start == 0:
            tf.profiler.experimental.start(self._folder)
            self._recording = True

    def stop(self) -> None:
        """Write what was recorded."""
        if self._recording:
            tf.profiler.experimental.stop()
            self._recording = False


def _cross_entropy(labels: Any, logits: Any) -> Any:
    """Mean cross-entropy of logits."""
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )


def create(settings: Settings) -> TensorFlowBackend:
    """The backend for a run; its device has passed the preflight."""
    return TensorFlowBackend(settings)


def preflight(settings: Settings) -> tuple[str, list[str]]:
    """(device to use, warnings), or ProfileError: before any data is touched."""
    device = tensorflow_device.resolve(settings.device)
    return device, tensorflow_device.try_out(device, settings)


def versions() -> dict[str, str]:
    """Version of the framework and what it was built for."""
    return tensorflow_device.versions()
