import numpy as np
import pytest

from workloads.catalogue import find_workload
from workloads.weights import fingerprint, initial_weights, norm


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
