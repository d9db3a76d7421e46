from dataclasses import replace

import pytest

from workloads.catalogue import find_dataset, find_workload, workload_list
from workloads.spec import WorkloadError


@pytest.mark.parametrize(
    ("data", "workload", "words"),
    [
        (
            "digits",
            "cifar10-cnn3",
            "cifar10-cnn3 takes 32×32×3 images, digits has 28×28×1; use --workload mnist-mlp for "
            "these data, or --data synthetic for this workload.",
        ),
        (
            "cifar10",
            "mnist-mlp",
            "mnist-mlp takes 28×28×1 images, cifar10 has 32×32×3; use --workload cifar10-cnn3 or "
            "cifar10-cnn5 for these data, or --data digits for this workload.",
        ),
    ],
)
def test_images_of_another_size_are_refused_with_the_workloads_that_take_them(
    data: str, workload: str, words: str
) -> None:
    with pytest.raises(WorkloadError) as caught:
        find_dataset(data).check(find_workload(workload))
    assert str(caught.value) == words


def test_data_that_nothing_takes_are_refused_with_data_that_fit() -> None:
    odd = replace(find_dataset("digits"), name="odd", shapes=((5, 5, 1), (7, 5, 1)))
    with pytest.raises(WorkloadError) as caught:
        odd.check(find_workload("mnist-mlp"))
    assert str(caught.value) == (
        "mnist-mlp takes 28×28×1 images, odd has 5×5×1 or 7×5×1, which no shipped workload takes "
        "yet; use --data digits."
    )


def test_another_number_of_classes_is_refused() -> None:
    letters = replace(find_dataset("digits"), name="letters", classes=26)
    with pytest.raises(
        WorkloadError,
        match="mnist-mlp tells 10 classes apart, letters has 26, which no shipped workload takes",
    ):
        letters.check(find_workload("mnist-mlp"))


def test_made_up_data_fit_every_workload() -> None:
    for workload in workload_list():
        find_dataset("synthetic").check(workload)
