import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from analysis.ops import source as ops_source
from analysis.ops.source import Request
from profilers.rundir import ProfileError

ROOT = Path(__file__).parents[3]
BERT = ROOT / "tests" / "data" / "kineto" / "h100-bert-small.json.gz"


def refused(path: Path, rank: int | None = None) -> str:
    request = Request(path=path, rank=rank)
    with pytest.raises(ProfileError) as error:
        ops_source.opened(request, ops_source.find(request))
    return str(error.value)


def test_a_run_is_its_profile(make_run: Any) -> None:
    run = make_run()
    profile = make_run.add_profile(run)
    for rank in (None, 0):
        source = ops_source.find(Request(path=run, rank=rank))
        assert (source.path, source.is_run, source.files()) == (profile, True, [profile])
    assert f"{run} has no rank 1; it has 0." in refused(run, 1)


def test_a_rank_of_a_run(make_run: Any) -> None:
    run = make_run()
    for rank in (1, 10):
        (run / "ranks" / str(rank) / "raw").mkdir(parents=True)
        shutil.copyfile(BERT, run / "ranks" / str(rank) / "raw" / "kineto.json.gz")
    source = ops_source.find(Request(path=run, rank=10))
    assert source.path == run / "ranks" / "10" / "raw" / "kineto.json.gz"
    assert f"{run} has no rank 2; it has 0, 1, 10." in refused(run, 2)


def test_the_rank_of_one_file_is_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    document = {"schemaVersion": 1, "distributedInfo": {"rank": 3}, "traceEvents": []}
    path.write_text(json.dumps(document))
    request = Request(path=path, rank=3)
    assert ops_source.opened(request, ops_source.find(request)).rank == 3
    assert "is of rank 3, not of rank 0" in refused(path, 0)
    assert "does not say which rank it is; leave --rank out" in refused(BERT, 0)


def test_the_rank_of_a_folder_is_kept(tmp_path: Path) -> None:
    for rank in (0, 1):
        shutil.copyfile(BERT, tmp_path / f"rank{rank}.json.gz")
    request = Request(path=tmp_path, rank=1)
    assert ops_source.opened(request, ops_source.find(request)).rank == 1
    assert "has no rank 2; it has 0, 1." in refused(tmp_path, 2)


def test_runs_are_named_where_a_comparison_or_their_folder_was(
    make_comparison: Any, make_run: Any
) -> None:
    comparison = make_comparison([(2.0,), (3.0,)])
    told = refused(comparison)
    assert "is a comparison; name one of the runs, such as " in told
    assert (Path(told.removesuffix(".").split()[-1]) / "run.json").exists()
    run = make_run("alone")
    assert "is a folder of runs; name one of the runs, such as " in refused(run.parent)


@contextmanager
def without_rights() -> Iterator[None]:
    """As a user whom modes bind, which they don't bind root."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    trace = folder / "trace.json.gz"
    shutil.copyfile(BERT, trace)
    folder.chmod(0)
    with without_rights():
        told = [refused(path) for path in (folder, trace)]
    folder.chmod(0o700)
    assert told == [f"{path} can't be read (Permission denied)." for path in (folder, trace)]
