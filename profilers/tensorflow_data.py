"""How TensorFlow's steps come by their batches: from tensors on the device, or through tf.data."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from workloads.batches import Batches

NUMBERS_AT_ONCE = 2**20
FETCHED_AHEAD = 2
"""Batches that a pipeline holds ready, as many as a worker of a DataLoader does."""


class Preloaded:
    """All samples on the device, float32 NHWC in [0, 1]: no step waits for a copy."""

    def __init__(self, inputs: npt.NDArray[Any], labels: npt.NDArray[Any], device: str) -> None:
        with tf.device(device):
            self.inputs = tf.constant(np.asarray(inputs, np.float32) / np.float32(255))
            self.labels = tf.constant(np.array(labels))

    def open(self, batches: Batches) -> Iterator[Any]:
        """The sample numbers of each batch; `fetch` picks the samples as part of the step."""
        return iter(batches)

    def fetch(self, numbers: Any) -> tuple[Any, Any]:
        """(inputs, labels) of these samples."""
        return tf.gather(self.inputs, numbers), tf.gather(self.labels, numbers)

    def spec(self, batch_size: int) -> Any:
        """What `open` hands out, as TensorFlow describes it."""
        return tf.TensorSpec((batch_size,), tf.int64)

    def dataset(self, batches: Batches) -> Any:
        """A tf.data pipeline that picks each batch from the tensors when it is asked for."""
        return tf.data.Dataset.from_tensor_slices(batches.numbers()).map(self.fetch)

    def dataset_spec(self, batch_size: int) -> Any:
        """What `dataset` hands out, as TensorFlow describes it."""
        return _spec(self.inputs.shape, batch_size)


class Pipeline:
    """Samples decoded one by one by a tf.data pipeline with so many threads."""

    def __init__(self, inputs: npt.NDArray[Any], labels: npt.NDArray[Any], workers: int) -> None:
        with tf.device("/CPU:0"):
            self._inputs = tf.constant(np.asarray(inputs))
            self._labels = tf.constant(np.array(labels))
        self._workers = workers

    def open(self, batches: Batches) -> Iterator[Any]:
        """(inputs, labels) of each batch in the order asked for, fetched ahead."""
        for part in parts(batches):
            yield from self.dataset(part)

    def fetch(self, batch: tuple[Any, Any]) -> tuple[Any, Any]:
        """The batch as it is: the pipeline has fetched it."""
        return batch

    def spec(self, batch_size: int) -> Any:
        """What `open` hands out, as TensorFlow describes it."""
        return _spec(self._inputs.shape, batch_size)

    def dataset(self, batches: Batches) -> Any:
        """The pipeline for these batches."""
        size = batches.order.batch_size
        numbers = tf.data.Dataset.from_tensor_slices(batches.numbers().reshape(-1))
        samples = numbers.map(self._decoded, num_parallel_calls=self._workers, deterministic=True)
        options = tf.data.Options()
        options.threading.private_threadpool_size = self._workers
        return (
            samples.batch(size, drop_remainder=True).prefetch(FETCHED_AHEAD).with_options(options)
        )

    dataset_spec = spec

    def _decoded(self, number: Any) -> tuple[Any, Any]:
        """One sample: uint8 -> float32 in [0, 1]."""
        image = tf.cast(tf.gather(self._inputs, number), tf.float32) / 255.0
        return image, tf.gather(self._labels, number)


def _spec(samples_shape: Any, batch_size: int) -> Any:
    """(inputs, labels) of a batch."""
    shape = (batch_size, *samples_shape[1:])
    return tf.TensorSpec(shape, tf.float32), tf.TensorSpec((batch_size,), tf.int64)


def parts(batches: Batches) -> Iterator[Batches]:
    """Batches in parts whose sample numbers fit into a few megabytes."""
    return batches.parts(max(1, NUMBERS_AT_ONCE // batches.order.batch_size))
