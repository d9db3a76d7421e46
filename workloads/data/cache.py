"""The folder in which each data set is made once, as .npy files that children memory-map."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet, Samples, Stream
from workloads.layers import Shape
from workloads.spec import Workload, WorkloadError
from workloads.weights import fingerprint

META = "meta.json"
Array = npt.NDArray[np.generic]


class CachedData(msgspec.Struct, frozen=True, kw_only=True):
    """meta.json, written last: its presence means that the arrays beside it are whole.

    `input_shape` is that of the first of so many `inputs`.
    """

    key: str
    name: str
    description: str
    sha256: str
    train_count: int
    test_count: int
    input_shape: Shape
    classes: int | None
    inputs: int = 1


def input_names(part: str, count: int) -> tuple[str, ...]:
    """The names of the arrays of a part ("train" or "test"), one for each input of a model."""
    first = f"{part}_inputs"
    return (first, *(f"{first}_{number}" for number in range(2, count + 1)))


def inputs(samples: Mapping[str, Array], part: str) -> tuple[Array, ...]:
    """The arrays of a part, one for each input of a model."""
    count = sum(name.startswith(f"{part}_inputs") for name in samples)
    return tuple(samples[name] for name in input_names(part, count))


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
    def meta(sha256: str) -> CachedData:
        return CachedData(
            key=key,
            name=dataset.name,
            description=dataset.description,
            sha256=sha256,
            train_count=len(samples.train_labels),
            test_count=len(samples.test_labels),
            input_shape=workload.input_shape,
            classes=workload.classes,
        )

    _write(key, samples.arrays(), meta)


def keep(
    name: str, description: str, arrays: Mapping[str, Array], classes: int | None
) -> CachedData:
    """Put arrays that no data set made into the cache, under a key made of their content.

    Args:
        name: what the data are called.
        description: where they come from.
        arrays: inputs (see `input_names`) and labels of "train" and "test".
        classes: how many there are, None where labels are no classes or that is not known.
    """
    sha256 = fingerprint(arrays)
    key = f"{name}-{sha256[:16]}"
    if not (folder() / key / META).exists():
        meta = CachedData(
            key=key,
            name=name,
            description=description,
            sha256=sha256,
            train_count=len(arrays["train_labels"]),
            test_count=len(arrays["test_labels"]),
            input_shape=arrays["train_inputs"].shape[1:],
            classes=classes,
            inputs=len(inputs(arrays, "train")),
        )
        try:
            _write(key, arrays, lambda _: meta)
        except OSError as error:
            raise unwritable(error) from None
    return _meta(folder() / key)


def _write(
    key: str, arrays: Mapping[str, Array | Stream], meta: Callable[[str], CachedData]
) -> None:
    """Write the arrays and, last, what `meta` says of them by their SHA-256; then move them."""
    target = folder() / key
    folder().mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=folder()))
    try:
        for name, values in arrays.items():
            _save(building / f"{name}.npy", values)
        made = meta(fingerprint(_arrays(building, tuple(arrays))))
        (building / META).write_bytes(msgspec.json.encode(made))
        building.chmod(0o755)
        _move(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _save(path: Path, values: Array | Stream) -> None:
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


def load(key: str) -> dict[str, Array]:
    """The arrays of a cached data set, memory-mapped and read-only: inputs and labels."""
    place = folder() / key
    count = _meta(place).inputs
    names = [*input_names("train", count), "train_labels", *input_names("test", count)]
    return _arrays(place, (*names, "test_labels"))


def _arrays(place: Path, names: tuple[str, ...]) -> dict[str, Array]:
    arrays = {}
    for name in names:
        path = place / f"{name}.npy"
        try:
            arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise WorkloadError(
                f"{path} can't be read ({error}); remove its folder to have it made again."
            ) from None
    return arrays
