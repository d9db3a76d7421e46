"""The folder in which each data set is made once, as .npy files that children memory-map."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet, Samples, Stream
from workloads.layers import Shape
from workloads.spec import Workload, WorkloadError
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


def find(dataset: DataSet, workload: Workload, origin: str = "") -> CachedData | None:
    """What was made before of this data set for this workload, or None."""
    target = folder() / _key(dataset, workload, origin)
    return _meta(target) if (target / META).exists() else None


def materialise(
    dataset: DataSet, workload: Workload, source: Path | None = None, origin: str = ""
) -> CachedData:
    """Make the arrays unless the cache has them, and say what they are.

    `source` is the folder of the data set's files, if it has any, and `origin` a text that differs
    whenever their content does.
    """
    dataset.check(workload)
    made = find(dataset, workload, origin)
    if made is not None:
        return made
    key = _key(dataset, workload, origin)
    samples = dataset.load(workload, source)
    try:
        _store(dataset, workload, key, samples)
    except OSError as error:
        raise unwritable(error) from None
    return _meta(folder() / key)


def unwritable(error: OSError) -> WorkloadError:
    """The error for a cache into which nothing can be put."""
    return WorkloadError(
        f"the data cache {folder()} can't be written to ({error.strerror}); "
        "name another folder in CROSSPROF_CACHE."
    )


def _key(dataset: DataSet, workload: Workload, origin: str) -> str:
    recipe = f"{dataset.name} {dataset.version} {workload.input_shape} {workload.classes} {origin}"
    recipe += dataset.variant(workload)
    return f"{dataset.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"


def _meta(target: Path) -> CachedData:
    try:
        return msgspec.json.decode((target / META).read_bytes(), type=CachedData)
    except (OSError, msgspec.DecodeError) as error:
        raise WorkloadError(
            f"the cached data in {target} are damaged ({error}); remove that folder."
        ) from None


def _store(dataset: DataSet, workload: Workload, key: str, samples: Samples) -> None:
    target = folder() / key
    folder().mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=folder()))
    try:
        for name, values in samples.arrays().items():
            _save(building / f"{name}.npy", values)
        meta = CachedData(
            key=key,
            name=dataset.name,
            description=dataset.description,
            sha256=fingerprint(_arrays(building)),
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


def _save(path: Path, values: npt.NDArray[np.generic] | Stream) -> None:
    """Write a .npy file; a stream goes into it image by image, so that memory stays as it is."""
    if not isinstance(values, Stream):
        np.save(path, values, allow_pickle=False)
        return
    header = {"descr": "|u1", "fortran_order": False, "shape": values.shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for image in values.images:
            file.write(image.tobytes())


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
    return _arrays(folder() / key)


def _arrays(place: Path) -> dict[str, npt.NDArray[np.generic]]:
    arrays = {}
    for name in ARRAYS:
        path = place / f"{name}.npy"
        try:
            arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise WorkloadError(
                f"{path} can't be read ({error}); remove its folder to have it made again."
            ) from None
    return arrays
