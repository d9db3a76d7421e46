from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workloads.catalogue import find_dataset, find_workload
from workloads.data import cache
from workloads.data.dataset import DataSet, Samples
from workloads.spec import Workload, WorkloadError
from workloads.weights import fingerprint


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSPROF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def workload() -> Workload:
    return find_workload("mnist-mlp")


def test_what_is_loaded_is_what_was_made(workload: Workload) -> None:
    made = cache.materialise(find_dataset("digits"), workload)
    arrays = cache.load(made.key)
    assert fingerprint(arrays) == made.sha256
    assert (made.train_count, made.test_count) == (1437, 360)
    assert all(isinstance(array, np.memmap) for array in arrays.values())


def test_data_are_made_once(workload: Workload) -> None:
    calls = []

    def load(asked: Workload) -> Samples:
        calls.append(asked)
        return find_dataset("digits").load(asked)

    counted: DataSet = replace(find_dataset("digits"), load=load)
    first, second = (cache.materialise(counted, workload) for _ in range(2))
    assert first == second
    assert len(calls) == 1


def test_a_new_version_is_made_again(workload: Workload) -> None:
    digits = find_dataset("digits")
    keys = {cache.materialise(replace(digits, version=v), workload).key for v in (1, 2)}
    assert len(keys) == 2


def test_a_failure_leaves_nothing_behind(workload: Workload, own_cache: Path) -> None:
    def load(asked: Workload) -> Samples:
        good = find_dataset("digits").load(asked)
        return replace(good, test_labels=np.array([object()]))

    with pytest.raises(ValueError, match="allow_pickle"):
        cache.materialise(replace(find_dataset("digits"), load=load), workload)
    assert list(own_cache.iterdir()) == []


def test_a_cache_that_can_not_be_written_is_said(
    workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CROSSPROF_CACHE", str(tmp_path / "file"))
    with pytest.raises(WorkloadError, match="CROSSPROF_CACHE"):
        cache.materialise(find_dataset("digits"), workload)


def test_damaged_arrays_are_named(workload: Workload, own_cache: Path) -> None:
    made = cache.materialise(find_dataset("digits"), workload)
    path = own_cache / made.key / "test_inputs.npy"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WorkloadError, match=r"test_inputs\.npy can't be read"):
        cache.load(made.key)


def test_a_pickle_is_never_loaded(workload: Workload, own_cache: Path) -> None:
    made = cache.materialise(find_dataset("digits"), workload)
    np.save(own_cache / made.key / "test_labels.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(WorkloadError, match="can't be read"):
        cache.load(made.key)
