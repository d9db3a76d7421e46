from collections.abc import Iterator

import numpy as np
import pytest

from tests import frameworks
from tests.profilers import reference
from tests.profilers.small_models import MODELS, inputs_of
from workloads.weights import fingerprint, initial_weights

pytestmark = pytest.mark.slow

ROUNDED = {"text": 2e-7}
"""TensorFlow's GELU takes the root of 2 in float32."""


@pytest.fixture
def double() -> Iterator[None]:
    frameworks.tensorflow()
    import keras

    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_each_layer_computes_what_its_definition_says(name: str, training: bool) -> None:
    import keras

    from profilers import tensorflow_model

    workload = MODELS[name]
    weights, inputs = initial_weights(workload, seed=5), inputs_of(workload)
    network = tensorflow_model.build(workload, weights)
    names = [layer.name for layer in workload.layers]
    every = keras.Model(network.model.input, [network.layers[each].output for each in names])
    found = every(inputs, training=training)
    expected = reference.values(workload, weights, inputs, training=training)
    tolerance = ROUNDED.get(name, 1e-12)
    for layer, value in zip(names, found, strict=True):
        np.testing.assert_allclose(
            value.numpy(), expected[layer], rtol=1e-9, atol=tolerance, err_msg=layer
        )


@pytest.mark.parametrize("name", MODELS)
def test_weights_come_back_as_they_went_in(name: str) -> None:
    frameworks.tensorflow()
    from profilers import tensorflow_model

    weights = initial_weights(MODELS[name], seed=1)
    network = tensorflow_model.build(MODELS[name], weights)
    assert fingerprint(network.arrays()) == fingerprint(weights)
