from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from profilers import layer_pairs
from tests import frameworks
from tests.profilers import own_models
from workloads import native
from workloads.native import NativeWorkload
from workloads.spec import WorkloadError

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def doubles() -> Iterator[None]:
    """Keras' layers compute in float64."""
    keras = frameworks.keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


def both(
    workload: NativeWorkload, inputs: tuple[npt.NDArray[Any], ...], labels: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What both models give in float64, from the weights that torch's began with, in training."""
    import torch

    frameworks.tensorflow()
    from profilers import tensorflow_model, tensorflow_native, torch_model, torch_native
    from profilers.tensorflow_data import probe_batch
    from profilers.torch_data import probe_batch as torch_batch
    from profilers.torch_data import several
    from workloads.data.cache import input_names

    described = {
        "torch": torch_native.describe(workload, inputs, labels, 0),
        "tensorflow": tensorflow_native.describe(workload, inputs, labels, 0),
    }
    workload, values = own_models.known(workload, inputs, described)
    samples = dict(zip(input_names("train", len(inputs)), inputs, strict=True))
    samples["train_labels"] = labels
    numbers = np.arange(len(labels))
    cpu = torch.device("cpu")
    network = torch_model.build(workload, values, cpu, torch.float64)
    given, _ = torch_batch(samples, numbers, cpu, torch.float64)
    ours = network.module(*several(given)).detach().numpy()
    other = tensorflow_model.build(workload, values)
    given, _ = probe_batch(samples, numbers, "float64")
    theirs = other.model(list(given) if len(inputs) > 1 else given, training=True).numpy()
    assert network.arrays().keys() == other.arrays().keys() == values.keys()
    return ours, theirs


def assert_equal(pair: tuple[npt.NDArray[Any], npt.NDArray[Any]], digits: float = 1e-12) -> None:
    ours, theirs = pair
    assert ours.dtype == theirs.dtype == np.float64
    assert np.abs(ours).max() > 1e-3
    assert np.abs(ours - theirs).max() < digits * max(1.0, np.abs(ours).max())


@pytest.mark.usefixtures("doubles")
def test_both_models_of_the_example_give_the_same() -> None:
    workload = native.load(EXAMPLES / "own_model.py")
    assert isinstance(workload, NativeWorkload)
    images = own_models.images(8)
    # The frameworks divide pixels by 255 in float32, which may round in different ways.
    inputs = ((images / np.float32(255)).astype(np.float32),)
    assert_equal(both(workload, inputs, np.arange(8)))


@pytest.mark.usefixtures("doubles")
def test_subclassed_models_with_two_inputs_give_the_same(tmp_path: Path) -> None:
    workload = own_models.written(tmp_path, own_models.TWO_INPUTS)
    random = np.random.default_rng(0)
    inputs = (random.random((4, 8, 8, 3), np.float32), random.random((4, 5), np.float32))
    assert_equal(both(workload, inputs, random.random((4, 1))))


@pytest.mark.usefixtures("doubles")
def test_models_of_many_kinds_of_layers_give_the_same(tmp_path: Path) -> None:
    workload = own_models.written(tmp_path, own_models.KINDS)
    tokens = np.random.default_rng(0).integers(0, 50, (4, 12))
    # Keras' attention multiplies with a constant that was rounded to float32.
    assert_equal(both(workload, (tokens,), np.arange(4)), 1e-6)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 3", r"build_keras\(\) returns a int; return a keras.Model"),
        (
            "import keras\n    return keras.Sequential([keras.layers.Reshape((3,))])",
            r"own.py, in what build_keras's model gave: ",
        ),
    ],
)
def test_models_that_can_not_be_run_are_one_sentence(
    tmp_path: Path, body: str, message: str
) -> None:
    frameworks.tensorflow()
    from profilers import tensorflow_native

    text = f'INPUT_SHAPE, CLASSES, DATA = (4,), 3, "x"\ndef build_keras():\n    {body}\n'
    workload = own_models.written(tmp_path, text)
    with pytest.raises(WorkloadError, match=message):
        tensorflow_native.describe(workload, [np.ones((2, 4), np.float32)], np.zeros(2, int), 0)


APPLIED = """
INPUT_SHAPE, CLASSES, DATA = (4,), 3, "x"
def build_keras():
    import keras
    from keras import layers

    def gelu(values):
        return keras.activations.gelu(values, approximate=True)

    return keras.Sequential([
        layers.Dense(8, activation="swish"), layers.ReLU(), layers.Dropout(0.0),
        layers.Dense(8, activation=gelu), layers.Activation("tanh"),
        layers.Dense(8, activation=layers.LeakyReLU()), layers.Dense(3),
        layers.Softmax(),
    ])
"""


def test_a_model_that_is_built_as_it_first_runs_has_layers_without_arrays(tmp_path: Path) -> None:
    frameworks.tensorflow()
    from profilers import tensorflow_native

    workload = own_models.written(tmp_path, APPLIED)
    given = [np.ones((2, 4), np.float32)]
    description, _ = tensorflow_native.describe(workload, given, np.zeros(2, int), 0)
    assert [unit.family for unit in description.units] == [
        *("linear", "activation", "dropout", "linear", "activation"),
        *("linear", "activation", "linear"),  # a layer that is another's activation is one itself
    ]
    assert all(unit.order is not None and unit.output for unit in description.units)
    applied = [unit.activation for unit in description.units if unit.family == "linear"]
    assert applied == ["silu", "own gelu", "own LeakyReLU", None]


@pytest.mark.parametrize("name", layer_pairs.APPLIED)
def test_applied_activations_are_those_of_keras(name: str) -> None:
    import torch

    keras = frameworks.keras()
    from profilers.torch_native import AFTER

    values = np.linspace(-30, 30, 999)
    ours = AFTER[name](torch.tensor(values)).numpy()
    theirs = keras.ops.convert_to_numpy(keras.activations.get(name)(values.astype(np.float64)))
    assert np.abs(ours - theirs).max() < 1e-8  # Keras' gelu multiplies with a float32
