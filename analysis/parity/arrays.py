"""Reads parity.npz: arrays of float32 or float64 whose sizes parity.json has told beforehand."""

import math
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from tokenize import TokenError

import numpy as np
import numpy.typing as npt

from profilers.parity_record import SAMPLED_ELEMENTS, WHOLE_ELEMENTS, ArrayRecord
from profilers.rundir import ProfileError

Float64 = npt.NDArray[np.float64]

MOST_FILE_BYTES = 20 * 2**20
MOST_UNPACKED_BYTES = 64 * 2**20
HEADER_BYTES = 1024
PLAIN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
TYPES = (np.dtype("<f4"), np.dtype("<f8"))
MOST_DIMENSIONS = 8
DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    SyntaxError,
    TypeError,
    KeyError,
    OverflowError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    TokenError,
)


def read(path: Path, records: Iterable[ArrayRecord]) -> dict[str, Float64]:
    """The arrays that records name, in float64 and flat, in the order of their canonical layout.

    Sizes and headers are checked before any values are read; what else the file holds is not.

    Raises:
        ProfileError: the file is missing, damaged, too large, or holds other arrays.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MOST_FILE_BYTES:
            raise _UnfitError(f"it has {size_bytes:,} bytes, and {MOST_FILE_BYTES:,} are allowed")
        wanted = _by_name(records)
        _check_sizes(wanted.values())
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            arrays = {}
            for name, record in wanted.items():
                entry = entries.get(f"{name}.npy")
                if entry is None:
                    raise _UnfitError(f"{name} is missing")
                arrays[name] = _array(archive, entry, record)
    except (_UnfitError, *DAMAGE) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ProfileError(
            f"{path} can't be used ({said}); make it again: run this one with --parity."
        ) from None
    return arrays


class _UnfitError(Exception):
    """The file does not hold what the record says."""


def elements(record: ArrayRecord) -> int:
    """How many values are kept of an array: all, or those at the seeded positions."""
    count = math.prod(record.shape)
    most = count if count <= WHOLE_ELEMENTS else SAMPLED_ELEMENTS
    return most if record.kept is None else max(0, min(record.kept, most))


def is_sampled(record: ArrayRecord) -> bool:
    """Whether only a part of the array was kept."""
    return elements(record) < math.prod(record.shape)


def _by_name(records: Iterable[ArrayRecord]) -> dict[str, ArrayRecord]:
    wanted: dict[str, ArrayRecord] = {}
    for record in records:
        if wanted.setdefault(record.name, record).shape != record.shape:
            raise _UnfitError(f"{record.name} has two shapes")
    return wanted


def _check_sizes(records: Iterable[ArrayRecord]) -> None:
    total_bytes = 0
    for record in records:
        if len(record.shape) > MOST_DIMENSIONS or any(side < 0 for side in record.shape):
            raise _UnfitError(f"{record.name} has the shape {record.shape}")
        total_bytes += 8 * elements(record)
    if total_bytes > MOST_UNPACKED_BYTES:
        raise _UnfitError(
            f"its arrays have up to {total_bytes:,} bytes, and {MOST_UNPACKED_BYTES:,} are allowed"
        )


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, record: ArrayRecord) -> Float64:
    """One member, whose header must be that of an array of float32 or float64 of this size."""
    name, count = record.name, elements(record)
    if entry.flag_bits & 1 or entry.compress_type not in PLAIN_COMPRESSION:
        raise _UnfitError(f"{name} is encrypted or packed in a way that is not read here")
    if entry.file_size > 8 * count + HEADER_BYTES:
        raise _UnfitError(f"{name} is larger than {count:,} values")
    with archive.open(entry) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise _UnfitError(f"{name} has a header of another version")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file, HEADER_BYTES)
        if dtype not in TYPES:
            raise _UnfitError(f"{name} is {dtype}, not float32 or float64")
        if shape != (record.shape if not is_sampled(record) else (count,)) and shape != (count,):
            raise _UnfitError(f"{name} is {shape}, not {record.shape}")
        size_bytes = dtype.itemsize * count
        data = file.read(size_bytes + 1)
    if len(data) != size_bytes:
        raise _UnfitError(f"{name} has {len(data):,} of {size_bytes:,} bytes")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    return array.astype(np.float64).reshape(-1)
