"""Reads from Keras' objects the settings that decide what a model computes."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.python.framework import config as tensorflow_config

from profilers import audit as vocabulary
from profilers.audit import settings, sizes
from profilers.parity_record import Setting, SettingValue
from profilers.tensorflow_backend import TensorFlowBackend
from profilers.tensorflow_optimizers import DenseGradients

Values = dict[str, SettingValue]
DECIMALS = 12
"""1 - 0.9 is 0.1 with so many."""


def audit(backend: TensorFlowBackend, slices: bool) -> list[Setting]:
    """Every setting of a backend that has built its model.

    `slices` says whether the tape gives gradients of some weights as slices.
    """
    network = backend.network
    found = settings("optimizer", _optimizer(backend.optimizer, slices))

    def loss(outputs: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
        return float(network.loss(tf.constant(outputs), tf.constant(labels)))

    name = getattr(network.loss, "__name__", type(network.loss).__name__)
    found += settings("loss", vocabulary.loss(loss, name))
    for name, layer in network.layers.items():
        found += settings(name, _layer(layer))
    if images := _images(network.model):
        found += settings("layout", {"images": images})
    return found + vocabulary.process(backend.environment().threads, _precision(backend))


def _optimizer(optimizer: Any, slices: bool) -> Values:
    own = getattr(optimizer, "inner_optimizer", optimizer)
    sgd = isinstance(own, keras.optimizers.SGD)
    values: Values = {"kind": "sgd" if sgd else "adam"}
    values["learning_rate"] = float(own.learning_rate)
    if sgd:
        values["momentum"] = float(own.momentum)
    else:
        values["beta_1"], values["beta_2"] = float(own.beta_1), float(own.beta_2)
        values["epsilon"] = float(own.epsilon)
        values["epsilon_place"] = vocabulary.BEFORE
    values["weight_decay"] = float(own.weight_decay or 0.0)
    sparse = slices and not isinstance(own, DenseGradients)
    values["gradients"] = vocabulary.SLICES if sparse else vocabulary.DENSE
    return values


def _layer(layer: Any) -> Values:
    """What a layer has of the shared vocabulary; nothing, if it is of no kind known here."""
    match layer:
        case keras.layers.Conv2D():
            return {
                "filters": layer.filters,
                "kernel_size": sizes(layer.kernel_size),
                "strides": sizes(layer.strides),
                **_padding(layer, layer.kernel_size, layer.dilation_rate),
                "dilation": sizes(layer.dilation_rate),
                "groups": layer.groups,
                "bias": layer.use_bias,
                **_activation(layer),
            }
        case keras.layers.MaxPooling2D() | keras.layers.AveragePooling2D():
            return {
                "pool_size": sizes(layer.pool_size),
                "strides": sizes(layer.strides),
                **_padding(layer, layer.pool_size, (1, 1)),
            }
        case keras.layers.Dense():
            return {"units": layer.units, "bias": layer.use_bias, **_activation(layer)}
        case keras.layers.Embedding():
            return {"vocabulary": layer.input_dim, "width": layer.output_dim}
        case keras.layers.Activation():
            return _activation(layer)
        case keras.layers.Dropout():
            return {"rate": float(layer.rate)}
        case _:
            return _recurrent_or_norm(layer)


def _recurrent_or_norm(layer: Any) -> Values:
    match layer:
        case keras.layers.BatchNormalization():
            return {
                "epsilon": float(layer.epsilon),
                "momentum": round(1 - float(layer.momentum), DECIMALS),
                "running_variance": vocabulary.BIASED,
            }
        case keras.layers.LayerNormalization():
            return {"epsilon": float(layer.epsilon)}
        case keras.layers.MultiHeadAttention():
            return {"heads": layer._num_heads, "causal": _is_causal(layer)}
        case keras.layers.LSTM():
            return {"units": layer.units, "bias": layer.use_bias}
    return {}


def _activation(layer: Any) -> Values:
    """The function that is applied to the outputs, where that is no function of its own layer."""
    name = getattr(layer.activation, "__name__", type(layer.activation).__name__)
    if "gelu" in name:
        form = vocabulary.gelu(lambda value: float(layer.activation(tf.constant(value))))
        return {"approximate": form}
    return {} if name == "linear" else {"activation": name}


def _padding(layer: Any, window: tuple[int, int], dilation: tuple[int, int]) -> Values:
    """Zeros at the top, bottom, left and right: by a layer before it and by its own padding.

    Nothing where neither can be known, as layers of a subclassed model don't know their input.
    """
    if not layer._inbound_nodes:
        return {}
    around = [0, 0, 0, 0]
    before = _operation_before(layer)
    if isinstance(before, keras.layers.ZeroPadding2D):
        around = [side for pair in before.padding for side in pair]
    if layer.padding == "same":
        shape = layer.input.shape
        lengths = shape[1:3] if layer.data_format == "channels_last" else shape[2:4]
        steps = zip(lengths, window, layer.strides, dilation, strict=True)
        for axis, (length, size, stride, spread) in enumerate(steps):
            span = spread * (size - 1) + 1
            total = max((-(-length // stride) - 1) * stride + span - length, 0)
            around[2 * axis] += total // 2
            around[2 * axis + 1] += total - total // 2
    return {"padding": sizes(around)}


def _operation_before(layer: Any) -> Any:
    """What gives a layer its input; None where that is not one thing."""
    try:
        return layer.input._keras_history.operation
    except (AttributeError, ValueError):
        return None


def _is_causal(layer: Any) -> bool:
    """Whether it was put into its model with a causal mask."""
    nodes = layer._inbound_nodes
    return any(bool(node.arguments.kwargs.get("use_causal_mask")) for node in nodes)


def _images(model: Any) -> str | None:
    """The order of an image's values in memory; None where there are no convolutions."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Conv2D):
            return "NHWC" if layer.data_format == "channels_last" else "NCHW"
    return None


def _precision(backend: TensorFlowBackend) -> Values:
    """One switch of TensorFlow is for matrix products and for cuDNN, which it always tunes."""
    policy = backend.network.model.layers[-1].dtype_policy
    mixed = policy.compute_dtype != policy.variable_dtype
    deterministic = tensorflow_config.is_op_determinism_enabled()
    values: Values = {"type": f"mixed {policy.compute_dtype}" if mixed else policy.compute_dtype}
    values["deterministic"] = deterministic
    if backend.settings.device != "cpu":
        tf32 = tf.config.experimental.tensor_float_32_execution_enabled()
        values["matmul_tf32"] = values["cudnn_tf32"] = tf32
        values["cudnn_benchmark"] = not deterministic
    return values
