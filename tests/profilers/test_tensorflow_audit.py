from collections.abc import Callable
from typing import Any

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


def applied(*layers: Any, shape: tuple[int, ...] = (9, 10, 3)) -> Any:
    """What the audit says of the last of these layers, put into a model."""
    import keras

    from profilers.tensorflow_audit import _layer

    model = keras.Sequential([keras.Input(shape), *layers])
    return _layer(model.layers[-1])


def test_what_layers_have_is_said_in_the_shared_words() -> None:
    from keras import layers

    pad = layers.ZeroPadding2D(1)
    assert applied(pad, layers.Conv2D(8, (3, 5), 2, use_bias=False)) == {
        "filters": 8,
        "kernel_size": "3,5",
        "strides": "2,2",
        "padding": "1,1,1,1",
        "dilation": "1,1",
        "groups": 1,
        "bias": False,
    }
    # height 9 in steps of 2 wants a row on both sides, width 10 a column at the right alone
    assert applied(layers.Conv2D(8, 3, 2, "same"))["padding"] == "1,1,0,1"
    assert applied(layers.Conv2D(8, 3))["padding"] == "0,0,0,0"
    assert applied(layers.MaxPooling2D(2))["strides"] == "2,2"
    assert applied(layers.Conv2D(8, 3, activation="relu"))["activation"] == "relu"
    assert applied(layers.BatchNormalization(momentum=0.9)) == {
        "epsilon": 1e-3,
        "momentum": 0.1,
        "running_variance": "biased",
    }
    assert applied(layers.Activation("gelu")) == {"approximate": "exact"}
    assert applied(layers.ReLU()) == {}
