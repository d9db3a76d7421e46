"""A user's Keras model: described once, and built again with its canonical arrays."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from profilers import tensorflow_data, tensorflow_random, tensorflow_units
from profilers.backend import Arrays
from profilers.description import Description, initial_values
from profilers.tensorflow_network import Network, cross_entropy
from profilers.tensorflow_units import Piece
from profilers.tensorflow_watch import Watch
from profilers.tensorflow_weights import Array
from workloads import native
from workloads.native import NativeWorkload
from workloads.own_file import blamed
from workloads.spec import WorkloadError

BUILDER = native.BUILDERS["tensorflow"]


def build(workload: NativeWorkload, weights: Arrays) -> Network:
    """The user's model with these weights, of the type of Keras' global policy."""
    model = _built(workload)
    zeros = [np.zeros((2, *each.shape), each.dtype) for each in workload.known.inputs]
    model(tensorflow_data.given(_features(zeros)), training=False)
    pieces = tensorflow_units.pieces(model)
    views = {}
    for array in workload.known.arrays:
        if array.keras is None:
            continue
        unit, slot = array.keras
        views[array.name] = _piece(workload, pieces, unit).views[slot]
    layers = {
        layer.name: _piece(workload, pieces, layer.keras).layer
        for layer in workload.known.layers
        if layer.keras is not None
    }
    loss = native.loss(workload, "tensorflow") or cross_entropy
    network = Network(model, layers, views, loss)
    network.assign(weights)
    return network


def _piece(workload: NativeWorkload, pieces: list[Piece], unit: int) -> Piece:
    try:
        return pieces[unit]
    except IndexError:
        raise WorkloadError(
            f"{workload.name}.py: {BUILDER}() makes another model each time; have it make the same "
            "layers always."
        ) from None


def _features(inputs: Iterable[Array]) -> tuple[Any, ...]:
    return tuple(tf.constant(tensorflow_data.features(np.asarray(each))) for each in inputs)


def _built(workload: NativeWorkload) -> Any:
    build_keras = native.function(workload, BUILDER)
    assert build_keras is not None
    model = build_keras()
    if not isinstance(model, keras.Model):
        raise WorkloadError(
            f"{workload.name}.py: {BUILDER}() returns a {type(model).__name__}; return a "
            "keras.Model."
        )
    return model


def describe(
    workload: NativeWorkload, inputs: Iterable[Array], labels: Array, seed: int
) -> tuple[Description, dict[str, npt.NDArray[Any]]]:
    """Build the model, run it on two samples, and tell its units and the arrays of each.

    Returns:
        The description, and the initial arrays by "<unit>.<slot>".

    Raises:
        WorkloadError: the user's code fails, or gives something else than a model should.
    """
    tf.config.set_visible_devices([], "GPU")
    keras.utils.set_random_seed(seed)
    model = _built(workload)
    path = Path(workload.path)
    watch = Watch()
    with blamed(path, "build_keras's model"), watch.watching():
        outputs = model(tensorflow_data.given(_features(inputs)), training=False)
    if not tf.is_tensor(outputs) or outputs.shape.rank < 2 or len(outputs) != len(labels):
        raise WorkloadError(
            f"{workload.name}.py: for {len(labels)} samples the model of {BUILDER}() gives "
            f"{_shown(outputs)}; have it return one tensor, a row for each sample."
        )
    _check_loss(workload, outputs, labels)
    pieces = tensorflow_units.pieces(model)
    values = initial_values(piece.views for piece in pieces)
    return Description(
        framework="tensorflow",
        units=tuple(watch.told(piece) for piece in pieces),
        output_shape=tuple(outputs.shape),
        random=tuple(tensorflow_random.random_layers(model)),
    ), values


def _check_loss(workload: NativeWorkload, outputs: Any, labels: Array) -> None:
    """The loss must take what the model gives; its errors are the file's own."""
    own = native.loss(workload, "tensorflow")
    name = native.LOSSES["tensorflow"] if own else "the mean cross-entropy (the default loss)"
    with blamed(Path(workload.path), name):
        found = (own or cross_entropy)(outputs, tf.constant(np.array(labels)))
        if not tf.is_tensor(found) or found.shape.rank != 0:
            raise WorkloadError(
                f"{name} gives {_shown(found)}, not one number for a batch; take the mean."
            )


def _shown(found: Any) -> str:
    if tf.is_tensor(found):
        return f"a tensor of the shape {tuple(found.shape)}"
    return f"a {type(found).__name__}"
