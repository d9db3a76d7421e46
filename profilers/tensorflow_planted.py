"""Arithmetic that a test plants in a layer of a Keras model; its output stays as it is."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

SIDE = 128
FEW, MANY, REPEATS = 32, 160, 15

Execute = Callable[[Callable[[], Any]], Any]


def burden(layer: Any, milliseconds: float, execute: Execute) -> None:
    """Have each forward of the layer take about so much longer, by a chain of matrix products.

    They are products of zeros, so that the last one can be added to the layer's output: what adds
    nothing to it, no compiler may leave out. That they are zeros no compiler knows.

    Args:
        layer: is called through its instance from now on.
        milliseconds: by which the number of products is found.
        execute: makes of work what the run makes of a step.
    """
    zeros = tf.Variable(tf.zeros((SIDE, SIDE)), trainable=False)

    def work(calls: int) -> Any:
        product = tf.convert_to_tensor(zeros)
        for _ in range(calls):
            product = tf.matmul(product, zeros)
        return product[0, 0]

    few, many = (_seconds(execute(partial(work, calls))) for calls in (FEW, MANY))
    each = (many - few) / (MANY - FEW) if many > few else many / MANY
    calls = max(1, round(milliseconds / 1e3 / each))
    call = layer.call

    def burdened(*given: Any, **options: Any) -> Any:
        outputs = call(*given, **options)
        with tf.control_dependencies([outputs]):
            nothing = tf.stop_gradient(work(calls))
        return outputs + tf.cast(nothing, outputs.dtype)

    object.__setattr__(layer, "call", burdened)


def _seconds(work: Callable[[], Any]) -> float:
    """The shortest of some calls."""
    found = []
    work().numpy()
    for _ in range(REPEATS):
        began = time.perf_counter()
        work().numpy()
        found.append(time.perf_counter() - began)
    return min(found)


def waiting(dataset: Any, wait_ms: float) -> Any:
    """The same batches of a tf.data pipeline, each of which comes so much later."""
    if not wait_ms:
        return dataset

    def later(*batch: Any) -> Any:
        with tf.control_dependencies([tf.py_function(lambda: time.sleep(wait_ms / 1e3), [], [])]):
            return tf.nest.map_structure(tf.identity, batch)

    return dataset.map(later)
