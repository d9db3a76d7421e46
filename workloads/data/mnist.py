"""MNIST and whatever has its form: 28x28 grey images in IDX files, packed or not."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet, Download, Samples, given
from workloads.data.layout import (
    MAX_FILE_BYTES,
    REMEDY,
    Layout,
    checked_size,
    incomplete,
    shown,
    unreadable,
)
from workloads.layers import Shape
from workloads.spec import Workload, WorkloadError

NAME = "mnist"
SIDE, CLASSES = 28, 10
STEMS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
EXPECTED = f"{', '.join(STEMS[:-1])} and {STEMS[-1]}, each with or without .gz"
UNSIGNED_BYTE = 8
HOME = "https://storage.googleapis.com/cvdf-datasets/mnist"


def files(folder: Path) -> list[Path]:
    """The four files, in the order of STEMS, or WorkloadError."""
    paths = {stem: _variant(folder, stem) for stem in STEMS}
    missing = [stem for stem, path in paths.items() if path is None]
    if missing:
        raise incomplete(folder, " and ".join(missing), EXPECTED)
    return [path for path in paths.values() if path is not None]


def _variant(folder: Path, stem: str) -> Path | None:
    """The file of that name: packed or not, with the point that some copies have in its name."""
    for name in (stem, stem.replace("-idx", ".idx")):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def load(workload: Workload, source: Path | None) -> Samples:
    """The images and labels of the four files."""
    paths = files(given(source, NAME))
    return Samples(*_pair(paths[0], paths[1]), *_pair(paths[2], paths[3]))


def _pair(images: Path, labels: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    inputs, classes = read_idx(images, (SIDE, SIDE)), read_idx(labels, ())
    if len(inputs) != len(classes):
        raise WorkloadError(
            f"{shown(images)} has {len(inputs):,} images, but {labels.name} {len(classes):,} "
            f"labels; {REMEDY}."
        )
    wrong = np.flatnonzero(classes >= CLASSES)
    if wrong.size:
        raise WorkloadError(
            f"{shown(labels)} says {classes[wrong[0]]} for image {wrong[0] + 1:,}, and the classes "
            f"are 0 to {CLASSES - 1}; {REMEDY}."
        )
    return inputs[..., None], classes.astype(np.int64)


def read_idx(path: Path, item: Shape) -> npt.NDArray[np.uint8]:
    """An IDX file of unsigned bytes whose items have the shape `item`: (count, *item).

    Raises:
        WorkloadError: the header says something else, or the length does not fit the header.
    """
    stored = checked_size(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _read(path, file, item)  # type: ignore[arg-type]
    except EOFError:
        raise WorkloadError(
            f"{shown(path)} ends after {stored:,} bytes, inside its packed data; {REMEDY}."
        ) from None
    except (OSError, zlib.error) as error:
        raise unreadable(path, error) from None


def _read(path: Path, file: BinaryIO, item: Shape) -> npt.NDArray[np.uint8]:
    length = 4 + 4 * (1 + len(item))
    header = file.read(length)
    count = _count(path, header, item)
    size = math.prod(item)
    content = file.read(count * size + 1)
    what = "image" if item else "label"
    if len(content) < count * size:
        raise WorkloadError(
            f"{shown(path)} ends after {length + len(content):,} bytes, inside {what} "
            f"{len(content) // size + 1:,} of {count:,}; {REMEDY}."
        )
    if len(content) > count * size:
        raise WorkloadError(
            f"{shown(path)} goes on after byte {length + count * size:,}, where the last of its "
            f"{count:,} {what}s ends; {REMEDY}."
        )
    return np.frombuffer(content, np.uint8).reshape(count, *item)


def _count(path: Path, header: bytes, item: Shape) -> int:
    """The number of items that an IDX header announces: magic, type, dimensions, their sizes."""
    dimensions = 1 + len(item)
    if len(header) < 4 + 4 * dimensions:
        raise WorkloadError(
            f"{shown(path)} ends after {len(header)} bytes, inside its header; {REMEDY}."
        )
    magic = struct.pack(">HBB", 0, UNSIGNED_BYTE, dimensions)
    if header[:4] != magic:
        raise WorkloadError(
            f"{shown(path)} begins with {header[:4].hex(' ')}, an IDX file of this kind with "
            f"{magic.hex(' ')}; {REMEDY}."
        )
    count, *shape = struct.unpack_from(f">{dimensions}I", header, 4)
    if tuple(shape) != item:
        has, wants = ("×".join(map(str, sides)) for sides in (shape, item))
        raise WorkloadError(f"{shown(path)} announces {has} images, not {wants}; {REMEDY}.")
    if not 0 < count * math.prod(item) <= MAX_FILE_BYTES:
        raise WorkloadError(
            f"{shown(path)} announces {count:,} items, which is none or more than 1 GiB; {REMEDY}."
        )
    return int(count)


DATASET = DataSet(
    name=NAME,
    description="handwritten digits, 28×28 grey, in IDX files",
    version=1,
    shapes=((SIDE, SIDE, 1),),
    classes=CLASSES,
    load=load,
    layout=Layout(EXPECTED, ("*-idx[13]-ubyte*", "*.idx[13]-ubyte*"), "MNIST/raw", files),
    downloads=(
        Download(
            f"{HOME}/{STEMS[0]}.gz",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            9_912_422,
        ),
        Download(
            f"{HOME}/{STEMS[1]}.gz",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            28_881,
        ),
        Download(
            f"{HOME}/{STEMS[2]}.gz",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            1_648_877,
        ),
        Download(
            f"{HOME}/{STEMS[3]}.gz",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            4_542,
        ),
    ),
)
