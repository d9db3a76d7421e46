"""Tiny-ImageNet: 64x64 colour images in a folder for each class, decoded one by one."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet, Download, Samples, Stream, given
from workloads.data.layout import (
    REMEDY,
    Layout,
    checked_size,
    incomplete,
    name_some,
    read_bytes,
    shown,
    unreadable,
)
from workloads.spec import Workload, WorkloadError

NAME = "tiny-imagenet"
SIDE, CHANNELS = 64, 3
MAX_IMAGE_BYTES, MAX_TEXT_BYTES = 1 << 20, 16 << 20
WNID = re.compile(r"n\d{8}")
WNIDS, ANNOTATIONS, IMAGES, SUFFIX = "wnids.txt", "val_annotations.txt", "images", ".JPEG"
EXPECTED = f"{WNIDS}, train/<wnid>/{IMAGES}/*{SUFFIX}, val/{IMAGES}/*{SUFFIX} and val/{ANNOTATIONS}"

Labelled = list[tuple[Path, int]]


def files(folder: Path) -> list[Path]:
    """The two lists, then all images in the order of the samples, or WorkloadError."""
    train, test = _samples(folder, _wnids(folder))
    images = [path for path, _ in (*train, *test)]
    return [folder / WNIDS, folder / "val" / ANNOTATIONS, *images]


def load(workload: Workload, source: Path | None) -> Samples:
    """train/ for training, val/ for the test; classes are numbered in the order of their wnids."""
    folder = given(source, NAME)
    wnids = _wnids(folder)
    if len(wnids) != workload.classes:
        remedy = replace(DATASET, classes=len(wnids)).remedy(workload)
        raise WorkloadError(
            f"{workload.name} tells {workload.classes} classes apart, {shown(folder / WNIDS)} "
            f"names {len(wnids)}{remedy}"
        )
    train, test = _samples(folder, wnids)
    return Samples(_stream(train), _labels(train), _stream(test), _labels(test))


def _samples(folder: Path, wnids: list[str]) -> tuple[Labelled, Labelled]:
    numbers = {wnid: number for number, wnid in enumerate(wnids)}
    return _train(folder / "train", numbers), _val(folder / "val", numbers)


def _wnids(folder: Path) -> list[str]:
    if not (folder / WNIDS).is_file():
        raise incomplete(folder, WNIDS, EXPECTED)
    wnids = _lines(folder / WNIDS)
    wrong = [wnid for wnid in wnids if not WNID.fullmatch(wnid)]
    if wrong or not wnids or len(set(wnids)) < len(wnids):
        reason = f"it has {shown(wrong[0][:40])}" if wrong else "it names none or one twice"
        raise WorkloadError(
            f"{shown(folder / WNIDS)} must name each class once, like n01443537, and {reason}; "
            f"{REMEDY}."
        )
    return sorted(wnids)


def _train(train: Path, numbers: dict[str, int]) -> Labelled:
    folders = [entry.name for entry in _entries(train) if entry.is_dir()]
    _same(train, set(numbers), set(folders), f"folders that {WNIDS} names")
    samples = []
    for wnid in sorted(folders):
        images = _images(train / wnid / IMAGES)
        if not images:
            raise incomplete(train / wnid / IMAGES, "images", f"*{SUFFIX} files")
        samples += [(train / wnid / IMAGES / image, numbers[wnid]) for image in images]
    return samples


def _val(val: Path, numbers: dict[str, int]) -> Labelled:
    if not (val / ANNOTATIONS).is_file():
        raise incomplete(val, ANNOTATIONS, EXPECTED)
    classes: dict[str, int] = {}
    for number, line in enumerate(_lines(val / ANNOTATIONS), 1):
        image, wnid, *_ = [*line.split("\t"), ""]
        if wnid not in numbers or image in classes:
            reason = "names an image twice" if image in classes else f"has no class of {WNIDS}"
            raise WorkloadError(
                f"line {number:,} of {shown(val / ANNOTATIONS)} {reason}; {REMEDY}."
            )
        classes[image] = numbers[wnid]
    images = _images(val / IMAGES)
    _same(val / IMAGES, set(classes), set(images), f"images that {ANNOTATIONS} names")
    if not images:
        raise incomplete(val / IMAGES, "images", f"*{SUFFIX} files")
    return [(val / IMAGES / image, classes[image]) for image in images]


def _same(folder: Path, expected: set[str], present: set[str], what: str) -> None:
    """Raise WorkloadError unless the folder has what is expected and nothing more."""
    missing, extra = sorted(expected - present), sorted(present - expected)
    if missing or extra:
        differences = [f"lacks {name_some(missing)}"] * bool(missing)
        differences += [f"has {name_some(extra)} beyond them"] * bool(extra)
        raise WorkloadError(
            f"{shown(folder)} should hold just the {len(expected):,} {what}, but "
            f"{' and '.join(differences)}; {REMEDY}."
        )


def _lines(path: Path) -> list[str]:
    try:
        return read_bytes(path, MAX_TEXT_BYTES).decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise WorkloadError(
            f"{shown(path)} is not text at byte {error.start:,}; {REMEDY}."
        ) from None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise unreadable(folder, error) from None


def _images(folder: Path) -> list[str]:
    return sorted(
        entry.name for entry in _entries(folder) if entry.name.endswith(SUFFIX) and entry.is_file()
    )


def _labels(samples: Labelled) -> npt.NDArray[np.int64]:
    return np.array([label for _, label in samples], np.int64)


def _stream(samples: Labelled) -> Stream:
    return Stream((len(samples), SIDE, SIDE, CHANNELS), _decoded(samples))


def _decoded(samples: Labelled) -> Iterator[npt.NDArray[np.uint8]]:
    for path, _ in samples:
        yield decode(path)


def decode(path: Path) -> npt.NDArray[np.uint8]:
    """One JPEG file as RGB (64, 64, 3), a grey one too, or WorkloadError."""
    from PIL.JpegImagePlugin import JpegImageFile

    size = checked_size(path, MAX_IMAGE_BYTES)
    try:
        with JpegImageFile(path) as image:
            sides = image.size
            pixels = np.asarray(image.convert("RGB")) if sides == (SIDE, SIDE) else None
    except Exception as error:  # a damaged image can fail anywhere in the decoder
        reason = shown(str(error) or type(error).__name__)
        raise WorkloadError(
            f"{shown(path)} ({size:,} bytes) is no whole JPEG image ({reason}); {REMEDY}."
        ) from None
    if pixels is None:
        raise WorkloadError(
            f"{shown(path)} is an image of {sides[0]}×{sides[1]}, not {SIDE}×{SIDE}; {REMEDY}."
        )
    return pixels


DATASET = DataSet(
    name=NAME,
    description="photographs of 200 kinds, 64×64 colour, as JPEG files",
    version=1,
    shapes=((SIDE, SIDE, CHANNELS),),
    classes=None,
    load=load,
    layout=Layout(
        EXPECTED,
        (WNIDS, f"val/{ANNOTATIONS}", f"train/n[0-9]*/{IMAGES}"),
        "tiny-imagenet-200",
        files,
    ),
    downloads=(
        Download(
            "https://cs231n.stanford.edu/tiny-imagenet-200.zip",
            "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
            248_100_043,
        ),
    ),
)
