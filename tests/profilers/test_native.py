from pathlib import Path

import numpy as np
import pytest

from profilers.native import _check_labels
from profilers.rundir import ProfileError
from tests.profilers import own_models
from workloads.native_model import NativeModel

TEXT = 'INPUT_SHAPE, CLASSES, DATA = (4,), 3, "x"\ndef build_torch(): pass\n'
LOSS = "def torch_loss(outputs, labels): pass\n"
MODEL = NativeModel(inputs=(), output_shape=(3,), arrays=(), layers=())


@pytest.mark.parametrize("labels", [[0, 3], [-100, 1]])
def test_labels_that_the_cross_entropy_can_not_take_are_one_sentence(
    tmp_path: Path, labels: list[int]
) -> None:
    samples = {"train_labels": np.array([0, 2]), "test_labels": np.array(labels)}
    with pytest.raises(ProfileError, match=r"own.py: test labels go from .* 3 classes, 0 to 2"):
        _check_labels(own_models.written(tmp_path, TEXT), MODEL, samples)
    _check_labels(own_models.written(tmp_path, TEXT + LOSS), MODEL, samples)


def test_labels_in_range_and_other_numbers_are_taken(tmp_path: Path) -> None:
    workload = own_models.written(tmp_path, TEXT)
    for values in (np.array([0, 2]), np.array([[0, 1], [2, 2]]), np.array([0.5, 9.0])):
        _check_labels(workload, MODEL, {"train_labels": values, "test_labels": values})
