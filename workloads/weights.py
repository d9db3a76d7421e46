"""Seeded initial weights in one canonical layout, and the fingerprint of a set of arrays."""

import hashlib
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError

import numpy as np
import numpy.typing as npt

from workloads.layers import Conv2d, Linear
from workloads.native import AnyWorkload
from workloads.spec import Workload, WorkloadError

HEADER_BYTES = 1024
Arrays = Mapping[str, npt.NDArray[np.generic]]


def initial_weights(workload: Workload, seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """float32 arrays by parameter name: kernels HWIO, linear weights (in, out).

    Weights are uniform around 0 with a variance of gain² / fan_in, the gain sqrt(2) where a ReLU
    follows and 1 elsewhere (He et al. 2015, arXiv 1502.01852); biases are uniform within
    1 / sqrt(fan_in); layers of other kinds say for themselves how they begin. Each array has a
    random stream of its own, so adding a layer leaves the others as they are.
    """
    rectified = workload.rectified()
    arrays = {}
    for placed in workload.placed():
        layer = placed.layer
        gained = isinstance(layer, Conv2d | Linear) and layer.name in rectified
        for part, parameter in layer.parameters(placed.shape).items():
            name = f"{layer.name}.{part}"
            limit = parameter.limit * (math.sqrt(2.0) if gained and part == "weight" else 1.0)
            generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
            unit = generator.uniform(-1.0, 1.0, parameter.shape)
            arrays[name] = (parameter.centre + unit * limit).astype(np.float32)
    return arrays


def save(path: Path, arrays: Arrays) -> None:
    """Replace an .npz file by one of these arrays, in one step; no pickle is needed to read it."""
    temporary = path.with_name(f".{path.name}")
    with open(temporary, "wb") as file:
        np.savez(file, allow_pickle=False, **{name: np.asarray(a) for name, a in arrays.items()})
    os.replace(temporary, path)


def load(path: Path, workload: AnyWorkload) -> dict[str, npt.NDArray[np.float32]]:
    """The weights of a workload from an .npz file of any origin.

    Names, sizes and headers are checked before any values are read.

    Raises:
        WorkloadError: the file is missing or damaged, or holds other parameters.
    """
    wanted = workload.parameter_shapes()
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if entries.keys() != {f"{name}.npy" for name in wanted}:
                raise _UnfitError(f"it does not hold the parameters of {workload.name}")
            arrays = {
                name: _array(archive, entries[f"{name}.npy"], name, shape)
                for name, shape in wanted.items()
            }
    except (_UnfitError, *DAMAGE) as error:
        raise WorkloadError(
            f"{path} can't be used ({error}); take the weights of another run of {workload.name}."
        ) from None
    return arrays


class _UnfitError(Exception):
    """The file is no set of weights for the workload."""


DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
    TokenError,
)
PLAIN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _array(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """One member, whose header must be that of a float32 array of this shape."""
    size_bytes = 4 * math.prod(shape)
    if entry.flag_bits & 1 or entry.compress_type not in PLAIN_COMPRESSION:
        raise _UnfitError(f"{name} is encrypted or packed in a way that is not read here")
    if entry.file_size > size_bytes + HEADER_BYTES:
        raise _UnfitError(f"{name} is larger than {size_bytes:,} bytes")
    with archive.open(entry) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise _UnfitError(f"{name} has a header of another version")
        found, fortran, dtype = np.lib.format.read_array_header_1_0(file, HEADER_BYTES)
        if found != shape or dtype != np.float32 or fortran:
            raise _UnfitError(f"{name} is {dtype} {found}, not float32 {shape}")
        data = file.read(size_bytes + 1)
    if len(data) != size_bytes:
        raise _UnfitError(f"{name} has {len(data):,} of {size_bytes:,} bytes")
    array = np.frombuffer(data, np.float32).reshape(shape)
    if not np.isfinite(array).all():
        raise _UnfitError(f"{name} holds values that are no numbers")
    return array


def fingerprint(arrays: Arrays) -> str:
    """SHA-256 over names, shapes, types and values, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.shape} {array.dtype.str}\n".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def norm(arrays: Arrays) -> float:
    """The Euclidean norm of all values together, in float64."""
    squares = (float(np.sum(np.square(a, dtype=np.float64))) for a in arrays.values())
    return math.sqrt(math.fsum(squares))
