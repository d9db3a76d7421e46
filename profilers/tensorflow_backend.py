"""TensorFlow: builds the shared model in Keras, trains it, records it with its own profiler."""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from profilers import (
    planted,
    tensorflow_data,
    tensorflow_device,
    tensorflow_fit,
    tensorflow_marks,
    tensorflow_model,
    tensorflow_optimizers,
    tensorflow_peaks,
    tensorflow_planted,
    tensorflow_recording,
)
from profilers.backend import Arrays, Observer
from profilers.marks import Note, nobody
from profilers.records import Environment, Settings
from profilers.tensorflow_network import Network
from workloads.batches import Batches
from workloads.data import cache
from workloads.native import AnyWorkload, NativeWorkload

FRAMEWORK = {
    "title": "TensorFlow",
    "packages": {"tensorflow": "tensorflow>=2.19,<2.22", "numpy": "numpy", "msgspec": "msgspec"},
    "executions": ["function", "fit", "xla", "eager"],
}
HOST = "/CPU:0"

Range = Callable[[str], Any]
_nothing = nullcontext()


def _no_range(name: str) -> nullcontext[None]:
    return _nothing


class TensorFlowBackend:
    """The Backend protocol for TensorFlow with Keras."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.asynchronous = settings.device != "cpu"
        self._training = settings.mode == "train"
        self._note: Note = nobody
        tensorflow_device.apply(settings)
        self._device = HOST if settings.device == "cpu" else "/GPU:0"

    @property
    def network(self) -> Network:
        """The model that was built."""
        return self._network

    def environment(self) -> Environment:
        """Versions, devices, threads and flags as they are in force."""
        return tensorflow_device.environment(self.settings.device)

    def watch(self, note: Note) -> None:
        """Tell of each time that a step is traced; nobody says when XLA compiles it."""
        self._note = note

    def build(self, workload: AnyWorkload, weights: Arrays) -> None:
        """Make model and optimizer from canonical weights, on the device."""
        self._initial = weights
        with tf.device(self._device):
            self._network = tensorflow_model.build(workload, weights)
            self.model = self._network.model
            self._planted = planted.of(workload)
            if self._planted.burden_ms:
                layer = self._network.layers[self._planted.burden_layer]
                execute = partial(self._executed, name="planted work")
                tensorflow_planted.burden(layer, self._planted.burden_ms, execute)
            rate = workload.learning_rates[self.settings.optimizer]
            self.optimizer = tensorflow_optimizers.create(self.settings, rate)
            self.optimizer.build(self.model.trainable_variables)
            self._optimizer_start = [variable.numpy() for variable in self.optimizer.variables]
        if self.settings.execution == "fit":
            own = isinstance(workload, NativeWorkload) and workload.own_loss
            loss = self._network.loss if own else None
            tensorflow_fit.prepare(self.model, self.optimizer, loss)
            tensorflow_marks.watch_steps(self.model, self._note)
        self._step = self._executed_step()
        tensorflow_device.check_placement(self.model, self.settings.device)

    def _executed_step(self) -> Any:
        if self._training:
            return self._executed(self._train, "training step")
        return self._executed(self._predict, "inference step")

    def _executed(self, work: Callable[..., Any], name: str) -> Any:
        """The work as the execution asked for has it: traced, compiled, or as it stands."""
        if self.settings.execution == "eager":
            return work
        work = tensorflow_marks.traced(work, name, self._note)
        return tf.function(work, jit_compile=self.settings.execution == "xla", autograph=False)

    def load(self, samples: Arrays) -> None:
        """Make the samples ready to be fetched; the mode "infer" runs on those of the test."""
        self._test = tensorflow_data.Preloaded(
            cache.inputs(samples, "test"), samples["test_labels"], self._device
        )
        self._source: tensorflow_data.Preloaded | tensorflow_data.Pipeline = self._test
        part = "train" if self._training else "test"
        arrays = cache.inputs(samples, part), samples[f"{part}_labels"]
        if self.settings.loader == "pipeline":
            self._source = tensorflow_data.Pipeline(*arrays, self.settings.loader_workers)
        elif self.settings.execution == "fit":  # whose data pipeline runs on the host
            self._source = tensorflow_data.Preloaded(*arrays, HOST)
        elif self._training:
            self._source = tensorflow_data.Preloaded(*arrays, self._device)

    def _fetched(self, batches: Batches) -> Iterator[Any]:
        return planted.waiting(self._source.open(batches), self._planted.wait_ms)

    def run(self, batches: Batches, observer: Observer) -> None:
        """Take a step for each batch in turn, until the observer has enough."""
        if self.settings.execution == "fit":
            self._fit(batches, tensorflow_fit.BatchEdges(self.model, batches, observer))
            return
        fetched = self._fetched(batches)
        with tf.device(self._device):
            for _ in range(len(batches)):
                observer.begins()
                if observer.ends(self._next(fetched)):
                    return

    def record(self, batches: Batches, observer: Observer, raw: Path, unrecorded: int) -> None:
        """The same under TensorFlow's profiler, with ranges, to raw/tensorflow.xplane.pb."""
        with tensorflow_recording.recording(raw, unrecorded) as recording:
            if self.settings.execution == "fit":
                edges = tensorflow_fit.BatchEdges(
                    self.model, batches, observer, around=recording.step, after=recording.advance
                )
                self._fit(batches, edges)
            else:
                self._record(batches, observer, recording)

    def _record(
        self, batches: Batches, observer: Observer, recording: tensorflow_recording.Recording
    ) -> None:
        fetched = self._fetched(batches)
        with tf.device(self._device):
            for _ in range(len(batches)):
                observer.begins()
                with recording.step():
                    loss = self._next(fetched, tf.profiler.experimental.Trace)
                if observer.ends(loss):
                    return
                recording.advance()

    def _fit(self, batches: Batches, edges: tensorflow_fit.BatchEdges) -> None:
        run = tensorflow_fit.run if self._training else tensorflow_fit.run_forward

        def dataset(part: Batches) -> Any:
            return tensorflow_planted.waiting(self._source.dataset(part), self._planted.wait_ms)

        run(self.model, batches, dataset, edges)

    def _next(self, fetched: Iterator[Any], span: Range = _no_range) -> Any:
        """One step on the next batch; its loss stays on the device. `span` puts ranges around."""
        with span("phase:data"):
            batch = next(fetched)
        if self.settings.execution == "eager":
            result = (self._train if self._training else self._predict)(batch, span)
        else:
            result = self._step(batch)
        return result if self._training else None

    def _predict(self, batch: Any, span: Range = _no_range) -> Any:
        """Fetch and forward."""
        with span("phase:data"), tf.name_scope("phase_data"):
            inputs, _ = self._source.fetch(batch)
        with span("phase:forward"), tf.name_scope("phase_forward"):
            return self.model(tensorflow_data.given(inputs), training=False)

    def _train(self, batch: Any, span: Range = _no_range) -> Any:
        """Fetch, forward, loss, backward, update; name scopes give a traced function's phases."""
        variables = self.model.trainable_variables
        with span("phase:data"), tf.name_scope("phase_data"):
            inputs, labels = self._source.fetch(batch)
        with tf.GradientTape() as tape:
            with span("phase:forward"), tf.name_scope("phase_forward"):
                given = tensorflow_data.given(inputs)
                outputs = tf.cast(self.model(given, training=True), tf.float32)
            with span("phase:loss"), tf.name_scope("phase_loss"):
                loss = self._network.loss(outputs, labels)
                scaled = self.optimizer.scale_loss(loss)
        with span("phase:backward"), tf.name_scope("phase_backward"):
            gradients = tape.gradient(scaled, variables)
        with span("phase:optimizer"), tf.name_scope("phase_optimizer"):
            self.optimizer.apply(gradients, variables)
        return loss

    def mean_loss(self, handles: list[Any]) -> float:
        """The mean of the losses, summed in float64; waits for the device.

        Keras keeps a running mean by itself, which begins anew here.
        """
        if self.settings.execution == "fit":
            loss = float(handles[-1].numpy())
            self.model.reset_metrics()
            return loss
        return math.fsum(float(handle.numpy()) for handle in handles) / len(handles)

    def synchronise(self) -> None:
        """Wait until the device has done all that it was given."""
        tf.test.experimental.sync_devices()

    def restart(self, weights: Arrays | None = None) -> None:
        """Set weights and optimizer back in place, so that traced functions stay valid."""
        self._network.assign(self._initial if weights is None else weights)
        for variable, value in zip(self.optimizer.variables, self._optimizer_start, strict=True):
            variable.assign(value)

    def prepare_profiling(self) -> bool:
        """Trace the step anew: an executor stops recording cheap operations after many runs.

        It is the same program, so its unprofiled time needs no figure of its own.
        """
        self._step = self._executed_step()
        if self.settings.execution == "fit":
            tensorflow_fit.trace_anew(self.model)
        return False

    def graph_ops(self) -> int | None:
        """Nodes of the traced step and the functions it calls, before TensorFlow optimises it."""
        if self.settings.execution == "eager":
            return None
        if self.settings.execution == "fit":
            step = self.model.train_step if self._training else self.model.predict_step
            spec = self._source.dataset_spec(self.settings.batch_size)
            return tensorflow_recording.nodes(tf.function(step).get_concrete_function(spec))
        return tensorflow_recording.nodes(
            self._step.get_concrete_function(self._source.spec(self.settings.batch_size))
        )

    def evaluate(self, batch_size: int) -> tuple[float | None, float]:
        """(accuracy, mean loss) over the whole test set, by the untraced model."""
        right, loss_sum, classified = 0, 0.0, True
        with tf.device(self._device):
            for inputs, labels in self._test.split(batch_size):
                outputs = self.model(tensorflow_data.given(inputs), training=False)
                outputs = tf.cast(outputs, tf.float32)
                classified = classified and _classifies(outputs, labels)
                if classified:
                    hits = tf.argmax(outputs, -1, output_type=labels.dtype) == labels
                    right += int(tf.reduce_sum(tf.cast(hits, tf.int32)))
                loss_sum += float(self._network.loss(outputs, labels)) * int(tf.size(labels))
        count = int(tf.size(self._test.labels))
        return right / count if classified else None, loss_sum / count

    def inference(self, batch_size: int) -> Callable[[], None]:
        """A function that runs the model forward once on test samples that lie on the device."""
        forward = self._executed(lambda inputs: self.model(inputs, training=False), "inference")
        with tf.device(self._device):
            numbers = np.arange(batch_size) % len(self._test.labels)
            inputs = tensorflow_data.given(self._test.picked(numbers))

        def run() -> None:
            with tf.device(self._device):
                forward(inputs)

        return run

    def product(self, side: int) -> Callable[[], object]:
        """A function that multiplies two square matrices, in the precision of the run's own."""
        dtype = tensorflow_device.compute_type()
        return tensorflow_peaks.product(side, dtype, self._device)

    def copying(self, size_bytes: int) -> Callable[[], object]:
        """A function that copies so many bytes within the device's memory."""
        return tensorflow_peaks.copying(size_bytes, self._device)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights as they are now, in canonical layout."""
        return self._network.arrays()

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


def _classifies(outputs: Any, labels: Any) -> bool:
    """Whether there is an output for each class, and a class for each label."""
    several = outputs.shape[-1] > 1 and outputs.shape[:-1] == labels.shape
    return bool(several and labels.dtype.is_integer)


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
