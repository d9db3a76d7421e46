import gzip
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workloads.catalogue import find_workload
from workloads.data import mnist
from workloads.spec import WorkloadError

TRAIN, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
MLP = find_workload("mnist-mlp")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("point", [False, True])
def test_all_names_of_the_files_are_read_alike(
    packed: bool, point: bool, tmp_path: Path, write_mnist: Callable[..., dict[str, np.ndarray]]
) -> None:
    written = write_mnist(tmp_path, packed, point)
    samples = mnist.load(MLP, tmp_path)
    assert samples.train_inputs.shape == (12, 28, 28, 1)
    assert (samples.train_inputs[..., 0] == written[TRAIN]).all()
    assert (samples.train_labels == written[LABELS]).all()
    assert (samples.test_inputs[..., 0] == written["t10k-images-idx3-ubyte"]).all()
    assert samples.test_labels.dtype == np.int64


def test_the_files_missing_are_named_with_those_there(
    tmp_path: Path, write_mnist: Callable[..., object]
) -> None:
    write_mnist(tmp_path)
    (tmp_path / LABELS).rename(tmp_path / "labels")
    with pytest.raises(WorkloadError, match=rf"lacks {LABELS}; expected .* found labels, t10k-im"):
        mnist.load(MLP, tmp_path)


def test_without_files_the_remedies_are_said() -> None:
    with pytest.raises(WorkloadError, match=r"fetch them with --download, or .* --data DIR"):
        mnist.load(MLP, None)


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        (TRAIN, lambda c: c[:-1], r"ends after 9,423 bytes, inside image 12 of 12"),
        (TRAIN, lambda c: c[: 16 + 784 * 3], r"ends after 2,368 bytes, inside image 4 of 12"),
        (TRAIN, lambda c: c[:10], r"ends after 10 bytes, inside its header"),
        (TRAIN, lambda c: b"", r"ends after 0 bytes, inside its header"),
        (TRAIN, lambda c: c + b"x", r"goes on after byte 9,424, where the last of its 12 images"),
        (TRAIN, lambda c: c[:3] + b"\x01" + c[4:], r"begins with 00 00 08 01, .* 00 00 08 03"),
        (TRAIN, lambda c: c[:2] + b"\x0d" + c[3:], r"begins with 00 00 0d 03"),
        (TRAIN, lambda c: c[:8] + struct.pack(">II", 32, 32) + c[16:], r"32×32 images, not 28×28"),
        (TRAIN, lambda c: c[:4] + b"\xff" * 4 + c[8:], r"announces 4,294,967,295 items"),
        (TRAIN, lambda c: c[:4] + bytes(4) + c[8:], r"announces 0 items"),
        (LABELS, lambda c: c[:-1], r"ends after 19 bytes, inside label 12 of 12"),
        (LABELS, lambda c: c[:10] + b"\x0a" + c[11:], r"says 10 for image 3, .* are 0 to 9"),
    ],
)
def test_a_damaged_file_is_one_sentence_with_its_byte_count(
    name: str,
    damage: Callable[[bytes], bytes],
    words: str,
    tmp_path: Path,
    write_mnist: Callable[..., object],
) -> None:
    write_mnist(tmp_path)
    (tmp_path / name).write_bytes(damage((tmp_path / name).read_bytes()))
    with pytest.raises(WorkloadError, match=words) as caught:
        mnist.load(MLP, tmp_path)
    assert name in str(caught.value)
    assert "--download" in str(caught.value)


def test_packed_files_that_are_cut_short_or_changed_are_said(
    tmp_path: Path, write_mnist: Callable[..., object]
) -> None:
    write_mnist(tmp_path, packed=True)
    path = tmp_path / f"{TRAIN}.gz"
    whole = path.read_bytes()
    for content, words in (
        (whole[:5000], "ends after 5,000 bytes, inside its packed data"),
        (b"plain" + whole, "Not a gzipped file"),
        (whole[:-8] + bytes(4) + whole[-4:], "CRC check failed"),
    ):
        path.write_bytes(content)
        with pytest.raises(WorkloadError, match=words):
            mnist.load(MLP, tmp_path)


def test_a_packed_file_is_not_unpacked_beyond_what_its_header_says(
    tmp_path: Path, idx_bytes: Callable[[np.ndarray], bytes]
) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros(3, np.uint8)) + bytes(50_000_000)))
    with pytest.raises(WorkloadError, match="goes on after byte 11"):
        mnist.read_idx(path, ())


def test_images_without_as_many_labels_are_refused(
    tmp_path: Path,
    write_mnist: Callable[..., object],
    idx_bytes: Callable[[np.ndarray], bytes],
) -> None:
    write_mnist(tmp_path)
    (tmp_path / LABELS).write_bytes(idx_bytes(np.zeros(11, np.uint8)))
    with pytest.raises(WorkloadError, match=r"has 12 images, but .* 11 labels"):
        mnist.load(MLP, tmp_path)


@settings(max_examples=200)
@given(content=st.binary(max_size=64))
def test_any_bytes_are_an_array_or_a_workload_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-idx1-ubyte"
    for magic in (b"", b"\0\0\x08\x01"):
        path.write_bytes(magic + content)
        with suppress(WorkloadError):
            assert mnist.read_idx(path, ()).tobytes() == (magic + content)[8:]
