import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workloads.catalogue import find_workload
from workloads.data import cifar10
from workloads.spec import WorkloadError

CNN = find_workload("cifar10-cnn3")
PIXELS = np.zeros((2, 3072), np.uint8)


def test_batches_become_images_with_the_channels_last(
    tmp_path: Path, write_cifar10: Callable[..., dict[str, tuple[np.ndarray, list[int]]]]
) -> None:
    written = write_cifar10(tmp_path)
    samples = cifar10.load(CNN, tmp_path)
    assert samples.train_inputs.shape == (20, 32, 32, 3)
    assert samples.test_inputs.shape == (4, 32, 32, 3)
    pixels, labels = written["data_batch_3"]
    assert samples.train_inputs[9, 5, 7].tolist() == [
        pixels[1, 5 * 32 + 7 + plane * 1024] for plane in range(3)
    ]
    assert samples.train_labels[8:12].tolist() == labels
    assert samples.test_labels.tolist() == written["test_batch"][1]


def test_the_batches_missing_are_named(
    tmp_path: Path, write_cifar10: Callable[..., object]
) -> None:
    write_cifar10(tmp_path)
    (tmp_path / "data_batch_3").unlink()
    with pytest.raises(WorkloadError, match=r"lacks data_batch_3; expected .* found data_batch_1"):
        cifar10.load(CNN, tmp_path)


def test_a_batch_that_is_cut_short_is_said_with_its_byte_count(
    tmp_path: Path, write_cifar10: Callable[..., object]
) -> None:
    write_cifar10(tmp_path)
    path = tmp_path / "data_batch_3"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WorkloadError, match="data_batch_3 ends after 5,000 bytes"):
        cifar10.load(CNN, tmp_path)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ([1, 2], "does not hold a dictionary"),
        ({"labels": [1, 2]}, "lacks the array data"),
        ({"data": PIXELS}, "or the list labels"),
        ({"data": PIXELS, "labels": [1]}, "has 2 images and 1 labels"),
        ({"data": PIXELS[:0], "labels": []}, "has 0 images"),
        ({"data": PIXELS, "labels": [1, 10]}, "label 2 is not one of the classes 0 to 9"),
        ({"data": PIXELS, "labels": [1, True]}, "label 2"),
        ({"data": PIXELS, "labels": [1.0, 1]}, "label 1"),
        ({"data": PIXELS[:, :3071], "labels": [1, 1]}, "6,142 bytes"),
    ],
)
def test_another_pickle_is_no_batch(batch: object, words: str, tmp_path: Path) -> None:
    (tmp_path / "test_batch").write_bytes(pickle.dumps(batch, 4))
    with pytest.raises(WorkloadError, match=rf"test_batch is no CIFAR-10 batch: .*{words}"):
        cifar10.read_batch(tmp_path / "test_batch")
