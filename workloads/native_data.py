"""The arrays that data() of a user's file returns: checked, and of types that both sides take."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workloads import native
from workloads.data import cache
from workloads.data.cache import CachedData
from workloads.native import NativeWorkload
from workloads.spec import WorkloadError

Array = npt.NDArray[Any]
KEYS = ("train_inputs", "train_labels", "test_inputs", "test_labels")


def prepare(workload: NativeWorkload) -> CachedData:
    """Call data() and keep its arrays in the cache, under a key made of their content.

    Raises:
        WorkloadError: data() fails or returns something else.
    """
    path = Path(workload.path)
    make = native.function(workload, "data")
    assert make is not None
    given = make()
    if not isinstance(given, Mapping) or set(given) != set(KEYS):
        found = f"keys {', '.join(map(str, given))}" if isinstance(given, Mapping) else f"{given!r}"
        raise WorkloadError(
            f"{path.name}: data() must return a dict with {', '.join(KEYS)}; it has {found[:200]}."
        )
    arrays: dict[str, Array] = {}
    for part in ("train", "test"):
        inputs, labels = given[f"{part}_inputs"], given[f"{part}_labels"]
        several = inputs if isinstance(inputs, tuple) else (inputs,)
        if not several:
            raise WorkloadError(f"{path.name}: {part}_inputs of data() is empty; give an array.")
        for name, values in zip(cache.input_names(part, len(several)), several, strict=True):
            arrays[name] = _plain(path, name, values, pixels=True)
        arrays[f"{part}_labels"] = _plain(path, f"{part}_labels", labels, pixels=False)
    _check(path, arrays)
    _check_classes(path, arrays, workload.classes)
    return cache.keep(workload.name, f"data() of {path.name}", arrays, workload.classes)


def _plain(path: Path, name: str, values: Any, pixels: bool) -> Array:
    """uint8 stays where it is an input; other integers become int64, and floats float32."""
    try:
        array = np.asarray(values)
    except Exception as error:  # of whatever kind a value's own __array__ raises
        told = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise WorkloadError(
            f"{path.name}: {name} of data() is no array ({told}); give NumPy arrays."
        ) from None
    if pixels and array.dtype == np.uint8:
        return array
    if np.issubdtype(array.dtype, np.integer):
        return array.astype(np.int64)
    if np.issubdtype(array.dtype, np.floating):
        return array.astype(np.float32)
    raise WorkloadError(
        f"{path.name}: {name} of data() is an array of {array.dtype}; give numbers: uint8 or "
        "float32 for images, int64 for tokens and classes, float32 for other values."
    )


def _check(path: Path, arrays: dict[str, Array]) -> None:
    """Samples and labels are as many; training and test are alike."""
    for name, array in arrays.items():
        part, _, _ = name.partition("_")
        count = len(arrays[f"{part}_labels"]) if arrays[f"{part}_labels"].ndim else -1
        if array.ndim == 0 or len(array) != count or not count:
            raise WorkloadError(
                f"{path.name}: {name} of data() has the shape {array.shape}, and {part}_labels "
                f"{arrays[f'{part}_labels'].shape}; both begin with the number of samples."
            )
        other_part = "test" if part == "train" else "train"
        twin = arrays.get(name.replace(part, other_part, 1))
        if twin is None or twin.shape[1:] != array.shape[1:] or twin.dtype != array.dtype:
            other = "missing" if twin is None else f"{twin.dtype} {twin.shape[1:]}"
            raise WorkloadError(
                f"{path.name}: a sample of {name} of data() is {array.dtype} {array.shape[1:]}, "
                f"and one of the {other_part} data {other}; both must be alike."
            )


def _check_classes(path: Path, arrays: Mapping[str, Array], classes: int | None) -> None:
    """Labels that are integers count CLASSES, where the file says how many there are."""
    for part in ("train", "test"):
        labels = arrays[f"{part}_labels"]
        if classes is None or not np.issubdtype(labels.dtype, np.integer) or not labels.size:
            continue
        if labels.min() < 0 or labels.max() >= classes:
            raise WorkloadError(
                f"{path.name}: {part}_labels of data() go from {labels.min()} to {labels.max()}, "
                f"and CLASSES = {classes} allows 0 to {classes - 1}; make them agree."
            )
