from pathlib import Path

import numpy as np
import pytest

from workloads.batches import Batches, BatchOrder

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.integers(0, 256, (40, 6, 5, 3), np.uint8)
LABELS = GENERATOR.integers(0, 10, 40, np.int64)


@pytest.mark.parametrize("workers", [None, 0, 2])
def test_batches_hold_the_samples_of_the_order(tmp_path: Path, workers: int | None) -> None:
    import torch

    from profilers.torch_data import Pipeline, Preloaded

    np.save(tmp_path / "inputs.npy", INPUTS)
    inputs = np.load(tmp_path / "inputs.npy", mmap_mode="r")  # as the cache gives them
    cpu = torch.device("cpu")
    source = Preloaded(inputs, LABELS, cpu)
    if workers is not None:
        source = Pipeline(inputs, LABELS, cpu, workers)  # type: ignore[assignment]
    batches = Batches(BatchOrder(40, 8, seed=3), 2, 9)
    got = list(source.open(batches))
    assert len(got) == 9
    for numbers, (images, labels) in zip(batches, got, strict=True):
        wanted = (INPUTS[numbers].astype(np.float32) / np.float32(255)).transpose(0, 3, 1, 2)
        assert images.dtype == torch.float32
        assert (images.numpy() == wanted).all()
        assert (labels.numpy() == LABELS[numbers]).all()
