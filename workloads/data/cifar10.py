"""CIFAR-10: 32x32 colour images in the batches that its authors pickled for Python."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from workloads.data import array_pickle
from workloads.data.array_pickle import StoredArray
from workloads.data.dataset import DataSet, Download, Samples, given
from workloads.data.layout import REMEDY, Layout, incomplete, shown
from workloads.spec import Workload, WorkloadError

NAME = "cifar10"
SIDE, CHANNELS, CLASSES = 32, 3, 10
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
EXPECTED = "data_batch_1 to data_batch_5 and test_batch (the Python version)"

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


def files(folder: Path) -> list[Path]:
    """The six batches, the test batch last, or WorkloadError."""
    missing = [name for name in BATCHES if not (folder / name).is_file()]
    if missing:
        raise incomplete(folder, " and ".join(missing), EXPECTED)
    return [folder / name for name in BATCHES]


def load(workload: Workload, source: Path | None) -> Samples:
    """Five batches for training, one for the test."""
    *train, test = (read_batch(path) for path in files(given(source, NAME)))
    inputs, labels = zip(*train, strict=True)
    return Samples(np.concatenate(inputs), np.concatenate(labels), *test)


def read_batch(path: Path) -> Batch:
    """The images (count, 32, 32, 3) and labels of one batch, or WorkloadError."""
    batch = array_pickle.read(path)
    try:
        return _images_and_labels(batch)
    except ValueError as error:
        raise WorkloadError(f"{shown(path)} is no CIFAR-10 batch: {error}; {REMEDY}.") from None


def _images_and_labels(batch: object) -> Batch:
    if not isinstance(batch, dict):
        raise ValueError("it does not hold a dictionary")
    data, labels = (batch.get(key.encode(), batch.get(key)) for key in ("data", "labels"))
    if not isinstance(data, StoredArray) or not isinstance(labels, list):
        raise ValueError("it lacks the array data or the list labels")
    pixels = data.pixels(CHANNELS * SIDE * SIDE)
    if not len(pixels) or len(labels) != len(pixels):
        raise ValueError(f"it has {len(pixels):,} images and {len(labels):,} labels")
    for number, label in enumerate(labels, 1):
        if type(label) is not int or not 0 <= label < CLASSES:
            raise ValueError(f"label {number:,} is not one of the classes 0 to {CLASSES - 1}")
    planes = pixels.reshape(-1, CHANNELS, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), np.array(labels, np.int64)


DATASET = DataSet(
    name=NAME,
    description="photographs of ten kinds, 32×32 colour, as pickles",
    version=1,
    shapes=((SIDE, SIDE, CHANNELS),),
    classes=CLASSES,
    load=load,
    layout=Layout(EXPECTED, ("data_batch_*", "test_batch"), "cifar-10-batches-py", files),
    downloads=(
        Download(
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            170_498_071,
        ),
    ),
)
