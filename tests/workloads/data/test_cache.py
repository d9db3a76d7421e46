import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from workloads.catalogue import find_dataset, find_workload
from workloads.data import cache
from workloads.data.dataset import DataSet, Samples, Stream
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

    def load(asked: Workload, source: Path | None) -> Samples:
        calls.append(asked)
        return find_dataset("digits").load(asked, source)

    counted: DataSet = replace(find_dataset("digits"), load=load)
    first, second = (cache.materialise(counted, workload) for _ in range(2))
    assert first == second
    assert len(calls) == 1


def test_tokens_and_their_labels_are_kept_as_they_are() -> None:
    transformer = find_workload("transformer", {"length": 8})
    made = cache.materialise(find_dataset("markov"), transformer)
    arrays = cache.load(made.key)
    assert arrays["train_inputs"].dtype == arrays["train_labels"].dtype == np.int64
    assert arrays["train_labels"].shape == (4096, 8)
    assert made.input_shape == (8,)


def test_what_the_arrays_depend_on_is_part_of_the_key(workload: Workload) -> None:
    noise = find_dataset("noise")
    first = cache.materialise(noise, workload)
    again = cache.materialise(noise, msgspec.structs.replace(workload, batch_size=16))
    assert first.key != again.key
    assert (first.train_count, again.train_count) == (103 * 32, 103 * 16)


def test_a_new_version_is_made_again(workload: Workload) -> None:
    digits = find_dataset("digits")
    keys = {cache.materialise(replace(digits, version=v), workload).key for v in (1, 2)}
    assert len(keys) == 2


def test_a_failure_leaves_nothing_behind(workload: Workload, own_cache: Path) -> None:
    def load(asked: Workload, source: Path | None) -> Samples:
        good = find_dataset("digits").load(asked, source)
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


def test_a_stream_is_stored_image_by_image(workload: Workload) -> None:
    alive: list[weakref.ref[npt.NDArray[np.uint8]]] = []

    def images() -> Iterator[npt.NDArray[np.uint8]]:
        for value in range(100):
            assert sum(image() is not None for image in alive) <= 1
            image = np.full((28, 28, 1), value, np.uint8)
            alive.append(weakref.ref(image))
            yield image

    def load(asked: Workload, source: Path | None) -> Samples:
        good = find_dataset("digits").load(asked, source)
        stream = Stream((100, 28, 28, 1), images())
        return replace(good, train_inputs=stream, train_labels=good.train_labels[:100])

    made = cache.materialise(replace(find_dataset("digits"), load=load), workload)
    arrays = cache.load(made.key)
    assert arrays["train_inputs"].shape == (100, 28, 28, 1)
    assert (arrays["train_inputs"][:, 5, 5, 0] == np.arange(100)).all()
    assert fingerprint(arrays) == made.sha256


def test_a_stream_that_fails_halfway_leaves_nothing_behind(
    workload: Workload, own_cache: Path
) -> None:
    def images() -> Iterator[npt.NDArray[np.uint8]]:
        yield np.zeros((28, 28, 1), np.uint8)
        raise WorkloadError("the second image is damaged.")

    def load(asked: Workload, source: Path | None) -> Samples:
        stream = Stream((2, 28, 28, 1), images())
        return replace(find_dataset("digits").load(asked, source), train_inputs=stream)

    with pytest.raises(WorkloadError, match="second image"):
        cache.materialise(replace(find_dataset("digits"), load=load), workload)
    assert list(own_cache.iterdir()) == []


def test_another_origin_is_other_data(workload: Workload) -> None:
    digits = find_dataset("digits")
    first = cache.materialise(digits, workload, None, "one")
    assert cache.find(digits, workload, "one") == first
    assert cache.find(digits, workload, "two") is None
