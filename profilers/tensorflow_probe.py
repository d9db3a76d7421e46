"""Probes the arithmetic of a model under Keras: layer by layer, gradients, plain SGD."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import msgspec
import numpy as np
import tensorflow as tf
from tensorflow.python.ops import math_ops

from profilers import (
    tensorflow_audit,
    tensorflow_data,
    tensorflow_device,
    tensorflow_model,
)
from profilers.backend import Arrays
from profilers.model_probe import Array, FirstStep, NamedLayer, Numbers, Precision
from profilers.parity_record import RandomLayer, Setting
from profilers.records import Settings
from profilers.tensorflow_backend import TensorFlowBackend
from profilers.tensorflow_random import drawing
from workloads.native import AnyWorkload

REMEDY = "Set its dropout to 0 in both frameworks, so that what they compute can be compared."


class TensorFlowProbe:
    """The ModelProbe protocol for TensorFlow with Keras."""

    def __init__(
        self,
        settings: Settings,
        workload: AnyWorkload,
        weights: Arrays,
        samples: Arrays,
        precision: Precision,
    ) -> None:
        tensorflow_device.apply(msgspec.structs.replace(settings, precision="fp32"))
        self._samples, self._precision = samples, precision
        self._device = "/CPU:0" if settings.device == "cpu" else "/GPU:0"
        with tf.device(self._device), _policy(precision):
            self._network = tensorflow_model.build(workload, weights)
        self._trained = {
            name: view for name, view in self._network.views.items() if view.variable.trainable
        }
        self.layers = {
            name: NamedLayer(type(each).__name__, each.name)
            for name, each in self._network.layers.items()
        }
        self.parameters = {name: view.native for name, view in self._trained.items()}
        self._slices = False

    def _batch(self, numbers: Numbers) -> tuple[Any, Any]:
        return tensorflow_data.probe_batch(self._samples, numbers, self._precision)

    def layer_outputs(self, numbers: Numbers) -> Mapping[str, Array]:
        """The output of each layer."""
        with tf.device(self._device), _exact_constants(), self._recorded() as made:
            self._network.model(tensorflow_data.given(self._batch(numbers)[0]), training=True)
        return self._canonical(made)

    def first_step(self, numbers: Numbers) -> FirstStep:
        """Forward, loss and backward, from the weights as they are."""
        with tf.device(self._device), _exact_constants():
            inputs, labels = self._batch(numbers)
            with tf.GradientTape() as tape, self._recorded() as made:
                outputs = self._network.model(tensorflow_data.given(inputs), training=True)
                loss = self._network.loss(outputs, labels)
            found = tape.gradient(loss, [view.variable.value for view in self._trained.values()])
        self._slices = any(isinstance(each, tf.IndexedSlices) for each in found)
        gradients = {
            name: np.zeros_like(view.read()) if each is None else view.canonical(_numpy(each))
            for (name, view), each in zip(self._trained.items(), found, strict=True)
        }
        return FirstStep(self._canonical(made), _numpy(outputs), float(loss), gradients)

    def losses(self, batches: Sequence[Numbers], rate: float) -> Iterator[float]:
        """The loss of a step of plain SGD on each batch.

        Keras' SGD would have the rate in float32.
        """
        shared = {id(view.variable): view.variable.value for view in self._trained.values()}
        variables = list(shared.values())

        def step(inputs: Any, labels: Any) -> Any:
            with tf.GradientTape() as tape:
                outputs = self._network.model(tensorflow_data.given(inputs), training=True)
                loss = self._network.loss(outputs, labels)
            for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
                if gradient is not None:
                    dense = tf.convert_to_tensor(gradient)
                    variable.assign_sub(tf.constant(rate, dense.dtype) * dense)
            return loss

        traced = tf.function(step, autograph=False, jit_compile=False)
        for numbers in batches:
            with tf.device(self._device), _exact_constants():
                loss = traced(*self._batch(numbers))
            yield float(loss)

    def audit(self, backend: TensorFlowBackend) -> list[Setting]:
        """The settings that the objects of a built backend have."""
        return tensorflow_audit.audit(backend, self._slices)

    def random_layers(self) -> list[RandomLayer]:
        """Dropout and noise, and what has such a layer inside, by the layer that it is part of."""
        return [
            RandomLayer(name=name, kind=type(part).__name__, remedy=REMEDY)
            for name, layer in self._network.layers.items()
            for part in layer._flatten_layers()
            if drawing(part)
        ]

    @contextmanager
    def _recorded(self) -> Iterator[dict[str, Any]]:
        """What each layer gives during an eager forward."""
        made: dict[str, Any] = {}

        def noting(name: str, call: Any) -> Any:
            def noted(*given: Any, **options: Any) -> Any:
                made[name] = call(*given, **options)
                return made[name]

            return noted

        layers = self._network.layers
        for name, layer in layers.items():
            object.__setattr__(layer, "call", noting(name, layer.call))
        try:
            yield made
        finally:
            for layer in layers.values():
                object.__delattr__(layer, "call")

    def _canonical(self, made: Mapping[str, Any]) -> dict[str, Array]:
        """The last output of each layer; Keras has the canonical layout."""
        return {
            name: _numpy(made[name])
            for name in self._network.layers
            if tf.is_tensor(made.get(name))
        }


def _numpy(tensor: Any) -> Array:
    array: Array = tf.convert_to_tensor(tensor).numpy()
    return array


@contextmanager
def _policy(precision: Precision) -> Iterator[None]:
    """Layers that are made meanwhile compute and keep weights in this type."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def _exact_constants() -> Iterator[None]:
    """Have tf.cast make a plain float a float64 at once; it rounds it to float32 on the way.

    GELU and attention of float64 models would be off by 1e-8.
    """
    rounding = math_ops.cast

    def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
        if isinstance(x, float) and tf.as_dtype(dtype) == tf.float64:
            return tf.constant(x, tf.float64)
        return rounding(x, dtype, name)

    math_ops.cast = tf.cast = cast
    try:
        yield
    finally:
        math_ops.cast = tf.cast = rounding


def create(
    settings: Settings,
    workload: AnyWorkload,
    weights: Arrays,
    samples: Arrays,
    precision: Precision,
) -> TensorFlowProbe:
    """The model of a workload, ready to be probed."""
    return TensorFlowProbe(settings, workload, weights, samples, precision)
