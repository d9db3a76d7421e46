"""Random numbers of any shape with random labels: nothing to learn, and little to wait for."""

import math
from pathlib import Path

import numpy as np

from workloads.data.dataset import DataSet, Samples
from workloads.layers import Shape
from workloads.spec import Workload

MOST_BYTES, LABEL_BYTES = 64_000_000, 8
MOST_BATCHES = 128
SEED = 0


def load(workload: Workload, source: Path | None) -> Samples:
    """Uniform bytes, and labels of which each is as likely."""
    generator = np.random.default_rng(SEED)
    train, test = _counts(workload)
    shape = (train + test, *workload.input_shape)
    inputs = generator.integers(0, 256, shape, dtype=np.uint8)
    labels = generator.integers(0, workload.classes, (train + test, *_places(workload)))
    return Samples(inputs[:train], labels[:train], inputs[train:], labels[train:])


def _places(workload: Workload) -> Shape:
    """For which parts of a sample there is a label each; () if for the whole."""
    return workload.output_shape[:-1]


def _counts(workload: Workload) -> tuple[int, int]:
    """How many samples for training and test: three batches at least, else 64 MB at most."""
    sample_bytes = math.prod(workload.input_shape) + LABEL_BYTES * math.prod(_places(workload))
    fitting = MOST_BYTES // (sample_bytes * workload.batch_size)
    batches = max(3, min(MOST_BATCHES, fitting))
    test = max(1, batches // 5)
    return (batches - test) * workload.batch_size, test * workload.batch_size


DATASET = DataSet(
    name="noise",
    description="random numbers of any shape with random labels, for operators alone",
    version=1,
    shapes=(),
    classes=None,
    load=load,
    kind="numbers",
    variant=lambda workload: f" {_counts(workload)} {_places(workload)}",
)
