import time
from typing import Any

import numpy as np
import pytest

from tests import frameworks
from tests.profilers.small_models import MODELS, inputs_of

pytestmark = pytest.mark.slow


def traced(model: Any, inputs: Any) -> Any:
    import tensorflow as tf

    return tf.function(lambda: model(inputs, training=True), autograph=False)


@pytest.mark.parametrize(("name", "layer"), [("images", "conv1"), ("text", "causal")])
def test_a_burden_is_work_of_its_layer_and_leaves_output_and_gradients(
    name: str, layer: str
) -> None:
    tf = frameworks.tensorflow()
    from profilers import tensorflow_layers, tensorflow_planted

    workload = MODELS[name]
    model, inputs = tensorflow_layers.build(workload), tf.constant(inputs_of(workload))

    def gradients() -> list[Any]:
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            loss = tf.reduce_sum(outputs**2)
        found = tape.gradient(loss, model.trainable_variables)
        return [outputs, *map(tf.convert_to_tensor, found)]

    plain = gradients()
    tensorflow_planted.burden(model.get_layer(layer), 5.0, tf.function)
    for one, other in zip(plain, gradients(), strict=True):
        np.testing.assert_array_equal(one, other)
    operations = traced(model, inputs).get_concrete_function().graph.get_operations()
    products = [op.name for op in operations if op.type == "MatMul"]
    planted = [each for each in products if f"/{layer}" in each]
    assert len(planted) > 3


def test_each_batch_of_a_pipeline_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    tf = frameworks.tensorflow()
    from profilers import tensorflow_planted

    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    dataset = tf.data.Dataset.from_tensor_slices(([1.0, 2.0], [3, 4]))
    assert tensorflow_planted.waiting(dataset, 0.0) is dataset
    found = [(float(x), int(y)) for x, y in tensorflow_planted.waiting(dataset, 30.0)]
    assert found == [(1.0, 3), (2.0, 4)]
    assert waits == [0.03] * 2
