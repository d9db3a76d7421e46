import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.exporters.xspace.convert import convert, is_xspace
from analysis.groups import gather
from analysis.ops.table import Table
from analysis.readers.registry import open_trace
from analysis.readers.xspace_proto import XSpace
from profilers.rundir import ProfileError
from tests.analysis.timeline.sketch import DATA

KINETO = DATA / "kineto" / "a100-simple-add.json.gz"
TENSORFLOW = DATA / "xspace" / "tensorflow-fit.xplane.pb"


def kernels(path: Path) -> list[tuple[object, ...]]:
    rows = Table(gather(open_trace(path))).rows("kernel")
    return sorted((row.key, row.count, row.total_ns) for row in rows)


def test_a_trace_has_the_same_kernels_in_the_other_format(tmp_path: Path) -> None:
    output = tmp_path / "out.xplane.pb"
    counts = convert(KINETO, output)
    assert counts.events == counts.events_in > 0
    assert counts.lacks == ()
    assert kernels(output) == kernels(KINETO) != []


def test_allocations_and_launches_are_in_it(tmp_path: Path) -> None:
    convert(KINETO, tmp_path / "out.xplane.pb")
    space = XSpace.FromString((tmp_path / "out.xplane.pb").read_bytes())
    stats = {each.name for plane in space.planes for each in plane.stat_metadata.values()}
    assert "kernel_details" in stats


def test_of_a_run_it_is_the_profile(make_run: Any, tmp_path: Path) -> None:
    profile = make_run.add_profile(run := make_run())
    convert(run, tmp_path / "run")
    convert(profile, tmp_path / "file")
    assert (tmp_path / "run").read_bytes() == (tmp_path / "file").read_bytes()


def test_what_is_one_already_is_named(make_run: Any, tmp_path: Path) -> None:
    make_run.add_tensorflow_profile(run := make_run())
    for path in (TENSORFLOW, run):
        with pytest.raises(ProfileError, match=r"\.xplane\.pb is in this format already"):
            convert(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_without_a_profile_and_a_path_without_anything(make_run: Any, tmp_path: Path) -> None:
    for path in (make_run(), tmp_path / "nowhere"):
        with pytest.raises(ProfileError, match=path.name):
            convert(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_format_is_told_by_what_is_in_the_file(tmp_path: Path) -> None:
    assert is_xspace(TENSORFLOW)
    assert not is_xspace(KINETO)
    shutil.copy(TENSORFLOW, tmp_path / "trace.json")
    assert is_xspace(tmp_path / "trace.json")
    (tmp_path / "text").write_text("no trace")
    with pytest.raises(ProfileError):
        is_xspace(tmp_path / "text")
