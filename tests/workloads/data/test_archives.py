import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from workloads.data import archives
from workloads.spec import WorkloadError


@pytest.fixture(autouse=True)
def cache_folder(own_cache: Path) -> Path:
    own_cache.mkdir()
    return own_cache


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def zipped(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def test_archives_are_unpacked_for_as_long_as_they_are_needed(
    tmp_path: Path, cache_folder: Path
) -> None:
    for path in (
        tar(tmp_path / "a.tar.gz", (tarfile.TarInfo("set/file"), b"content")),
        zipped(tmp_path / "a.zip", "set/file", b"content"),
    ):
        with archives.unpacked([path]) as folder:
            assert folder.parent == cache_folder
            assert (folder / "set" / "file").read_bytes() == b"content"
        assert list(cache_folder.iterdir()) == []


def test_other_files_are_used_where_they_lie(tmp_path: Path) -> None:
    with archives.unpacked([tmp_path / "a-idx3-ubyte.gz"]) as folder:
        assert folder == tmp_path


def refused(path: Path, words: str, cache_folder: Path) -> None:
    with pytest.raises(WorkloadError, match=words) as caught, archives.unpacked([path]):
        pass
    assert str(caught.value).isprintable()
    assert list(cache_folder.iterdir()) == []


def test_nothing_is_written_outside(tmp_path: Path, cache_folder: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    device = tarfile.TarInfo("device")
    device.type = tarfile.CHRTYPE
    for member in (tarfile.TarInfo("../outside"), link, device):
        path = tar(tmp_path / "a.tar.gz", (member, b""))
        refused(path, "can't be unpacked", cache_folder)
    with archives.unpacked([zipped(tmp_path / "a.zip", "../../outside", b"x")]) as folder:
        assert (folder / "outside").exists()
    assert not list(tmp_path.rglob("outside"))


def test_limits_hold_before_anything_beyond_them_is_written(
    tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
    content = bytes(1001)
    member = tarfile.TarInfo("file")
    refused(tar(tmp_path / "a.tar.gz", (member, content)), "1,000 bytes", cache_folder)
    refused(zipped(tmp_path / "a.zip", "file", content), "1,000 bytes", cache_folder)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    members = [(tarfile.TarInfo(name), b"") for name in "ab"]
    refused(tar(tmp_path / "b.tar.gz", *members), "more than 1 files", cache_folder)


def test_damaged_archives_are_said(tmp_path: Path, cache_folder: Path) -> None:
    whole = tar(tmp_path / "a.tar.gz", (tarfile.TarInfo("file"), bytes(range(256)) * 99))
    content = whole.read_bytes()
    for damaged in (b"", b"no archive", content[:20], content[: len(content) // 2]):
        whole.write_bytes(damaged)
        refused(whole, r"a\.tar\.gz can't be unpacked", cache_folder)
    path = zipped(tmp_path / "a.zip", "file", bytes(range(256)) * 99)
    content = path.read_bytes()
    for damaged in (b"", content[:-9], content[:60] + b"\xff" + content[61:]):
        path.write_bytes(damaged)
        refused(path, r"a\.zip can't be unpacked", cache_folder)
