"""What --data and --download ask for: which data set, from which files."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from workloads.catalogue import dataset_list, find_dataset
from workloads.data import archives, cache, download
from workloads.data.cache import CachedData
from workloads.data.dataset import DataSet
from workloads.data.layout import Layout, checked_size, found, incomplete, shown, unreadable
from workloads.spec import Workload, WorkloadError


@dataclass(frozen=True)
class Choice:
    """A data set; `folder` has its files if the user named one; `fetch` allows the network."""

    dataset: DataSet
    folder: Path | None
    fetch: bool


def choose(asked: str, fetch: bool) -> Choice:
    """The data set that a name or a folder stands for; nothing is read but names of files.

    Raises:
        WorkloadError: neither a known name nor a folder with the files of one data set, or there
            is nothing to fetch.
    """
    named = {dataset.name: dataset for dataset in dataset_list()}.get(asked)
    if fetch and not (named and named.downloads):
        names = ", ".join(dataset.name for dataset in dataset_list() if dataset.downloads)
        raise WorkloadError(f"{shown(asked)} can't be had by --download; {names} can, with --data.")
    if named:
        return Choice(named, None, fetch)
    if os.path.isdir(asked):
        return _recognised(Path(asked))
    if os.sep in asked or os.path.exists(asked):
        raise WorkloadError(
            f"{shown(asked)} is not a folder; --data takes the name of a data set or a folder with "
            "its files."
        )
    return Choice(find_dataset(asked), None, fetch)


def _recognised(folder: Path) -> Choice:
    layouts = [(dataset, dataset.layout) for dataset in dataset_list() if dataset.layout]
    places = [(dataset, place) for dataset, of in layouts if (place := of.find(folder))]
    if not places:
        expected = "; ".join(f"{dataset.name}: {of.expected}" for dataset, of in layouts)
        raise WorkloadError(
            f"{shown(folder)} holds no known data set (expected {expected}); found {found(folder)}."
        )
    if len(places) > 1:
        names = " and ".join(dataset.name for dataset, _ in places)
        raise WorkloadError(
            f"{shown(folder)} holds files of {names}; name with --data the folder of one of them."
        )
    return Choice(*places[0], fetch=False)


def prepare(choice: Choice, workload: Workload, quiet: bool) -> CachedData:
    """Make the arrays in the cache, unless they are there; fetch the files if that was asked.

    Raises:
        WorkloadError: the files are not here, can't be fetched or are not what they should be; no
            part of them stays in the cache.
    """
    dataset = choice.dataset
    if dataset.layout is None:
        return cache.materialise(dataset, workload)
    if choice.folder is not None:
        origin = _digest(choice.folder, dataset.layout)
        return cache.materialise(dataset, workload, choice.folder, origin)
    origin = " ".join(file.sha256 for file in dataset.downloads)
    made = cache.find(dataset, workload, origin)
    if made is not None:
        return made
    paths = download.fetch(dataset, quiet) if choice.fetch else download.present(dataset)
    with archives.unpacked(paths) as folder:
        place = dataset.layout.find(folder)
        if place is None:
            raise incomplete(folder, "the data set", dataset.layout.expected)
        return cache.materialise(dataset, workload, place, origin)


def _digest(folder: Path, layout: Layout) -> str:
    """SHA-256 over the name, the size and the SHA-256 of every file that is read."""
    digest = hashlib.sha256()
    for path in layout.files(folder):
        size = checked_size(path)
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(path, error) from None
        name = os.fsencode(path.relative_to(folder))
        digest.update(b"%s\0%d %s\n" % (name, size, content.encode()))
    return digest.hexdigest()
