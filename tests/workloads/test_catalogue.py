import pytest

from workloads.catalogue import dataset_list, find_dataset, find_workload, workload_list
from workloads.spec import WorkloadError


def test_every_file_with_a_workload_or_data_set_is_found() -> None:
    assert {"mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"} <= {w.name for w in workload_list()}
    assert {"cifar10", "digits", "markov", "mnist", "noise", "synthetic", "tiny-imagenet"} == {
        d.name for d in dataset_list()
    }


def test_every_workload_names_data_that_fits_it() -> None:
    for workload in workload_list():
        find_dataset(workload.data).check(workload)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(WorkloadError, match=r"did you mean cifar10-cnn3 or cifar10-cnn5\?"):
        find_workload("cifar-cnn3")
    with pytest.raises(WorkloadError, match=r'no data set "digit"; did you mean digits\?'):
        find_dataset("digit")


def test_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(WorkloadError, match=r"known: .*mnist-mlp"):
        find_workload("zzz")
