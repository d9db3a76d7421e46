"""The folder in which each data set is made once, as .npy files that children memory-map."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet
from workloads.spec import Shape, Workload, WorkloadError
from workloads.weights import fingerprint

ARRAYS = ("train_inputs", "train_labels", "test_inputs", "test_labels")
META = "meta.json"


class CachedData(msgspec.Struct, frozen=True, kw_only=True):
    """meta.json, written last: its presence means that the arrays beside it are whole."""

    key: str
    name: str
    description: str
    sha256: str
    train_count: int
    test_count: int
    input_shape: Shape
    classes: int


def folder() -> Path:
    """$CROSSPROF_CACHE, else crossprof in the user's cache folder."""
    chosen = os.environ.get("CROSSPROF_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "crossprof"


def materialise(dataset: DataSet, workload: Workload) -> CachedData:
    """Make the arrays unless the cache has them, and say what they are."""
    dataset.check(workload)
    recipe = f"{dataset.name} {dataset.version} {workload.input_shape} {workload.classes}"
    key = f"{dataset.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    target = folder() / key
    if not (target / META).exists():
        try:
            _store(dataset, workload, key, target)
        except OSError as error:
            raise WorkloadError(
                f"the data cache {folder()} can't be written to ({error.strerror}); "
                "name another folder in CROSSPROF_CACHE."
            ) from None
    return _meta(target)


def _meta(target: Path) -> CachedData:
    try:
        return msgspec.json.decode((target / META).read_bytes(), type=CachedData)
    except (OSError, msgspec.DecodeError) as error:
        raise WorkloadError(
            f"the cached data in {target} are damaged ({error}); remove that folder."
        ) from None


def _store(dataset: DataSet, workload: Workload, key: str, target: Path) -> None:
    samples = dataset.load(workload)
    folder().mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=folder()))
    try:
        arrays = samples.arrays()
        for name in ARRAYS:
            np.save(building / f"{name}.npy", arrays[name], allow_pickle=False)
        meta = CachedData(
            key=key,
            name=dataset.name,
            description=dataset.description,
            sha256=fingerprint(arrays),
            train_count=len(samples.train_labels),
            test_count=len(samples.test_labels),
            input_shape=workload.input_shape,
            classes=workload.classes,
        )
        (building / META).write_bytes(msgspec.json.encode(meta))
        building.chmod(0o755)
        _move(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _move(building: Path, target: Path) -> None:
    """Rename into place; another process that was quicker has made the same arrays."""
    try:
        building.rename(target)
    except OSError:
        if not (target / META).exists():
            shutil.rmtree(target, ignore_errors=True)
            building.rename(target)


def load(key: str) -> dict[str, npt.NDArray[np.generic]]:
    """The four arrays of a cached data set, memory-mapped and read-only."""
    arrays = {}
    for name in ARRAYS:
        path = folder() / key / f"{name}.npy"
        try:
            arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise WorkloadError(
                f"{path} can't be read ({error}); remove its folder to have it made again."
            ) from None
    return arrays
