"""Files as users have them written: what is in them is what the sources hold."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.exporters import export
from analysis.exporters.perfetto import FORM
from analysis.timeline import sources
from analysis.timeline.record import Group
from profilers import rundir
from profilers.rundir import ProfileError
from tests.analysis.exporters.perfetto_decoding import Decoded, decode
from tests.analysis.timeline.sketch import DATA, Sketch

KINETO = DATA / "kineto" / "mi250-minitoy.json.gz"


def loaded(path: Path) -> Decoded:
    return decode(gzip.decompress(path.read_bytes()))


def test_a_finished_run_has_both_traces_with_the_same_in_them(make_run: Any) -> None:
    run = make_run()
    source = sources.opened(run)
    counts = export.finished(run, None)
    assert [*counts] == [run / rundir.PERFETTO_TRACE, run / rundir.TRACE]
    perfetto, chrome = counts.values()
    assert perfetto == chrome
    assert perfetto.slices == source.draw(Sketch(), Group("run", 0)) > 0
    found = loaded(run / rundir.PERFETTO_TRACE)
    assert len(found.slices) == perfetto.slices
    assert sum(map(len, found.values.values())) == perfetto.samples
    events = json.loads(gzip.decompress((run / rundir.TRACE).read_bytes()))["traceEvents"]
    assert sum(event["ph"] == "X" for event in events) == chrome.slices
    assert sum(event["ph"] == "C" for event in events) == chrome.samples


def test_a_run_alone_is_called_what_it_is(make_run: Any, tmp_path: Path) -> None:
    run = make_run(phases=[])
    make_run.add_profile(run)
    export.alone(run, tmp_path / "out", FORM)
    assert set(loaded(tmp_path / "out").by_track()) == {
        "PyTorch eager / steps",
        "PyTorch eager / phases",
        "PyTorch eager / layers",
        "PyTorch eager / torch host / thread 7",
        "PyTorch eager / torch host / thread 7 annotations",
    }


def test_perfetto_opens_on_the_profiled_steps_of_a_run_and_something_beside_them(
    make_run: Any, tmp_path: Path
) -> None:
    run = make_run()
    export.finished(run, None)
    assert loaded(run / rundir.PERFETTO_TRACE).recorded_ns == []  # it has no profile
    make_run.add_profile(run)
    export.alone(run, tmp_path / "one", FORM)
    steps = [row for row in make_run.steps if row.profiled]
    begin_ns = min(row.start_ns for row in steps)
    end_ns = max(row.start_ns + row.duration_ns for row in steps)
    beside_ns = round(0.03 * (end_ns - begin_ns))
    shown = [begin_ns - beside_ns, end_ns + beside_ns]
    assert loaded(tmp_path / "one").recorded_ns == shown
    export.merge([run, KINETO], tmp_path / "both", "wall")
    assert loaded(tmp_path / "both").recorded_ns == shown
    export.alone(KINETO, tmp_path / "other", FORM)
    assert loaded(tmp_path / "other").recorded_ns == []


@pytest.mark.parametrize("form", export.FORMS)
def test_a_trace_alone(tmp_path: Path, form: str) -> None:
    counts = export.alone(KINETO, tmp_path / "out", export.FORMS[form])
    assert (counts.slices, counts.samples, counts.points) == (112, 0, 0)
    assert counts.arrow_ends == 40


def test_what_is_merged_is_what_each_is_alone_and_a_row_of_steps_each(
    make_run: Any, tmp_path: Path
) -> None:
    run = make_run()
    make_run.add_profile(run)
    alone = [export.alone(path, tmp_path / "one", FORM) for path in (run, KINETO)]
    merged = export.merge([run, KINETO], tmp_path / "both", "step")
    steps = 2 + 2
    assert merged.slices == sum(counts.slices for counts in alone) + steps
    assert merged.samples == sum(counts.samples for counts in alone)
    assert merged.arrow_ends == sum(counts.arrow_ends for counts in alone) + steps
    tops = {path.partition(" / ")[0] for path in loaded(tmp_path / "both").by_track()}
    assert tops == {
        "Compare: PyTorch eager vs mi250-minitoy",
        "Run 1: PyTorch eager",
        "Run 2: mi250-minitoy",
    }


def test_the_same_trace_twice_has_two_names_and_arrows_of_its_own(tmp_path: Path) -> None:
    export.merge([KINETO, KINETO], tmp_path / "both", "wall")
    found = loaded(tmp_path / "both")
    ends: dict[int, set[str]] = {}
    for row in found.slices:
        for flow in row.flows:
            ends.setdefault(flow, set()).add(found.path(row.track).partition(" / ")[0])
    top = "Compare: mi250-minitoy vs mi250-minitoy (2)"
    runs = {"Run 1: mi250-minitoy"}, {"Run 2: mi250-minitoy (2)"}
    assert [*ends.values()].count({top}) == 2
    assert [[*ends.values()].count(each) for each in runs] == [20, 20]


def test_titles_may_be_given(tmp_path: Path) -> None:
    export.merge([KINETO, KINETO], tmp_path / "both", "run", ["before", "after"])
    tops = {path.partition(" / ")[0] for path in loaded(tmp_path / "both").by_track()}
    assert tops == {"Compare: before vs after", "Run 1: before", "Run 2: after"}


def test_a_profile_that_is_not_there(make_run: Any) -> None:
    with pytest.raises(ProfileError, match="has no profile"):
        export.profile_of(make_run())
    settings = msgspec.structs.replace(make_run.settings, framework="tensorflow")
    run = make_run("other", settings=settings)
    make_run.add_tensorflow_profile(run)
    assert len(export.profile_of(run).steps) == 3
