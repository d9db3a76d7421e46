from collections.abc import Callable

import numpy as np
import pytest

from profilers.records import Settings
from tests import frameworks
from workloads.batches import Batches, BatchOrder

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.integers(0, 256, (40, 6, 5, 3), np.uint8)
LABELS = GENERATOR.integers(0, 10, 40, np.int64)


@pytest.mark.parametrize("kind", ["preloaded", "pipeline"])
@pytest.mark.parametrize("by", ["open", "dataset"])
def test_batches_hold_the_samples_of_the_order(
    make_settings: Callable[..., Settings], kind: str, by: str
) -> None:
    frameworks.tensorflow()
    from profilers import tensorflow_device
    from profilers.tensorflow_data import Pipeline, Preloaded

    tensorflow_device.apply(make_settings())  # the tests of one process share TensorFlow's threads
    source = Preloaded(INPUTS, LABELS, "/CPU:0")
    if kind == "pipeline":
        source = Pipeline(INPUTS, LABELS, workers=3)  # type: ignore[assignment]
    batches = Batches(BatchOrder(40, 8, seed=3), 2, 9)
    got = [source.fetch(batch) for batch in source.open(batches)]
    if by == "dataset":
        dataset = source.dataset(batches)
        assert dataset.element_spec == source.dataset_spec(8)
        got = list(dataset)
    assert len(got) == 9
    for numbers, (images, labels) in zip(batches, got, strict=True):
        wanted = INPUTS[numbers].astype(np.float32) / np.float32(255)
        assert images.numpy() == pytest.approx(wanted, rel=1e-7)
        assert (labels.numpy() == LABELS[numbers]).all()
