import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis.blocks import concat
from analysis.readers.ranks import Ranks, named_rank, said_rank, same_recording, trace_files
from analysis.readers.registry import open_trace
from profilers.rundir import ProfileError

XSPACE = Path(__file__).parents[2] / "data" / "xspace"
SPAN = {"ph": "X", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "name": "a", "cat": "cpu_op"}


def write(path: Path, rank: int | None = None, name: str = "a") -> Path:
    document: dict[str, object] = {"schemaVersion": 1}
    if rank is not None:
        document["distributedInfo"] = {"rank": rank}
    text = json.dumps({**document, "traceEvents": [{**SPAN, "name": name}]}).encode()
    path.write_bytes(gzip.compress(text) if path.name.endswith("gz") else text)
    return path


def ranks(folder: Path) -> Ranks:
    trace = open_trace(folder)
    assert isinstance(trace, Ranks)
    return trace


def test_a_folder_has_a_file_for_each_rank(tmp_path: Path) -> None:
    write(tmp_path / "a.pt.trace.json", 3, "op of 3")
    write(tmp_path / "b.pt.trace.json.gz", 1, "op of 1")
    write(tmp_path / "rank_7.json")
    (tmp_path / "notes.txt").write_text("no trace")
    (tmp_path / "settings.json").write_text("{}")
    trace = ranks(tmp_path)
    [note] = trace.notes
    assert "settings.json is no trace" in note
    block = concat(trace.blocks())
    names = [trace.strings[number] for number in block.name.tolist()]
    found = dict(zip(names, block.rank.tolist(), strict=True))
    assert found == {"op of 3": 3, "op of 1": 1, "a": 7}


def test_one_rank_is_kept(tmp_path: Path) -> None:
    for rank in (10, 2, 1):
        write(tmp_path / f"{rank}.json", rank)
    trace = ranks(tmp_path)
    trace.keep_rank(2)
    assert {int(rank) for block in trace.blocks() for rank in block.rank} == {2}
    with pytest.raises(ProfileError, match=r"has no rank 5; it has 1, 2, 10\."):
        ranks(tmp_path).keep_rank(5)


def test_two_files_of_one_rank_are_not_added_up(tmp_path: Path) -> None:
    write(tmp_path / "a.json", 3)
    write(tmp_path / "b.json", 3)
    write(tmp_path / "c.json", 4)
    trace = ranks(tmp_path)
    with pytest.raises(ProfileError, match=r"two traces of rank 3, a\.json and b\.json.*name one"):
        next(trace.blocks())
    trace.keep_rank(4)
    assert len(concat(trace.blocks())) == 1


def test_a_trace_that_does_not_say_its_rank_has_one_that_is_free(tmp_path: Path) -> None:
    write(tmp_path / "a.json")
    write(tmp_path / "b.json", 0)
    write(tmp_path / "c.json")
    assert [trace.rank for trace in ranks(tmp_path).traces] == [1, 0, 2]


def test_the_rank_that_a_trace_says(tmp_path: Path) -> None:
    assert said_rank(open_trace(write(tmp_path / "rank5.json", 3))) == 3
    assert said_rank(open_trace(write(tmp_path / "rank4.json"))) == 4
    trace = open_trace(write(tmp_path / "a.json"))
    assert said_rank(trace) is None
    assert trace.rank == 0
    assert said_rank(open_trace(XSPACE / "tensorflow-function.xplane.pb")) is None


def test_ranks_in_names() -> None:
    assert (named_rank("rank-34.pt.trace.json"), named_rank("x_Rank2.json")) == (34, 2)
    assert named_rank("worker0.json") is None


def test_a_recording_in_both_formats_is_read_once(tmp_path: Path) -> None:
    profile = tmp_path / "tw.xplane.pb"
    shutil.copyfile(XSPACE / "tensorflow-function.xplane.pb", profile)
    alone = len(concat(open_trace(profile).blocks()))
    write(tmp_path / "tw.trace.json.gz")
    write(tmp_path / "perfetto_trace.json.gz")
    (tmp_path / "ALL_HOSTS.op_stats_v2.pb").write_bytes(b"\x0a\x00")
    trace = ranks(tmp_path)
    assert len(concat(trace.blocks())) == alone
    assert len(trace.notes) == 2
    assert "tw.trace.json.gz is of the same recording as tw.xplane.pb" in trace.notes[1]
    other = tmp_path / "other.trace.json"
    assert same_recording([profile, other]) == {}


def test_a_damaged_profile_does_not_end_the_folder(tmp_path: Path) -> None:
    shutil.copyfile(XSPACE / "corrupt-tpu-inference.xplane.pb", tmp_path / "rank0.xplane.pb")
    shutil.copyfile(XSPACE / "tensorflow-function.xplane.pb", tmp_path / "rank1.xplane.pb")
    trace = ranks(tmp_path)
    block = concat(trace.blocks())
    assert np.unique(block.rank).tolist() == [1]
    [note] = trace.notes
    assert note.startswith("Left out: ")
    assert "rank0.xplane.pb is damaged" in note
    assert trace.truncated is None
    assert trace.progress()[1] == (tmp_path / "rank1.xplane.pb").stat().st_size


def test_a_folder_with_nothing_but_damaged_profiles(tmp_path: Path) -> None:
    shutil.copyfile(XSPACE / "corrupt-tpu-inference.xplane.pb", tmp_path / "a.xplane.pb")
    trace = ranks(tmp_path)
    with pytest.raises(ProfileError, match=r"^/.*a\.xplane\.pb is damaged"):
        list(trace.blocks())


def test_files_by_rank_and_name(tmp_path: Path) -> None:
    for name in ("rank10.json", "rank9.json", "b.json.gz", "a.pb", "x.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.json").mkdir()
    names = [file.name for file in trace_files(tmp_path)]
    assert names == ["rank9.json", "rank10.json", "a.pb", "b.json.gz"]
