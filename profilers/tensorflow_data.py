"""How TensorFlow's steps come by their batches: from tensors on the device, or through tf.data."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from workloads.batches import Batches, BatchLog
from workloads.data import cache

Array = npt.NDArray[Any]
NUMBERS_AT_ONCE = 2**20
FETCHED_AHEAD = 2
"""Batches that a pipeline holds ready, as many as a worker of a DataLoader does."""


class Preloaded:
    """All samples on the device, images as NHWC: no step waits for a copy."""

    def __init__(self, inputs: Array | tuple[Array, ...], labels: Array, device: str) -> None:
        with tf.device(device):
            self.inputs = _alone(
                tuple(tf.constant(features(np.asarray(each))) for each in _several(inputs))
            )
            self.labels = tf.constant(np.array(labels))

    def open(self, batches: Batches) -> Iterator[Any]:
        """The sample numbers of each batch; `fetch` picks the samples as part of the step."""
        for numbers in batches:
            batches.log.note(numbers)
            yield numbers

    def fetch(self, numbers: Any) -> tuple[Any, Any]:
        """(inputs, labels) of these samples."""
        return self.picked(numbers), tf.gather(self.labels, numbers)

    def picked(self, numbers: Any) -> Any:
        """The inputs of these samples: a tensor, or a tuple of them for several inputs."""
        return _alone(tuple(tf.gather(each, numbers) for each in _several(self.inputs)))

    def split(self, batch_size: int) -> Iterator[tuple[Any, Any]]:
        """All samples in order, so many at a time; the last batch may be smaller."""
        for begin in range(0, len(self.labels), batch_size):
            rows = slice(begin, begin + batch_size)
            inputs = _alone(tuple(each[rows] for each in _several(self.inputs)))
            yield inputs, self.labels[rows]

    def spec(self, batch_size: int) -> Any:
        """What `open` hands out, as TensorFlow describes it."""
        return tf.TensorSpec((batch_size,), tf.int64)

    def dataset(self, batches: Batches) -> Any:
        """A tf.data pipeline that picks each batch from the tensors when it is asked for."""
        return _numbers(batches).map(self.fetch)

    def dataset_spec(self, batch_size: int) -> Any:
        """What `dataset` hands out, as TensorFlow describes it."""
        return _spec(_several(self.inputs), self.labels, batch_size)


class Pipeline:
    """Samples decoded one by one by a tf.data pipeline with so many threads."""

    def __init__(self, inputs: Array | tuple[Array, ...], labels: Array, workers: int) -> None:
        with tf.device("/CPU:0"):
            self._inputs = tuple(tf.constant(np.asarray(each)) for each in _several(inputs))
            self._labels = tf.constant(np.array(labels))
        self._workers = workers

    def open(self, batches: Batches) -> Iterator[Any]:
        """(inputs, labels) of each batch in the order asked for, fetched ahead.

        The pipeline is set up, and has its first batch, when this returns.
        """
        fetched = iter(self._fetched(batches))
        return self._handed_over(chain([next(fetched)], fetched), batches.log)

    def _handed_over(self, fetched: Iterator[Any], log: BatchLog) -> Iterator[Any]:
        for inputs, labels, numbers in fetched:
            log.note(numbers)
            yield inputs, labels

    def fetch(self, batch: tuple[Any, Any]) -> tuple[Any, Any]:
        """The batch as it is: the pipeline has fetched it."""
        return batch

    def spec(self, batch_size: int) -> Any:
        """What `open` hands out, as TensorFlow describes it."""
        return _spec(tuple(each[None] for each in self._sample(0)), self._labels, batch_size)

    def dataset(self, batches: Batches) -> Any:
        """The pipeline for these batches: (inputs, labels)."""
        return self._fetched(batches).map(lambda inputs, labels, numbers: (inputs, labels))

    def _fetched(self, batches: Batches) -> Any:
        """(inputs, labels, sample numbers) of each batch."""
        size = batches.order.batch_size
        samples = (
            _numbers(batches)
            .unbatch()
            .map(self._decoded, num_parallel_calls=self._workers, deterministic=True)
            .batch(size, drop_remainder=True)
            .apply(tf.data.experimental.assert_cardinality(len(batches)))
            .prefetch(FETCHED_AHEAD)
        )
        options = tf.data.Options()
        options.threading.private_threadpool_size = self._workers
        return samples.with_options(options)

    dataset_spec = spec

    def _decoded(self, number: Any) -> tuple[Any, Any, Any]:
        """(inputs, label, number) of one sample."""
        return _alone(self._sample(number)), tf.gather(self._labels, number), number

    def _sample(self, number: Any) -> tuple[Any, ...]:
        """Each input: uint8 -> float32 in [0, 1], other types as they are."""
        sample = (tf.gather(each, number) for each in self._inputs)
        return tuple(
            tf.cast(each, tf.float32) / 255.0 if each.dtype == tf.uint8 else each for each in sample
        )


def probe_batch(
    samples: Mapping[str, npt.NDArray[Any]], numbers: npt.NDArray[np.int64], dtype: str
) -> tuple[Any, Any]:
    """(inputs, labels) of these training samples; inputs that are no tokens in this type."""
    inputs = (features(np.asarray(each[numbers])) for each in cache.inputs(samples, "train"))
    labels = np.asarray(samples["train_labels"][numbers])
    *typed, targets = (
        tf.constant(each.astype(dtype) if each.dtype.kind == "f" else each)
        for each in (*inputs, labels)
    )
    return _alone(tuple(typed)), targets


def _numbers(batches: Batches) -> Any:
    """The sample numbers batch by batch, made some megabytes at a time and ahead of time."""
    size = batches.order.batch_size
    at_once = max(1, NUMBERS_AT_ONCE // size)
    parts = tf.data.Dataset.from_generator(
        lambda: (part.numbers() for part in batches.parts(at_once)),
        output_signature=tf.TensorSpec((None, size), tf.int64),
    )
    known = tf.data.experimental.assert_cardinality(len(batches))
    return parts.prefetch(1).unbatch().apply(known)


def features(array: Array) -> Array:
    """uint8 -> float32 in [0, 1], other types as they are."""
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)
    return array


def given(inputs: Any) -> Any:
    """What a Keras model is called with: a tensor alone, several as a list."""
    found = _several(inputs)
    return found[0] if len(found) == 1 else list(found)


def _several(inputs: Any) -> tuple[Any, ...]:
    return inputs if isinstance(inputs, tuple) else (inputs,)


def _alone(inputs: tuple[Any, ...]) -> Any:
    """A single input as it is; several as a tuple, which tf.data leaves apart, unlike a list."""
    return inputs[0] if len(inputs) == 1 else inputs


def _spec(inputs: tuple[Any, ...], labels: Any, batch_size: int) -> Any:
    """(inputs, labels) of a batch."""

    def one(values: Any) -> Any:
        return tf.TensorSpec((batch_size, *values.shape[1:]), values.dtype)

    return _alone(tuple(map(one, inputs))), one(labels)
