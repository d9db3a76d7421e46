"""TensorFlow in the tests' own process, where the number of its threads can be set but once."""

import importlib.util
from typing import Any

import pytest


def need_tensorflow() -> None:
    """Skip the test where TensorFlow is not installed; for tests that start processes with it."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("tensorflow is not installed")


def tensorflow() -> Any:
    """The package, with one thread whichever test comes first; skips where it is missing."""
    need_tensorflow()
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    return tensorflow


def keras() -> Any:
    """Keras on top of that."""
    tensorflow()
    import keras

    return keras
