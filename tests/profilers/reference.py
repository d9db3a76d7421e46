"""Models in plain numpy float64, straight from the definitions of the layers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from workloads import layers
from workloads.spec import INPUT, Placed, Workload

Array = npt.NDArray[Any]


def values(
    workload: Workload, weights: Mapping[str, Array], inputs: Array, *, training: bool = False
) -> dict[str, Array]:
    """What each layer gives, by its name, all in canonical layout."""
    found = {INPUT: inputs if workload.vocabulary else inputs.astype(np.float64)}
    for placed in workload.placed():
        prefix = f"{placed.layer.name}."
        own = {
            name.removeprefix(prefix): array.astype(np.float64)
            for name, array in weights.items()
            if name.startswith(prefix)
        }
        given = [found[name] for name in placed.inputs]
        found[placed.layer.name] = _value(placed, own, given, training)
    return found


def _value(placed: Placed, own: Mapping[str, Array], given: list[Array], training: bool) -> Array:
    x = given[0]
    match placed.layer:
        case layers.Conv2d() as layer:
            return _convolved(layer, own, x)
        case layers.Linear():
            return x @ own["weight"] + own.get("bias", 0.0)
        case layers.BatchNorm() as layer:
            axes = tuple(range(x.ndim - 1))
            mean, variance = own["running_mean"], own["running_variance"]
            if training:
                mean, variance = x.mean(axes), x.var(axes)
            return (x - mean) / np.sqrt(variance + layer.epsilon) * own["weight"] + own["bias"]
        case layers.LayerNorm() as layer:
            spread = np.sqrt(x.var(-1, keepdims=True) + layer.epsilon)
            return (x - x.mean(-1, keepdims=True)) / spread * own["weight"] + own["bias"]
        case layers.Embedding():
            return own["weight"][x]
        case layers.Positions():
            return x + own["weight"]
        case layers.Attention() as layer:
            return _attended(layer, own, x)
        case layers.Lstm() as layer:
            return _last_state(layer, own, x)
        case layers.Add():
            return x + given[1]
    return _without_parameters(placed.layer, x)


def _without_parameters(layer: layers.AnyLayer, x: Array) -> Array:
    match layer:
        case layers.Relu():
            return np.maximum(x, 0)
        case layers.Gelu(approximate=True):
            return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        case layers.Gelu():
            return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
        case layers.MaxPool2d(size=s):
            n, h, w, c = x.shape
            x = x[:, : h // s * s, : w // s * s]
            return x.reshape(n, h // s, s, w // s, s, c).max((2, 4))
        case layers.MeanPool():
            return x.mean(tuple(range(1, x.ndim - 1)))
        case layers.Flatten():
            return x.reshape(len(x), -1)
        case layers.Rows():
            return x.reshape(*x.shape[:2], -1)
    raise TypeError(layer)


def _convolved(layer: layers.Conv2d, own: Mapping[str, Array], x: Array) -> Array:
    pad = (layer.padding, layer.padding)
    padded = np.pad(x, ((0, 0), pad, pad, (0, 0)))
    kernel = own["weight"]
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], (1, 2))
    windows = windows[:, :: layer.stride, :: layer.stride]
    return np.einsum("nhwcij,ijcf->nhwf", windows, kernel) + own.get("bias", 0.0)


def _attended(layer: layers.Attention, own: Mapping[str, Array], x: Array) -> Array:
    count, length, width = x.shape

    def projected(name: str) -> Array:
        flat = x @ own[f"{name}_weight"] + own[f"{name}_bias"]
        return flat.reshape(count, length, layer.heads, -1).transpose(0, 2, 1, 3)

    query, key, value = map(projected, ("query", "key", "value"))
    scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(width / layer.heads)
    if layer.causal:
        scores = np.where(np.tril(np.ones((length, length))) > 0, scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    joined = (shares @ value).transpose(0, 2, 1, 3).reshape(x.shape)
    return joined @ own["output_weight"] + own["output_bias"]


def _last_state(layer: layers.Lstm, own: Mapping[str, Array], x: Array) -> Array:
    state = cell = np.zeros((len(x), layer.units))
    for place in range(x.shape[1]):
        gates = x[:, place] @ own["input_weight"] + state @ own["hidden_weight"] + own["bias"]
        before, forget, new, after = np.split(gates, 4, axis=-1)
        cell = _sigmoid(forget) * cell + _sigmoid(before) * np.tanh(new)
        state = _sigmoid(after) * np.tanh(cell)
    return state


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))
