import numpy as np
import pytest

from workloads.catalogue import find_workload
from workloads.data.dataset import Samples
from workloads.data.digits import enlarge, load


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load(find_workload("mnist-mlp"), None)


def test_all_scans_are_used_once(samples: Samples) -> None:
    assert samples.train_inputs.shape == (1437, 28, 28, 1)
    assert samples.test_inputs.shape == (360, 28, 28, 1)
    assert samples.train_inputs.dtype == np.uint8


def test_every_class_is_split_alike(samples: Samples) -> None:
    train, test = (np.bincount(labels) for labels in (samples.train_labels, samples.test_labels))
    assert np.abs(test / (train + test) - 0.2).max() < 0.01


def test_the_split_is_always_the_same(samples: Samples) -> None:
    again = load(find_workload("mnist-mlp"), None)
    assert (again.train_inputs == samples.train_inputs).all()
    assert (again.test_labels == samples.test_labels).all()


def test_enlarging_keeps_corners_and_constants() -> None:
    images = np.random.default_rng(0).random((2, 8, 8))
    large = enlarge(images)
    assert np.allclose(large[:, ::27, ::27], images[:, ::7, ::7])
    assert np.allclose(enlarge(np.full((1, 8, 8), 3.0)), 3.0)


def test_enlarging_is_linear_between_two_pixels() -> None:
    ramp = np.tile(np.arange(8.0), (1, 8, 1))
    assert np.allclose(enlarge(ramp)[0, 5], np.linspace(0, 7, 28))
