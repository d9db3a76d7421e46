import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from analysis.exporters import chrome, perfetto, trace_file
from analysis.timeline.counters import Counter
from analysis.timeline.record import Group, Slice, Track, Writer, single
from profilers.rundir import ProfileError

OPS = Track(Group("run", 0), "ops", 0)
SLICES = [single(start, 3, "op", {}, "op") for start in (1, 5)]


def draw(writer: Writer, slices: list[Slice] = SLICES) -> int:
    writer.slices(OPS, slices)
    writer.counter(OPS, Counter("CPU", "%", np.array([1, 2]), np.array([3.0, 4.0])))
    return len(SLICES)


def test_the_same_goes_into_each_file_and_is_counted(tmp_path: Path) -> None:
    files = {tmp_path / "a" / "p": perfetto.FORM, tmp_path / "c": chrome.FORM}
    counts = trace_file.write(files, 0, draw)
    assert list(counts) == list(files)
    for path, found in counts.items():
        assert (found.slices_in, found.slices, found.samples, found.tracks) == (2, 2, 2, 1)
        assert (found.points, found.arrow_ends) == (0, 0)
        assert gzip.decompress(path.read_bytes())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "c", "p"]


def test_a_file_that_lacks_a_slice_takes_the_place_of_none(tmp_path: Path) -> None:
    path, other = tmp_path / "trace", tmp_path / "other"
    path.write_bytes(b"old")
    files = {path: perfetto.FORM, other: chrome.FORM}
    with pytest.raises(ProfileError, match=r"trace would show 1 of 2 slices, so it was not"):
        trace_file.write(files, 0, lambda writer: draw(writer, SLICES[:1]))
    assert [entry.name for entry in tmp_path.iterdir()] == ["trace"]
    assert path.read_bytes() == b"old"


def test_what_goes_wrong_on_the_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    path.write_bytes(b"old")

    def broken(writer: Writer) -> int:
        draw(writer)
        raise ProfileError("the source is damaged")

    with pytest.raises(ProfileError, match="damaged"):
        trace_file.write({path: perfetto.FORM}, 0, broken)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"old"]


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "trace").mkdir()
    with pytest.raises(ProfileError, match=r"trace can't be written \("):
        trace_file.write({tmp_path / "trace": perfetto.FORM}, 0, draw)
    with pytest.raises(ProfileError, match=r"can't be written \("):
        trace_file.write({tmp_path / "no" / "such" / "trace": chrome.FORM}, 0, draw)
    assert [entry.name for entry in tmp_path.iterdir()] == ["trace"]


def test_a_link_stays_one_and_what_is_no_plain_file_is_written_to(tmp_path: Path) -> None:
    target, link, pipe = (tmp_path / name for name in ("target", "link", "pipe"))
    target.write_bytes(b"old")
    link.symlink_to(target)
    trace_file.write({link: chrome.FORM}, 0, draw)
    assert link.is_symlink()
    assert gzip.decompress(target.read_bytes())
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    trace_file.write({pipe: perfetto.FORM}, 0, draw)
    assert gzip.decompress(os.read(reader, 100_000))
    os.close(reader)
    assert pipe.is_fifo()


def test_the_same_timeline_makes_the_same_bytes_with_its_own_name_in_them(tmp_path: Path) -> None:
    for name, form in (("trace.pftrace.gz", perfetto.FORM), ("trace.json.gz", chrome.FORM)):
        found = []
        for folder in ("a", "b"):
            trace_file.write({tmp_path / folder / name: form}, 0, draw)
            found.append((tmp_path / folder / name).read_bytes())
        assert found[0] == found[1]
        kept = found[0][10:].partition(b"\0")[0].decode()
        assert kept == name.removesuffix(".gz")
