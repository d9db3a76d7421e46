"""Made-up images of any shape: a template for each class, shifted and noisy."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet, Samples
from workloads.spec import Workload

TRAIN_COUNT, TEST_COUNT = 4096, 1024
TEMPLATE_SIDE, SHIFT, NOISE, CONTRAST = 8, 2, 5.0, 0.04
SEED = 0


def load(workload: Workload, source: Path | None) -> Samples:
    """Templates of 8x8 random values, enlarged, shifted by up to 2 pixels, under normal noise."""
    generator = np.random.default_rng(SEED)
    height, width, channels = workload.input_shape
    templates = _templates(generator, workload)
    count = TRAIN_COUNT + TEST_COUNT
    labels = generator.integers(0, workload.classes, count)
    shifts = generator.integers(-SHIFT, SHIFT + 1, (count, 2))
    inputs = np.empty((count, height, width, channels), np.uint8)
    for index, (label, shift) in enumerate(zip(labels, shifts, strict=True)):
        image = np.roll(templates[label], shift, axis=(0, 1))
        noise = generator.standard_normal(image.shape, dtype=np.float32)
        values = 0.5 + CONTRAST * (image + NOISE * noise)
        inputs[index] = np.rint(255 * np.clip(values, 0, 1))
    return Samples(
        inputs[:TRAIN_COUNT], labels[:TRAIN_COUNT], inputs[TRAIN_COUNT:], labels[TRAIN_COUNT:]
    )


def _templates(generator: np.random.Generator, workload: Workload) -> npt.NDArray[np.float32]:
    """(classes, height, width, channels): nearest-neighbour enlargements of small patterns."""
    height, width, channels = workload.input_shape
    small = generator.standard_normal(
        (workload.classes, TEMPLATE_SIDE, TEMPLATE_SIDE, channels), dtype=np.float32
    )
    rows = np.arange(height) * TEMPLATE_SIDE // height
    columns = np.arange(width) * TEMPLATE_SIDE // width
    return small[:, rows][:, :, columns]


DATASET = DataSet(
    name="synthetic",
    description="made-up images: a template for each class, shifted and noisy",
    version=1,
    shapes=(),
    classes=None,
    load=load,
)
