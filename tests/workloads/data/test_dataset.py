import pytest

from workloads.catalogue import find_dataset, find_workload
from workloads.spec import WorkloadError


def test_images_of_another_size_are_refused_with_the_remedy() -> None:
    with pytest.raises(
        WorkloadError, match=r"takes 32×32×3 images, digits has 28×28×1; use --data"
    ):
        find_dataset("digits").check(find_workload("cifar10-cnn3"))


def test_made_up_data_fit_every_workload() -> None:
    find_dataset("synthetic").check(find_workload("mnist-mlp"))
