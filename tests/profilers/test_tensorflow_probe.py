from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from profilers.records import Settings
from tests import frameworks
from tests.profilers.probing import IMAGES, samples
from workloads.weights import initial_weights

pytestmark = pytest.mark.slow


@pytest.fixture
def model(make_settings: Callable[..., Settings]) -> Any:
    frameworks.tensorflow()
    from profilers import tensorflow_probe

    given = initial_weights(IMAGES, 0), samples(IMAGES), "float64"
    return tensorflow_probe.create(make_settings(framework="tensorflow"), IMAGES, *given)


def test_layers_that_draw_are_found_by_their_kind(model: Any) -> None:
    import keras

    assert model.random_layers() == []
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.1)])
    layers = {"drop": keras.layers.Dropout(0.5), "idle": keras.layers.Dropout(0.0), "block": inner}
    model._network.layers.update(layers)
    found = model.random_layers()
    assert [(each.name, each.kind) for each in found] == [
        ("drop", "Dropout"),
        ("block", "Dropout"),
    ]


def test_nothing_of_the_probe_stays_behind(model: Any) -> None:
    import keras
    import tensorflow as tf

    cast = tf.cast
    model.first_step(np.arange(4))
    assert keras.config.dtype_policy().name == "float32"
    assert tf.cast is cast
    assert all("call" not in vars(layer) for layer in model._network.layers.values())
    assert float(tf.cast(0.1, tf.float64)) == float(np.float32(0.1))
