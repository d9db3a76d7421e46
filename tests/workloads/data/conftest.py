"""Genuine files of each format, small, and a data cache of each test's own."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from workloads.layers import Flatten, Linear
from workloads.spec import Workload

Pixels = npt.NDArray[np.uint8]
WNIDS = ("n02124075", "n01443537", "n04067472")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSPROF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def idx(values: Pixels) -> bytes:
    """An IDX file of unsigned bytes."""
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[Pixels], bytes]:
    return idx


@pytest.fixture(scope="session")
def write_mnist() -> Callable[..., dict[str, Pixels]]:
    """Write MNIST's four files, 12 training and 5 test images, and give their arrays."""

    def write(folder: Path, packed: bool = False, point: bool = False) -> dict[str, Pixels]:
        folder.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(1)
        arrays = {}
        for part, count in (("train", 12), ("t10k", 5)):
            arrays[f"{part}-images-idx3-ubyte"] = generator.integers(
                0, 256, (count, 28, 28), np.uint8
            )
            arrays[f"{part}-labels-idx1-ubyte"] = generator.integers(0, 10, count, np.uint8)
        for stem, array in arrays.items():
            name = stem.replace("-idx", ".idx") if point else stem
            content = idx(array)
            if packed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
            else:
                (folder / name).write_bytes(content)
        return arrays

    return write


def python2_batch(pixels: Pixels, labels: list[int]) -> bytes:
    """A batch as Python 2 and its numpy pickled it, which is how CIFAR-10 is published."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    content = pixels.tobytes()
    kind = b"cnumpy\ndtype\nq\x08" + text(b"u1") + b"K\x00K\x01\x87Rq\x09"
    kind += b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85"
    array += text(b"b") + b"\x87Rq\x07(K\x01M" + struct.pack("<H", len(pixels)) + b"M\x00\x0c\x86"
    array += kind + b"\x89T" + struct.pack("<I", len(content)) + content + b"tb"
    numbers = b"]q\x0b(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    names = b"]q\x0d(" + b"".join(text(b"photo_%d.png" % n) for n in range(len(labels))) + b"e"
    parts = (text(b"batch_label"), text(b"training batch"), text(b"labels"), numbers)
    parts += (text(b"data"), array, text(b"filenames"), names)
    return b"\x80\x02}q\x01(" + b"".join(parts) + b"u."


@pytest.fixture(scope="session")
def write_cifar10() -> Callable[[Path], dict[str, tuple[Pixels, list[int]]]]:
    """Write CIFAR-10's six batches of four images, and give their pixels and labels."""

    def write(folder: Path) -> dict[str, tuple[Pixels, list[int]]]:
        folder.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(2)
        batches = {}
        for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"):
            pixels = generator.integers(0, 256, (4, 3072), np.uint8)
            batches[name] = pixels, generator.integers(0, 10, 4).tolist()
            (folder / name).write_bytes(python2_batch(*batches[name]))
        return batches

    return write


@pytest.fixture(scope="session")
def write_tiny_imagenet() -> Callable[[Path], None]:
    """Write three classes with two training images and one test image each; one is grey."""

    def write(folder: Path) -> None:
        generator = np.random.default_rng(3)
        annotations = []
        (folder / "val" / "images").mkdir(parents=True)
        for number, wnid in enumerate(WNIDS):
            images = folder / "train" / wnid / "images"
            images.mkdir(parents=True)
            (images.parent / f"{wnid}_boxes.txt").write_text("not read\n")
            places = [images / f"{wnid}_{n}.JPEG" for n in range(2)]
            places.append(folder / "val" / "images" / f"val_{number}.JPEG")
            for place in places:
                small = generator.integers(0, 256, (8, 8, 3), np.uint8)
                image = Image.fromarray(small).resize((64, 64))
                image = image.convert("L") if place == places[1] else image
                image.save(place, "JPEG", quality=90)
            annotations.append(f"val_{number}.JPEG\t{wnid}\t0\t0\t62\t62\n")
        (folder / "val" / "val_annotations.txt").write_text("".join(annotations))
        (folder / "wnids.txt").write_text("".join(f"{wnid}\n" for wnid in WNIDS))

    return write


@pytest.fixture(scope="session")
def tiny_workload() -> Workload:
    """A model for three classes of 64x64 colour images."""
    return Workload(
        name="tiny-linear",
        title="one layer",
        source="these tests",
        input_shape=(64, 64, 3),
        classes=3,
        layers=(Flatten("flatten"), Linear("fc", 3)),
        data="tiny-imagenet",
    )
