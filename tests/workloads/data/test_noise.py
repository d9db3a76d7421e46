import numpy as np
import pytest

from tests.profilers.small_models import model
from workloads.catalogue import find_workload
from workloads.data import noise
from workloads.data.noise import load
from workloads.layers import Linear


@pytest.mark.parametrize(
    ("name", "options"),
    [("matmul", {"size": 64}), ("conv2d", {"size": 8, "channels": 3}), ("attention", {"size": 4})],
)
def test_numbers_have_the_shape_of_the_workload(name: str, options: dict[str, int]) -> None:
    workload = find_workload(name, options)
    samples = load(workload, None)
    for inputs, labels in (
        (samples.train_inputs, samples.train_labels),
        (samples.test_inputs, samples.test_labels),
    ):
        assert inputs.shape[1:] == workload.input_shape  # type: ignore[index]
        assert inputs.dtype == np.uint8  # type: ignore[union-attr]
        assert len(labels) >= workload.batch_size
        assert len(labels) == len(inputs)  # type: ignore[arg-type]
        assert 0 <= labels.min() <= labels.max() < workload.classes
    assert set(samples.train_labels) == set(range(workload.classes))


def test_a_sample_with_several_places_has_a_label_for_each() -> None:
    samples = load(model((5, 3), 4, Linear("fc", 4)), None)
    assert samples.train_labels.shape[1:] == (5,)


@pytest.mark.parametrize(
    ("size", "counts"), [(1024, (2 * 1024, 1024)), (256, (12 * 256, 2 * 256)), (1, (103, 25))]
)
def test_large_samples_are_few_and_small_ones_many(
    size: int, counts: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise, "MOST_BYTES", 1_000_000)
    found = load(find_workload("matmul", {"size": size}), None)
    assert (len(found.train_labels), len(found.test_labels)) == counts
    assert size == 1024 or sum(array.nbytes for array in vars(found).values()) < 1_000_000
