import contextlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workloads.catalogue import find_workload
from workloads.spec import WorkloadError
from workloads.weights import fingerprint, initial_weights, load, norm, save


def test_arrays_have_the_canonical_shapes() -> None:
    workload = find_workload("cifar10-cnn3")
    arrays = initial_weights(workload, seed=0)
    assert {name: array.shape for name, array in arrays.items()} == workload.parameter_shapes()
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}


def test_the_same_seed_gives_the_same_weights_for_ever() -> None:
    arrays = initial_weights(find_workload("mnist-mlp"), seed=0)
    assert fingerprint(arrays).startswith("d36869663790")


def test_another_seed_gives_others() -> None:
    workload = find_workload("mnist-mlp")
    first, second = (initial_weights(workload, seed) for seed in (0, 1))
    assert fingerprint(first) != fingerprint(second)


def test_bounds_follow_fan_in_and_what_comes_after() -> None:
    arrays = initial_weights(find_workload("mnist-mlp"), seed=3)
    bounds = {
        "fc1.weight": np.sqrt(2) * np.sqrt(3 / 784),
        "fc1.bias": 1 / np.sqrt(784),
        "fc2.weight": np.sqrt(3 / 64),
        "fc2.bias": 1 / np.sqrt(64),
    }
    for name, bound in bounds.items():
        largest = np.abs(arrays[name]).max()
        assert largest <= bound
        assert largest > 0.6 * bound


@pytest.mark.parametrize("change", ["value", "name", "shape", "type"])
def test_the_fingerprint_sees_every_change(change: str) -> None:
    array = np.arange(6, dtype=np.float32)
    changed = {
        "value": {"a": array + 1},
        "name": {"b": array},
        "shape": {"a": array.reshape(2, 3)},
        "type": {"a": array.view(np.int32)},
    }[change]
    assert fingerprint({"a": array}) != fingerprint(changed)


def test_the_fingerprint_does_not_depend_on_order_or_memory_layout() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert fingerprint({"a": array, "b": array}) == fingerprint(
        {"b": np.asfortranarray(array), "a": array}
    )


def test_norm_is_over_all_arrays() -> None:
    assert norm({"a": np.array([3.0]), "b": np.array([[4.0]])}) == pytest.approx(5.0)


def test_saved_weights_come_back(tmp_path: Path) -> None:
    workload = find_workload("cifar10-cnn3")
    arrays = initial_weights(workload, seed=4)
    save(tmp_path / "weights.npz", arrays)
    assert fingerprint(load(tmp_path / "weights.npz", workload)) == fingerprint(arrays)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    workload = find_workload("mnist-mlp")
    arrays = initial_weights(workload, seed=0)
    wrong = {
        "does not hold the parameters": initial_weights(find_workload("cifar10-cnn3"), 0),
        "fc1.weight is float64": {n: a.astype(np.float64)[..., :1] for n, a in arrays.items()},
        r"not float32 \(784, 64\)": arrays | {"fc1.weight": np.zeros((64, 784), np.float32)},
        "fc1.bias is object": arrays | {"fc1.bias": np.array([None])},
        "fc2.bias holds values that are no numbers": arrays
        | {"fc2.bias": np.full(10, np.nan, np.float32)},
    }
    for words, content in wrong.items():
        np.savez(path, **content)  # type: ignore[arg-type]
        with pytest.raises(WorkloadError, match=words):
            load(path, workload)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_one_sentence(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "weights.npz"
    workload = find_workload("mnist-mlp")
    save(path, initial_weights(workload, seed=0))
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(WorkloadError, match="can't be used") as caught:
        load(path, workload)
    assert "\n" not in str(caught.value)


def test_an_array_larger_than_it_should_be_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    workload = find_workload("mnist-mlp")
    arrays = initial_weights(workload, seed=0)
    np.savez_compressed(path, **arrays | {"fc1.bias": np.zeros(10**7, np.float32)})
    with pytest.raises(WorkloadError, match=r"fc1\.bias is larger than 256 bytes"):
        load(path, workload)


def test_an_archive_that_lies_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    workload = find_workload("mnist-mlp")
    arrays = initial_weights(workload, seed=0)

    def refused(change: Callable[[bytes], bytes], compression: int = zipfile.ZIP_STORED) -> str:
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, array in arrays.items():
                file = io.BytesIO()
                np.save(file, array)
                data = file.getvalue()
                archive.writestr(f"{name}.npy", change(data) if name == "fc1.bias" else data)
        with pytest.raises(WorkloadError) as caught:
            load(path, workload)
        assert "\n" not in str(caught.value)
        assert str(caught.value).count(str(path)) == 1
        return str(caught.value)

    assert "packed in a way" in refused(lambda data: data, zipfile.ZIP_LZMA)
    huge = refused(lambda data: data.replace(b"(64,)", b"(9**99,)"[:5] + b""))
    assert "can't be used" in huge
    refused(lambda data: data.replace(b"'shape': (64,)", b"'shape': (((((("))
    refused(lambda data: data.replace(b"(64,)", b"(10000000000000,)"))
    refused(lambda data: data[:-4])
    refused(lambda data: data[:20])
    refused(lambda data: b"")


@given(st.integers(0, 2000), st.integers(0, 255))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_is_never_a_traceback(tmp_path: Path, place: int, value: int) -> None:
    path = tmp_path / "weights.npz"
    workload = find_workload("mnist-mlp")
    save(path, initial_weights(workload, seed=0))
    data = bytearray(path.read_bytes())
    data[-place] = value
    path.write_bytes(data)
    with contextlib.suppress(WorkloadError):
        load(path, workload)
