import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from workloads.data import cache, tiny_imagenet
from workloads.data.dataset import Stream
from workloads.layers import Linear
from workloads.spec import Workload, WorkloadError


@pytest.fixture
def folder(tmp_path: Path, write_tiny_imagenet: Callable[[Path], None]) -> Path:
    write_tiny_imagenet(tmp_path / "tiny-imagenet-200")
    return tmp_path / "tiny-imagenet-200"


def test_images_are_streamed_into_the_cache(
    folder: Path, own_cache: Path, tiny_workload: Workload
) -> None:
    samples = tiny_imagenet.load(tiny_workload, folder)
    assert isinstance(samples.train_inputs, Stream)
    made = cache.materialise(tiny_imagenet.DATASET, tiny_workload, folder)
    arrays = cache.load(made.key)
    assert (made.train_count, made.test_count) == (6, 3)
    assert arrays["train_inputs"].shape == (6, 64, 64, 3)
    # Classes are numbered by wnid, whatever the order in wnids.txt.
    assert arrays["train_labels"].tolist() == [0, 0, 1, 1, 2, 2]
    assert arrays["test_labels"].tolist() == [1, 0, 2]
    with Image.open(folder / "train" / "n01443537" / "images" / "n01443537_0.JPEG") as image:
        assert (arrays["train_inputs"][0] == np.asarray(image)).all()


def test_grey_images_get_three_equal_channels(folder: Path) -> None:
    path = folder / "train" / "n01443537" / "images" / "n01443537_1.JPEG"
    with Image.open(path) as image:
        assert image.mode == "L"
    pixels = tiny_imagenet.decode(path)
    assert pixels.shape == (64, 64, 3)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_classes_are_those_of_the_folder(folder: Path, tiny_workload: Workload) -> None:
    layers = (tiny_workload.layers[0], Linear("fc", 200))
    other = msgspec.structs.replace(tiny_workload, classes=200, layers=layers)
    with pytest.raises(
        WorkloadError,
        match=r"tells 200 classes apart, .*wnids\.txt names 3, which no shipped workload takes yet",
    ):
        tiny_imagenet.load(other, folder)


def remove(path: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        target = folder / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    return change


def write(path: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).write_text(text) and None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove("wnids.txt"), r"lacks wnids\.txt; expected wnids\.txt, .* found train, val"),
        (remove("train"), r"train can't be read \(No such file or directory\)"),
        (remove("train/n01443537"), r"train should hold just the 3 folders .* lacks n01443537"),
        (remove("train/n01443537/images"), r"n01443537/images can't be read"),
        (
            lambda folder: (folder / "train" / "n99999999").mkdir(),
            r"train should hold just the 3 folders .* has n99999999 beyond them",
        ),
        (
            lambda folder: [p.unlink() for p in (folder / "train/n01443537/images").iterdir()],
            r"n01443537/images lacks images; expected \*\.JPEG files, found nothing",
        ),
        (remove("val/val_annotations.txt"), r"lacks val_annotations\.txt"),
        (remove("val/images/val_0.JPEG"), r"val/images should hold just the 3 .* lacks val_0"),
        (
            lambda folder: shutil.copy(
                folder / "val/images/val_0.JPEG", folder / "val/images/val_7.JPEG"
            ),
            r"has val_7\.JPEG beyond them",
        ),
        (write("wnids.txt", "n0144\n"), r"must name each class once.* it has n0144"),
        (write("wnids.txt", ""), r"must name each class once"),
        (write("wnids.txt", "n01443537\nn01443537\n"), r"one twice"),
        (write("wnids.txt", "n0144353é\n"), r"wnids\.txt is not text at byte 8"),
        (write("val/val_annotations.txt", "val_0.JPEG\tn00000000\n"), r"line 1 of .* no class"),
        (write("val/val_annotations.txt", "val_0.JPEG\n"), r"line 1 of .* has no class"),
        (
            write("val/val_annotations.txt", "a\tn01443537\na\tn01443537\n"),
            r"line 2 of .* names an image twice",
        ),
        (
            write("val/val_annotations.txt", "../../wnids.txt\tn01443537\n"),
            r"lacks \.\./\.\./wnids\.txt and has val_0",
        ),
    ],
)
def test_a_wrong_layout_says_what_was_expected_and_found(
    change: Callable[[Path], object], words: str, folder: Path
) -> None:
    change(folder)
    with pytest.raises(WorkloadError, match=words) as caught:
        tiny_imagenet.files(folder)
    assert str(caught.value).isprintable()


def test_a_damaged_or_wrong_image_is_named(folder: Path) -> None:
    path = folder / "val" / "images" / "val_0.JPEG"
    whole = path.read_bytes()
    path.write_bytes(whole[:700])
    with pytest.raises(WorkloadError, match=r"val_0\.JPEG \(700 bytes\) is no whole JPEG image"):
        tiny_imagenet.decode(path)
    Image.new("RGB", (32, 64)).save(path, "JPEG")
    with pytest.raises(WorkloadError, match="image of 32×64, not 64×64"):
        tiny_imagenet.decode(path)
    Image.new("RGB", (64, 64)).save(path, "PNG")
    with pytest.raises(WorkloadError, match="is no whole JPEG image"):
        tiny_imagenet.decode(path)


def test_one_damaged_image_leaves_no_part_of_the_set_in_the_cache(
    folder: Path, own_cache: Path, tiny_workload: Workload
) -> None:
    (folder / "val" / "images" / "val_2.JPEG").write_bytes(b"")
    dataset = replace(tiny_imagenet.DATASET, classes=3)
    with pytest.raises(WorkloadError, match=r"val_2\.JPEG"):
        cache.materialise(dataset, tiny_workload, folder)
    assert list(own_cache.iterdir()) == []
