"""Seeded initial weights in one canonical layout, and the fingerprint of a set of arrays."""

import hashlib
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workloads.spec import Relu, Workload, WorkloadError

HEADER_BYTES = 1024
Arrays = Mapping[str, npt.NDArray[np.generic]]


def initial_weights(workload: Workload, seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """float32 arrays by parameter name: kernels HWIO, linear weights (in, out).

    Weights are uniform within gain * sqrt(3 / fan_in), the gain sqrt(2) where a ReLU follows and 1
    elsewhere (He et al. 2015, arXiv 1502.01852); biases are uniform within 1 / sqrt(fan_in). Each
    array has a random stream of its own, so adding a layer leaves the others as they are.
    """
    followers = dict(zip(workload.layers, workload.layers[1:], strict=False))
    arrays = {}
    for layer, shape, _ in workload.shapes():
        sizes = layer.parameter_shapes(shape)
        if not sizes:
            continue
        fan_in = math.prod(sizes["weight"][:-1])
        gain = math.sqrt(2.0) if isinstance(followers.get(layer), Relu) else 1.0
        limits = {"weight": gain * math.sqrt(3.0 / fan_in), "bias": 1.0 / math.sqrt(fan_in)}
        for part, size in sizes.items():
            name = f"{layer.name}.{part}"
            generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
            unit = generator.uniform(-1.0, 1.0, size)
            arrays[name] = (unit * limits[part]).astype(np.float32)
    return arrays


def save(path: Path, arrays: Arrays) -> None:
    """Write arrays by name to an .npz file that needs no pickle to be read."""
    np.savez(path, allow_pickle=False, **{name: np.asarray(a) for name, a in arrays.items()})


def load(path: Path, workload: Workload) -> dict[str, npt.NDArray[np.float32]]:
    """The weights of a workload from an .npz file; sizes are checked before anything is read.

    Raises:
        WorkloadError: the file is missing or damaged, or holds other parameters.
    """
    wanted = workload.parameter_shapes()
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            limits = {f"{n}.npy": 4 * math.prod(s) + HEADER_BYTES for n, s in wanted.items()}
            if sizes.keys() != limits.keys() or any(sizes[n] > limits[n] for n in sizes):
                raise WorkloadError(
                    f"{path} does not hold the parameters of {workload.name}; "
                    "take the weights of a run of this workload."
                )
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in wanted}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise WorkloadError(
            f"{path} can't be read ({error}); take the weights of another run."
        ) from None
    for name, array in arrays.items():
        if array.shape != wanted[name] or array.dtype != np.float32:
            raise WorkloadError(
                f"{path} holds {name} as {array.dtype} {array.shape}, but {workload.name} needs "
                f"float32 {wanted[name]}; take the weights of another run."
            )
    return arrays


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
