import gzip
import json
import os
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from analysis.readers import source
from analysis.readers.source import Source
from profilers.rundir import ProfileError

TEXT = bytes(range(256)) * 5000


def read(path: Path, block_bytes: int = 1000) -> tuple[bytes, str | None]:
    found = Source(path, block_bytes)
    return b"".join(found.blocks()), found.problem


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:]),
        gzip.compress(TEXT) + bytes(64),
    ],
    ids=["plain", "packed", "two members", "padded"],
)
@pytest.mark.parametrize("block_bytes", [700, 1 << 18])
def test_the_bytes_are_those_of_the_file(tmp_path: Path, content: bytes, block_bytes: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert read(path, block_bytes) == (TEXT, None)


def test_what_comes_before_a_break_is_given_and_the_break_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    packed = gzip.compress(TEXT)
    path.write_bytes(packed[: len(packed) // 2])
    found, problem = read(path)
    assert TEXT.startswith(found)
    assert len(found) > 1000
    assert problem == f"its packed data break off after {len(found):,} bytes"
    path.write_bytes(packed[:500] + b"broken" + packed[506:])
    found, problem = read(path)
    assert problem is not None


def before_damage(packed: bytes) -> bytes:
    """What a gzip file gives that is unpacked byte by byte."""
    member, found = zlib.decompressobj(31), b""
    with suppress(zlib.error):
        for byte in packed:
            found += member.decompress(bytes([byte]))
    return found


@pytest.mark.parametrize("block_bytes", [700, 1 << 18])
@pytest.mark.parametrize("damage", range(0, 3000, 331))
def test_damage_costs_nothing_of_what_comes_before(
    tmp_path: Path, block_bytes: int, damage: int
) -> None:
    path = tmp_path / "file"
    first = gzip.compress(TEXT[:50_000])
    packed = bytearray(gzip.compress(json.dumps([*range(3000)]).encode()))
    packed[-damage - 1] ^= 255
    path.write_bytes(first + packed)
    found, problem = read(path, block_bytes)
    assert problem is not None
    assert len(found) >= 50_000 + len(before_damage(packed))
    assert f"after {len(found):,} bytes" in problem


@pytest.mark.parametrize("size_bytes", [0, 10, 5000])
def test_a_file_of_which_only_the_checksum_is_wrong_is_given_whole(
    tmp_path: Path, size_bytes: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(TEXT[:size_bytes])[:-8] + b"checksum")
    found, problem = read(path)
    assert found == TEXT[:size_bytes]
    assert problem is not None
    assert "checksum" in problem


def test_blocks_smaller_than_what_a_few_bytes_unpack_to(tmp_path: Path) -> None:
    path = tmp_path / "file"
    zeros = bytes(200_000)
    packed = gzip.compress(zeros)
    path.write_bytes(packed)
    assert read(path, 100) == (zeros, None)
    path.write_bytes(packed[:-8])
    assert read(path, 100) == (zeros, "its packed data break off after 200,000 bytes")


def test_what_is_no_gzip_behind_gzip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(TEXT) + bytes(3000) + b"more")
    assert read(path) == (
        TEXT,
        f"its packed data go on with what is no gzip after {len(TEXT):,} bytes",
    )


def test_a_pipe_can_not_be_read_twice(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ProfileError, match=r"is a pipe or a device.*write it to a file first"):
        list(Source(path).blocks())


def test_a_gzip_bomb_is_refused_unless_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "UNPACKED_BEFORE_RATIO", 1 << 20)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(bytes(8 << 20)))
    with pytest.raises(ProfileError, match=r"gzip bomb would.*--no-limits"):
        list(Source(path).blocks())
    assert sum(map(len, Source(path, limited=False).blocks())) == 8 << 20
    monkeypatch.setattr(source, "MAX_RATIO", 10**9)
    monkeypatch.setattr(source, "MAX_BYTES", 1 << 20)
    with pytest.raises(ProfileError, match="gzip bomb"):
        list(Source(path).blocks())


def test_how_far_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(TEXT)
    found = Source(path, 1000)
    blocks = found.blocks()
    next(blocks)
    assert (found.read_bytes, found.given_bytes, found.size_bytes) == (1000, 1000, len(TEXT))
    path.write_bytes(packed := gzip.compress(TEXT))
    found = Source(path)
    list(found.blocks())
    assert (found.read_bytes, found.given_bytes) == (len(packed), len(TEXT))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ProfileError, match="can't be read"):
            list(Source(path).blocks())
