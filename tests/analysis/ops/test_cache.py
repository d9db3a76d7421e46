import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.ops import cache as ops_cache
from analysis.ops.cache import CACHE
from analysis.ops.command import load
from analysis.ops.source import Request

BERT = Path(__file__).parents[2] / "data" / "kineto" / "h100-bert-small.json.gz"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "trace.json.gz"
    path.parent.mkdir()
    shutil.copyfile(BERT, path)
    return path


def test_sums_are_kept_beside_a_run(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    make_run.add_profile(run)
    first = load(Request(path=run)).rows("op")
    assert (run / CACHE).exists()
    with monkeypatch.context() as patch:
        patch.setattr("analysis.ops.source.opened", None)
        assert load(Request(path=run)).rows("op") == first
    make_run.add_profile(run, make_run.kineto_events()[:7])
    assert sum(row.count for row in load(Request(path=run)).rows("op")) == 3


def test_sums_are_kept_beside_a_trace_only_if_asked(
    trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(Request(path=trace))
    assert list(trace.parent.glob(".*")) == []
    load(Request(path=trace, cached=True))
    assert len(list(trace.parent.glob(".crossprof-ops*"))) == 1
    monkeypatch.setattr("analysis.ops.source.opened", None)
    assert load(Request(path=trace, cached=True)).rows("op")[0].key == "aten::addmm"


def test_sums_of_the_current_folder_lie_beside_it_and_stay_fresh(
    trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trace.parent)
    load(Request(path=Path(), cached=True))
    assert [path.name for path in trace.parent.iterdir()] == [trace.name]
    [kept] = trace.parent.parent.glob(".crossprof-ops-folder*")
    (trace.parent / "notes.txt").write_text("no trace")
    monkeypatch.setattr("analysis.ops.source.opened", None)
    assert load(Request(path=trace.parent, cached=True)).rows("op")[0].key == "aten::addmm"
    assert kept.exists()


def test_a_trace_that_grows_while_it_is_read_is_read_again(
    trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.ops import command as ops_command

    gather = ops_command.gather

    def growing(*arguments: Any) -> Any:
        gathered = gather(*arguments)
        with trace.open("ab") as file:
            file.write(b"\0")
        return gathered

    with monkeypatch.context() as patch:
        patch.setattr(ops_command, "gather", growing)
        load(Request(path=trace, cached=True))
    [kept] = trace.parent.glob(".crossprof-ops*")
    assert ops_cache.read(kept, ops_cache.stats([trace])) is None


@pytest.mark.parametrize("damage", ["cut", "other", "empty", "version"])
def test_a_cache_that_is_damaged_or_of_another_version_is_made_anew(
    trace: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(path=trace, cached=True)
    first = load(request).rows("op")
    [kept] = trace.parent.glob(".crossprof-ops*")
    whole = kept.read_bytes()
    if damage == "version":
        monkeypatch.setattr(ops_cache, "ANALYSIS_VERSION", ops_cache.ANALYSIS_VERSION - 1)
        load(request)
        monkeypatch.undo()
        assert kept.read_bytes() != whole
    else:
        kept.write_bytes({"cut": whole[:-9], "other": b"\x93\x01\x02\x03", "empty": b""}[damage])
    assert ops_cache.read(kept, ops_cache.stats([trace])) is None
    assert load(request).rows("op") == first
    assert kept.read_bytes() == whole


def test_where_nothing_can_be_kept_a_note_says_so_if_it_was_asked(
    trace: Path, make_run: Any
) -> None:
    (trace.parent / f".crossprof-ops-{trace.name}.msgpack").mkdir()
    found = load(Request(path=trace, cached=True))
    assert found.rows("op")[0].key == "aten::addmm"
    assert "can't be kept" in found.gathered.notes[0]
    run = make_run()
    make_run.add_profile(run)
    (run / CACHE).mkdir(parents=True)
    assert load(Request(path=run)).gathered.notes == []
