from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from profilers.records import Settings
from tests import frameworks

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _tensorflow(make_settings: Callable[..., Settings]) -> None:
    """The number of threads can be set only before anything is computed."""
    frameworks.tensorflow()
    from profilers import tensorflow_device

    tensorflow_device.apply(make_settings(framework="tensorflow"))


def learned(settings: Settings, by_fit: bool) -> np.ndarray:
    """An embedding after a step on a sequence in which one token is twice."""
    import keras
    import tensorflow as tf

    from profilers import tensorflow_optimizers

    layer = keras.layers.Embedding(3, 1, embeddings_initializer="zeros")
    model = keras.Sequential([keras.Input((3,), dtype="int64"), layer])
    optimizer = tensorflow_optimizers.create(settings, 1e-3)
    tokens = np.array([[1, 1, 2]])

    def loss(_: Any, outputs: Any) -> Any:
        return 1e-7 * tf.reduce_sum(outputs)  # so small that the square tells

    if by_fit:
        model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
        model.fit(tokens, np.zeros((1, 3, 1)), verbose=0)
    else:
        with tf.GradientTape() as tape:
            value = loss(None, model(tokens))
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
    found: np.ndarray = np.asarray(layer.embeddings)[:, 0]
    return found


@pytest.mark.parametrize("by_fit", [False, True])
def test_gradients_of_equal_tokens_are_added_up_where_optimizers_are_matched(
    make_settings: Callable[..., Settings], by_fit: bool
) -> None:
    def moved(gradient: float) -> float:
        correction = np.sqrt(1 - 0.999)
        return -1e-3 * gradient / (gradient + 1e-7 / correction)

    matched = learned(make_settings(framework="tensorflow", optimizer_parity="matched"), by_fit)
    assert matched == pytest.approx([0.0, moved(2e-7), moved(1e-7)], rel=1e-3)
    stock = learned(make_settings(framework="tensorflow"), by_fit)
    assert stock[1] != pytest.approx(moved(2e-7), rel=1e-3)


def test_stock_optimizers_are_keras_own(make_settings: Callable[..., Settings]) -> None:
    import keras

    from profilers import tensorflow_optimizers

    made = tensorflow_optimizers.create(make_settings(optimizer="sgd"), 0.1)
    assert type(made) is keras.optimizers.SGD
    scaled = tensorflow_optimizers.create(make_settings(precision="fp16"), 0.1)
    assert type(scaled.inner_optimizer) is keras.optimizers.Adam
