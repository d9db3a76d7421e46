"""Tests of benchmarks.perfetto: both files have all of the slices that they are compared by."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import perfetto
from profilers.records import RunRecord
from tests.analysis.conftest import RunMaker
from tests.analysis.timeline.sketch import DATA, Sketch, args


@pytest.mark.parametrize("slices", [1, 2, 301])
def test_both_files_have_all_made_up_slices(slices: int) -> None:
    timeline = perfetto.made_up(slices)
    sketch = Sketch()
    assert timeline.draw(sketch) == sketch.count() == slices
    (rows,) = sketch.tracks.values()
    assert rows == sorted(rows, key=lambda row: (row.start_ns, -row.duration_ns))
    assert all(len(args(row)) == 3 for row in rows)
    assert len({args(row)["sequence"] for row in rows}) == slices
    costs = perfetto.write(timeline)
    assert list(costs) == ["trace.pftrace.gz", "trace.json.gz"]
    assert [cost.slices for cost in costs.values()] == [slices, slices]
    assert all(cost.file_bytes > 0 for cost in costs.values())


def test_the_timeline_of_a_run(tmp_path: Path, make_record: Callable[..., RunRecord]) -> None:
    make_run = RunMaker(tmp_path, make_record())
    run = make_run()
    make_run.add_profile(run)
    timeline = perfetto.of_run(run)
    assert timeline.start_ns == make_run.start_ns
    assert [cost.slices for cost in perfetto.write(timeline).values()] == [27, 27]


@pytest.mark.slow
def test_a_merged_file_is_measured_against_reading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace.json.gz"
    shutil.copyfile(DATA / "kineto" / "mi250-minitoy.json.gz", trace)
    monkeypatch.setattr("sys.argv", ["perfetto", "--merge", str(trace), str(trace), "--rounds=1"])
    perfetto.main()
    assert "times the CPU of reading" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["trace.json.gz"]


@pytest.mark.slow
def test_what_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="analysis export"):
        perfetto.merge([tmp_path / "gone", tmp_path / "gone"], 1)
