import hashlib
import random
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from workloads.catalogue import find_workload
from workloads.data import cache, cifar10, mnist, sources
from workloads.data.dataset import Download
from workloads.spec import Workload, WorkloadError

MLP, CNN = find_workload("mnist-mlp"), find_workload("cifar10-cnn3")
Arrays = dict[str, npt.NDArray[np.generic]]
Writers = dict[str, Callable[..., object]]
pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def writers(
    write_mnist: Callable[..., object],
    write_cifar10: Callable[..., object],
    write_tiny_imagenet: Callable[..., object],
) -> Writers:
    return {
        "mnist": write_mnist,
        "mnist.gz": lambda folder: write_mnist(folder, packed=True),
        "cifar10": write_cifar10,
        "tiny-imagenet": write_tiny_imagenet,
    }


def load(folder: Path, workload: Workload) -> Arrays:
    choice = sources.choose(str(folder), fetch=False)
    return cache.load(sources.prepare(choice, workload, quiet=True).key)


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("mnist", "MNIST/raw"),
        ("cifar10", "cifar-10-batches-py"),
        ("tiny-imagenet", "tiny-imagenet-200"),
    ],
)
def test_a_folder_is_recognised_itself_or_from_the_one_above(
    name: str, inner: str, writers: Writers, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / inner
    writers[name](folder)
    for asked in (folder, tmp_path / "data"):
        choice = sources.choose(str(asked), fetch=False)
        assert (choice.dataset.name, choice.folder) == (name, folder)


def test_another_folder_is_answered_with_what_was_expected_and_found(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(
        WorkloadError, match=r"expected cifar10: data_batch_1 .*mnist: train-.*; found holiday\.jpg"
    ) as caught:
        sources.choose(str(tmp_path), fetch=False)
    assert str(caught.value).isprintable()


def test_two_data_sets_in_a_folder_are_not_guessed_between(
    writers: Writers, tmp_path: Path
) -> None:
    writers["mnist"](tmp_path)
    writers["cifar10"](tmp_path / "cifar-10-batches-py")
    with pytest.raises(WorkloadError, match=r"files of cifar10 and mnist; name with --data"):
        sources.choose(str(tmp_path), fetch=False)


@pytest.mark.parametrize(
    ("asked", "fetch", "words"),
    [
        ("mnits", False, r"did you mean mnist"),
        ("/nowhere/data", False, "is not a folder"),
        ("profile.py", False, "is not a folder"),
        ("digits", True, r"digits can't be had by --download; cifar10, mnist, tiny-imagenet can"),
        ("/nowhere", True, "can't be had by --download"),
    ],
)
def test_what_is_neither_name_nor_folder_is_said(asked: str, fetch: bool, words: str) -> None:
    with pytest.raises(WorkloadError, match=words):
        sources.choose(asked, fetch)


def test_the_cache_key_follows_the_files_and_not_their_place(
    writers: Writers, tmp_path: Path
) -> None:
    folder = tmp_path / "first"
    writers["mnist"](folder)
    shutil.copytree(folder, tmp_path / "second")

    def made(place: str) -> cache.CachedData:
        choice = sources.choose(str(tmp_path / place), fetch=False)
        return sources.prepare(choice, MLP, quiet=True)

    first = made("first")
    assert made("second") == first
    assert str(tmp_path) not in repr(first)
    path = tmp_path / "second" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert made("second").key != first.key
    assert made("second").sha256 != first.sha256
    (tmp_path / "second" / "beside.txt").write_text("not read")
    assert made("first").key == first.key


def downloads(source: Path, *names: str) -> tuple[Download, ...]:
    """Files as they would be at home, to be put into the cache by hand."""
    return tuple(
        Download(
            f"http://127.0.0.1:1/{name}",
            hashlib.sha256((source / name).read_bytes()).hexdigest(),
            (source / name).stat().st_size,
        )
        for name in names
    )


def test_fetched_files_become_arrays_once(
    writers: Writers, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = own_cache / "downloads" / "mnist"
    writers["mnist.gz"](place)
    files = downloads(place, *(f"{stem}.gz" for stem in mnist.STEMS))
    monkeypatch.setattr(mnist, "DATASET", replace(mnist.DATASET, downloads=files))
    choice = sources.choose("mnist", fetch=True)
    made = sources.prepare(choice, MLP, quiet=True)
    assert made.train_count == 12
    shutil.rmtree(place)
    assert sources.prepare(sources.choose("mnist", fetch=False), MLP, quiet=True) == made


def test_a_fetched_archive_is_unpacked_only_while_it_is_read(
    writers: Writers, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers["cifar10"](tmp_path / "cifar-10-batches-py")
    place = own_cache / "downloads" / "cifar10"
    place.mkdir(parents=True)
    with tarfile.open(place / "cifar.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "cifar-10-batches-py", "cifar-10-batches-py")
    files = downloads(place, "cifar.tar.gz")
    monkeypatch.setattr(cifar10, "DATASET", replace(cifar10.DATASET, downloads=files))
    made = sources.prepare(sources.choose("cifar10", fetch=False), CNN, quiet=True)
    assert made.train_count == 20
    assert sorted(path.name for path in own_cache.iterdir()) == [made.key, "downloads"]


def test_a_name_without_files_is_answered_with_both_remedies(own_cache: Path) -> None:
    for name, workload in (("mnist", MLP), ("cifar10", CNN)):
        with pytest.raises(WorkloadError, match=rf"{name} is read from files that are not here"):
            sources.prepare(sources.choose(name, fetch=False), workload, quiet=True)
    assert not own_cache.exists()


def flip(content: bytes, generator: random.Random) -> bytes:
    place = generator.randrange(len(content))
    changed = content[place] ^ 1 << generator.randrange(8)
    return content[:place] + bytes([changed]) + content[place + 1 :]


def flip_early(content: bytes, generator: random.Random) -> bytes:
    return flip(content[:64], generator) + content[64:]


def cut(content: bytes, generator: random.Random) -> bytes:
    return content[: generator.randrange(len(content))]


def insert(content: bytes, generator: random.Random) -> bytes:
    place = generator.randrange(len(content))
    return content[:place] + generator.randbytes(generator.randint(1, 9)) + content[place:]


def wipe(content: bytes, generator: random.Random) -> bytes:
    return bytes(generator.randint(1, 16)) + content[16:]


MUTATIONS = (flip, flip_early, cut, insert, wipe)


def check_sentence(said: str, path: Path) -> None:
    """One line that ends as a sentence does and names the file, or for a list what it is of."""
    assert said.isprintable()
    assert said.endswith(".")
    assert path.name in said or path.name == "wnids.txt"


@pytest.mark.parametrize("name", ["mnist", "mnist.gz", "cifar10", "tiny-imagenet"])
def test_every_file_that_is_cut_short_is_one_sentence(
    name: str, writers: Writers, tiny_workload: Workload, tmp_path: Path, own_cache: Path
) -> None:
    folder = tmp_path / "data"
    workload = {"cifar10": CNN, "tiny-imagenet": tiny_workload}.get(name, MLP)
    writers[name](folder)
    generator = random.Random(name)
    layout = sources.choose(str(folder), fetch=False).dataset.layout
    assert layout is not None
    for path in generator.choices(layout.files(folder), k=24):
        whole = path.read_bytes()
        path.write_bytes(whole[: generator.randrange(len(whole) * 2 // 3)])
        with pytest.raises(WorkloadError) as caught:
            load(folder, workload)
        check_sentence(str(caught.value), path)
        assert not own_cache.exists() or list(own_cache.iterdir()) == []
        path.write_bytes(whole)
    load(folder, workload)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", ["mnist", "mnist.gz", "cifar10", "tiny-imagenet"])
def test_a_mutated_file_is_one_sentence_or_its_own_values(
    name: str,
    seed: int,
    writers: Writers,
    tiny_workload: Workload,
    tmp_path: Path,
    own_cache: Path,
) -> None:
    folder = tmp_path / "data"
    workload = {"cifar10": CNN, "tiny-imagenet": tiny_workload}.get(name, MLP)
    writers[name](folder)
    whole = load(folder, workload)
    shutil.rmtree(own_cache)
    generator = random.Random(f"{name} {seed}")
    dataset = sources.choose(str(folder), fetch=False).dataset
    assert dataset.layout is not None
    path = generator.choice(dataset.layout.files(folder))
    mutate = MUTATIONS[seed % len(MUTATIONS)]
    path.write_bytes(mutate(path.read_bytes(), generator))
    try:
        arrays = load(folder, workload)
    except WorkloadError as error:
        check_sentence(str(error), path)
        assert not own_cache.exists() or list(own_cache.iterdir()) == []
        return
    changed = {key: int((arrays[key] != whole[key]).sum()) for key in whole}
    if path.suffix == ".JPEG":
        assert changed["train_labels"] == changed["test_labels"] == 0
    elif path.suffix == ".txt":
        assert changed["train_inputs"] == changed["test_inputs"] == 0
    else:
        assert mutate in (flip, flip_early, insert, wipe)
        assert sum(changed.values()) <= (0 if path.suffix == ".gz" else 1)


def test_every_truncation_is_found_with_its_byte_count(writers: Writers, tmp_path: Path) -> None:
    writers["mnist"](tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    content = path.read_bytes()
    for length in range(0, len(content), 471):
        path.write_bytes(content[:length])
        with pytest.raises(WorkloadError, match=f"ends after {length:,} bytes"):
            load(tmp_path, MLP)
