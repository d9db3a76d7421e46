import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.comparison import command, finishing, timeline
from analysis.comparison.record import Comparison
from profilers import rundir
from tests.analysis.exporters.perfetto_decoding import decode
from tests.analysis.timeline.sketch import DATA

pytestmark = pytest.mark.usefixtures("without_report")


def compared(directory: Path) -> Comparison:
    [found] = finishing.finish_all([directory]).comparisons
    return found.record


def shown(record: Comparison) -> list[str]:
    return [run.id for _, run in timeline.shown(record)]


def test_a_comparison_has_the_timeline_of_one_run_of_each_side(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.1), (3.0, 3.1)])
    record = compared(directory)
    path = directory / rundir.COMPARE_TRACE
    assert [row.trace for row in record.comparisons] == [str(path)]
    written = rundir.read_json(directory / rundir.COMPARISON, Comparison)
    assert written.comparisons == record.comparisons
    found = decode(gzip.decompress(path.read_bytes()))
    tops = {name.partition(" / ")[0] for name in found.by_track()}
    assert tops == {
        "Compare: PyTorch eager vs TensorFlow function",
        "Run 1: PyTorch eager",
        "Run 2: TensorFlow function",
    }


def test_the_round_shown_is_that_nearest_to_the_ratio(make_comparison: Any) -> None:
    steps = [(2.0, 2.0, 2.0), (3.0, 4.0, 8.0)]
    record = compared(make_comparison(steps))
    assert shown(record) == ["run-2-0", "run-2-1"]


def test_a_round_that_all_sides_have_is_shown(make_comparison: Any) -> None:
    record = compared(make_comparison([(2.0, 2.0, None), (3.0, None, 3.0)]))
    assert shown(record) == ["run-1-0", "run-1-1"]


def test_without_a_common_round_the_last_run_of_each_side_is_shown(make_comparison: Any) -> None:
    record = compared(make_comparison([(2.0, None), (None, 3.0)]))
    assert shown(record) == ["run-1-0", "run-2-1"]


def test_one_side_alone_has_no_timeline_and_an_old_one_is_gone(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (None,)])
    old = directory / rundir.COMPARE_TRACE
    old.write_bytes(b"old")
    record = compared(directory)
    assert [row.trace for row in record.comparisons] == [None]
    assert not old.exists()


def test_runs_without_a_common_step_are_shown_from_their_first_moment_on(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    (directory.parent / "run-1-1" / rundir.PHASES).unlink()
    record = compared(directory)
    (directory.parent / "run-1-1" / rundir.STEPS).unlink()
    assert timeline.write(directory, record)
    found = decode(gzip.decompress((directory / rundir.COMPARE_TRACE).read_bytes()))
    assert len({row.track for row in found.slices}) > 3


def test_what_can_not_be_written_is_told(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    (directory / rundir.COMPARE_TRACE).mkdir()
    done = finishing.finish_all([directory])
    [problem] = done.problems
    assert problem.startswith(f"{directory} has no timeline: ")
    assert [row.trace for row in done.comparisons[0].record.comparisons] == [None]


def test_traces_of_other_tools_have_one_too(tmp_path: Path) -> None:
    trace = DATA / "kineto" / "mi250-minitoy.json.gz"
    request = command.Request([trace, trace], tmp_path / "out")
    found, problems = command.compared_of(request)
    assert problems == []
    assert [row.trace for row in found.record.comparisons] == [
        str(tmp_path / "out" / rundir.COMPARE_TRACE)
    ]
    document = msgspec.json.decode(msgspec.json.encode(command.document(found, problems)))
    assert document["comparisons"][0]["trace"] == str(tmp_path / "out" / rundir.COMPARE_TRACE)
