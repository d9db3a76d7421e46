"""Fetches a data set's files from its home into the cache, each checked by its SHA-256."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workloads.data import cache
from workloads.data.dataset import DataSet, Download, given
from workloads.spec import WorkloadError

TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16
# A server that packs what is packed already would change the bytes that the checksum is of.
HEADERS = {"Accept-Encoding": "identity"}


def store(dataset: DataSet) -> Path:
    """The folder of the cache for a data set's files; by hand they are put there too."""
    return cache.folder() / "downloads" / dataset.name


def present(dataset: DataSet) -> list[Path]:
    """The files as they lie in the cache, or WorkloadError if one is missing or another one."""
    import pooch

    paths = [store(dataset) / file.name for file in dataset.downloads]
    if not all(path.is_file() for path in paths):
        given(None, dataset.name)
    for path, file in zip(paths, dataset.downloads, strict=True):
        try:
            sha256 = pooch.file_hash(str(path))
        except OSError as error:
            raise WorkloadError(f"{path} can't be read ({error.strerror}); remove it.") from None
        if sha256 != file.sha256:
            raise WorkloadError(
                f"{path} is not the file that belongs there: its SHA-256 is {sha256[:12]}…, not "
                f"{file.sha256[:12]}…; fetch it anew with --download."
            )
    return paths


def fetch(dataset: DataSet, quiet: bool) -> list[Path]:
    """The files in the cache, those that are missing or damaged fetched; a bar on a terminal.

    Raises:
        WorkloadError: no network, no such file, a transfer that broke off, or another content; the
            sentence says where to put the file by hand. Nothing partial stays.
    """
    return [_fetch(file, store(dataset), quiet) for file in dataset.downloads]


def _fetch(file: Download, folder: Path, quiet: bool) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    by_hand = f"put {file.name} into {folder} by hand, or name a folder with --data DIR."
    try:
        with _bar(file, quiet) as bar:
            downloader = pooch.HTTPDownloader(
                progressbar=bar, chunk_size=CHUNK_BYTES, timeout=TIMEOUT_SECONDS, headers=HEADERS
            )
            return Path(
                pooch.retrieve(file.url, file.sha256, file.name, folder, downloader=downloader)
            )
    except requests.RequestException as error:
        raise WorkloadError(f"{file.url} can't be fetched ({_reason(error)}); {by_hand}") from None
    except ValueError:
        raise WorkloadError(
            f"what {file.url} gave is not {file.name}: its length or its SHA-256 is not that of "
            f"the file ({file.sha256[:12]}…); {by_hand}"
        ) from None
    except OSError as error:
        raise cache.unwritable(error) from None


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError):
        return str(error).partition(" for url")[0]
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT_SECONDS} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off"
    return "no connection"


class Meter:
    """Counts what a transfer brings, for pooch, and ends one that brings too much."""

    def __init__(self, limit_bytes: int) -> None:
        self.total = 0
        self._limit_bytes = limit_bytes
        self._done_bytes = 0

    def update(self, count: int) -> None:
        """`count` bytes more, or up to a chunk less than that; ValueError beyond the limit."""
        self._done_bytes += count
        if self._done_bytes > self._limit_bytes + CHUNK_BYTES:
            raise ValueError("longer than the file that was asked for")
        self.show(self._done_bytes)

    def show(self, done_bytes: int) -> None:
        """Show how far it is; here not at all."""

    def reset(self) -> None:
        """Begin anew; pooch does so at the end, to give the exact figure."""
        self._done_bytes = 0

    def close(self) -> None:
        """The transfer is whole."""


class BarMeter(Meter):
    """Shows the bytes as a bar of `progress`."""

    def __init__(self, file: Download, progress: Any) -> None:
        super().__init__(file.size_bytes)
        self._progress = progress
        self._task = progress.add_task(file.name, total=file.size_bytes)

    def show(self, done_bytes: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done_bytes)


@contextmanager
def _bar(file: Download, quiet: bool) -> Iterator[Meter]:
    if quiet or not sys.stderr.isatty():
        yield Meter(file.size_bytes)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield BarMeter(file, progress)
