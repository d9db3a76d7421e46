import numpy as np
import pytest

from workloads.catalogue import find_workload
from workloads.data.dataset import Samples
from workloads.data.synthetic import TEST_COUNT, TRAIN_COUNT, load


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load(find_workload("cifar10-cnn3"), None)


def test_shapes_follow_the_workload(samples: Samples) -> None:
    assert samples.train_inputs.shape == (TRAIN_COUNT, 32, 32, 3)
    assert samples.test_inputs.shape == (TEST_COUNT, 32, 32, 3)
    assert set(samples.train_labels) == set(range(10))


def test_pixels_use_their_range_without_piling_up_at_the_ends(samples: Samples) -> None:
    ends = np.isin(samples.train_inputs, (0, 255)).mean()
    assert samples.train_inputs.std() > 40
    assert ends < 0.05


def test_classes_can_be_told_apart_by_their_mean_image(samples: Samples) -> None:
    train = samples.train_inputs.reshape(TRAIN_COUNT, -1).astype(np.float32)
    test = samples.test_inputs.reshape(TEST_COUNT, -1).astype(np.float32)
    means = np.stack([train[samples.train_labels == c].mean(0) for c in range(10)])
    nearest = ((test[:, None, ::7] - means[None, :, ::7]) ** 2).sum(-1).argmin(1)
    assert (nearest == samples.test_labels).mean() > 0.4
