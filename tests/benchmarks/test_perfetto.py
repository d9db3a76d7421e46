"""Tests of benchmarks.perfetto: both files have all of the slices that they are compared by."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import perfetto
from profilers.records import RunRecord
from tests.analysis.conftest import RunMaker


@pytest.mark.parametrize("slices", [1, 2, 301])
def test_both_files_have_all_made_up_slices(slices: int) -> None:
    timeline = perfetto.made_up(slices)
    (track,) = timeline.tracks
    rows = [*track.slices]
    assert len(rows) == slices == timeline.slice_count
    assert rows == sorted(rows, key=lambda row: (row.start_ns, -row.duration_ns))
    costs = perfetto.measure(timeline)
    assert list(costs) == ["trace.pftrace.gz", "trace.json.gz"]
    assert [cost.slices for cost in costs.values()] == [slices, slices]
    assert all(cost.file_bytes > 0 for cost in costs.values())


def test_the_timeline_of_a_run(tmp_path: Path, make_record: Callable[..., RunRecord]) -> None:
    make_run = RunMaker(tmp_path, make_record())
    run = make_run()
    make_run.add_profile(run)
    assert perfetto.of_run(run).slice_count > 14
