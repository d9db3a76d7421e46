"""What is written, as Perfetto's own trace processor reads it."""

import gzip
from collections import Counter as Count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.exporters import export, perfetto, trace_file
from analysis.exporters.trace_file import Counts
from analysis.timeline.counters import Counter
from analysis.timeline.record import Group, Slice, Track, Writer, single
from analysis.timeline.shared_clock import Align
from profilers import rundir
from profilers.records import Phase, Step
from tests.analysis.exporters.perfetto_decoding import Decoded, Shown, decode, one
from tests.analysis.timeline.sketch import DATA

pytestmark = pytest.mark.slow

COUNTS = (
    "select (select count(*) from slice), (select count(*) from counter), "
    "(select count(*) from slice where dur < 0), (select count(*) from flow)"
)
BAD = "select name, value from stats where severity in ('error', 'data_loss') and value > 0"
TRACES = sorted(
    (
        path
        for path in (*(DATA / "kineto").glob("*.json.gz"), *(DATA / "xspace").glob("*.xplane.pb"))
        if not path.name.startswith("corrupt")
    ),
    key=lambda path: path.name,
)


def assert_sound(ask: Any, trace: Path, counts: Counts) -> int:
    """Perfetto finds in the file what was written, and nothing to complain about; its arrows."""
    [numbers], bad = ask(trace, COUNTS, BAD)
    assert numbers[:3] == [counts.slices, counts.samples, 0]
    assert bad == []
    assert counts.slices == counts.slices_in
    found: int = numbers[3]
    return found


@pytest.mark.parametrize("path", TRACES, ids=[path.name for path in TRACES])
def test_all_of_a_recorded_trace_is_read(ask: Any, tmp_path: Path, path: Path) -> None:
    output = tmp_path / "trace"
    counts = export.alone(path, output, perfetto.FORM)
    assert assert_sound(ask, output, counts) == arrows(output)
    assert counts.points == 0


def arrows(trace: Path) -> int:
    """How many arrows are to be drawn: one to each end of those that begun somewhere."""
    ends = Count(
        flow for row in decode(gzip.decompress(trace.read_bytes())).slices for flow in row.flows
    )
    assert min(ends.values(), default=2) > 1
    return sum(ends.values()) - len(ends)


def merged_sound(ask: Any, paths: list[Path], output: Path, align: Align) -> Decoded:
    """Two runs or traces in one file that Perfetto reads as it was written; what is in it."""
    counts = export.merge(paths, output, align)
    assert assert_sound(ask, output, counts) == arrows(output)
    return decode(gzip.decompress(output.read_bytes()))


def top_rows(found: Decoded) -> list[list[Shown]]:
    """The steps of each member, as they stand on top."""
    return [rows for path, rows in found.by_track().items() if " / steps, " in path]


def true_ns(row: Shown) -> int:
    assert row.end_ns is not None
    length: int = row.args.get("true_duration_ns", row.end_ns - row.start_ns)
    return length


@pytest.mark.parametrize("align", ["step", "run", "wall"])
def test_two_traces_merged(ask: Any, tmp_path: Path, align: Align) -> None:
    names = ("h100-bert-small", "mi300-bert-small")
    paths = [DATA / "kineto" / f"{name}.json.gz" for name in names]
    found = merged_sound(ask, paths, tmp_path / "merged", align)
    first, second = top_rows(found)
    together = [a.start_ns == b.start_ns for a, b in zip(first, second, strict=False)]
    assert together == [align != "wall"] * len(together)


@pytest.fixture(scope="module")
def both(compared_runs: dict[str, Any]) -> list[Path]:
    """A run of torch and one of TensorFlow, of one command."""
    sides = {run["framework"]: Path(run["path"]) for run in compared_runs["runs"]}
    return [sides["torch"], sides["tensorflow"]]


def test_equal_steps_of_two_runs_begin_at_the_same_nanosecond(
    ask: Any, tmp_path: Path, both: list[Path]
) -> None:
    output = tmp_path / "merged"
    found = merged_sound(ask, both, output, "step")
    tops = top_rows(found)
    for run, rows in zip(both, tops, strict=True):
        steps = sorted(rundir.read_rows(run / rundir.STEPS, Step), key=lambda row: row.start_ns)
        assert [true_ns(row) for row in rows] == [row.duration_ns for row in steps]
    one, other = ({row.name: row for row in rows if row.flows} for rows in tops)
    assert len(one) > 100
    assert set(one) == set(other)
    for name, row in one.items():
        assert row.start_ns == other[name].start_ns
        assert (row.flows, row.correlation) == (other[name].flows, other[name].correlation)
    [[shown]] = ask(
        output,
        "select count(*) from flow f join slice a on a.id = f.slice_out "
        "join slice b on b.id = f.slice_in where a.category = 'step' and b.category = 'step' "
        "and a.ts = b.ts and a.name = b.name",
    )
    assert shown == [sum(bool(row.flows) for row in tops[0])]


def test_steps_are_as_long_as_they_were(both: list[Path], tmp_path: Path) -> None:
    """What lies inside a step waits nowhere: no other step of the run begins within one."""
    export.merge(both, tmp_path / "merged", "step")
    found = decode(gzip.decompress((tmp_path / "merged").read_bytes()))
    for rows in top_rows(found):
        assert all("true_duration_ns" not in row.args for row in rows)


def test_common_phases_of_two_runs_begin_at_one_time(tmp_path: Path, both: list[Path]) -> None:
    export.merge(both, tmp_path / "merged", "step")
    found = decode(gzip.decompress((tmp_path / "merged").read_bytes()))
    one, other = (
        {row.name: row.start_ns for row in rows}
        for path, rows in found.by_track().items()
        if path.endswith(" / run phases")
    )
    shared = set(one) & set(other)
    assert {"import", "build", "first_step", "timed", "profiled"} <= shared
    assert {name: one[name] for name in shared} == {name: other[name] for name in shared}


def test_counters_of_two_runs_are_drawn_on_one_scale(
    ask: Any, tmp_path: Path, both: list[Path]
) -> None:
    output = tmp_path / "merged"
    found = merged_sound(ask, both, output, "step")
    scales: dict[str, list[str]] = {}
    for number in found.values:
        track = found.tracks[number]
        assert found.name(track[5]).startswith("Compare: ")
        shared = one(track[8])[7].decode()
        scales.setdefault(shared, []).append(found.name(number))
    assert scales["RSS"] == ["RSS, PyTorch eager", "RSS, TensorFlow function"]
    assert scales["CPU"] == ["CPU, PyTorch eager", "CPU, TensorFlow function"]
    assert all(name.startswith(f"{scale}, ") for scale, names in scales.items() for name in names)
    units = dict(ask(output, "select name, unit from counter_track")[0])
    assert units["RSS, PyTorch eager"] == units["RSS, TensorFlow function"] == "bytes"
    order = [
        row[0]
        for row in ask(
            output,
            "select t.name from track t join args a on a.arg_set_id = t.source_arg_set_id "
            "and a.key = 'sibling_order_rank' where t.parent_id = "
            "(select id from track where name like 'Compare: %') order by a.int_value",
        )[0]
    ]
    assert order[:4] == [
        "steps, PyTorch eager",
        "steps, TensorFlow function",
        "CPU, PyTorch eager",
        "CPU, TensorFlow function",
    ]


@pytest.mark.parametrize("align", ["run", "wall"])
def test_two_runs_in_other_alignments(
    ask: Any, tmp_path: Path, both: list[Path], align: Align
) -> None:
    found = merged_sound(ask, both, tmp_path / "merged", align)
    assert all("true_duration_ns" not in row.args for row in found.slices)
    firsts = [rundir.read_rows(run / rundir.PHASES, Phase)[0].start_ns for run in both]
    for run, rows, first in zip(both, top_rows(found), firsts, strict=True):
        steps = sorted(rundir.read_rows(run / rundir.STEPS, Step), key=lambda row: row.start_ns)
        late_ns = 0 if align == "wall" else first - firsts[0]
        assert [row.start_ns for row in rows] == [row.start_ns - late_ns for row in steps]


def test_a_run_of_each_framework_alone(ask: Any, tmp_path: Path, both: list[Path]) -> None:
    for run in both:
        counts = export.alone(run, tmp_path / "alone", perfetto.FORM)
        assert assert_sound(ask, tmp_path / "alone", counts) == arrows(tmp_path / "alone")
        assert counts.points == 0
        [numbers], bad = ask(run / rundir.PERFETTO_TRACE, COUNTS, BAD)
        assert numbers[:3] == [counts.slices, counts.samples, 0]
        assert bad == []


def test_perfetto_reads_the_json_of_a_run_too(ask: Any, both: list[Path]) -> None:
    for run in both:
        [numbers], bad = ask(run / rundir.TRACE, COUNTS, BAD)
        [others], _ = ask(run / rundir.PERFETTO_TRACE, COUNTS, BAD)
        assert numbers == others
        assert bad == []


def test_unix_times_units_and_the_order_are_shown(ask: Any, make_run: Any, tmp_path: Path) -> None:
    run = make_run(phases=(), steps=())
    make_run.add_profile(run)
    export.alone(run, tmp_path / "trace", perfetto.FORM)
    times, units, order = ask(
        tmp_path / "trace",
        "select ts, dur, category from slice where name = 'aten::addmm' order by ts limit 1",
        "select name, unit from counter_track order by name",
        "select t.name, g.name from track t join track g on t.parent_id = g.id "
        "join args a on a.arg_set_id = t.source_arg_set_id and a.key = 'sibling_order_rank' "
        "where g.name != 'resources' and g.name != 'PyTorch eager' order by a.int_value",
    )
    assert times == [[make_run.start_ns + 1_020_000, 150_000, "op"]]
    assert ["RSS", "bytes"] in units
    assert ["CPU", "%"] in units
    assert order == [["thread 7", "torch host"], ["thread 7 annotations", "torch host"]]


def written(path: Path, slices: list[Slice], counters: tuple[Counter, ...] = ()) -> Counts:
    group = Group("<b>group", 0)

    def draw(writer: Writer) -> int:
        writer.slices(Track(group, "ops", 0), slices)
        for counter in counters:
            writer.counter(Track(group, counter.name, 1), counter)
        return len(slices)

    start_ns = min(piece.start_ns for piece in slices)
    return trace_file.write({path: perfetto.FORM}, start_ns, draw)[path]


def test_hostile_names_and_numbers(ask: Any, tmp_path: Path) -> None:
    args = {"nan": float("nan"), "inf": float("inf"), "low": -(2**63), "text": "\ud800\0"}
    names = [
        "<script>alert(1)</script>",
        "x" * 10_000_000,
        "a\0b\x1b[31m",
        "",
        "'; drop table slice",
    ]
    slices = [single(place, 1000 - place, name, args, "op") for place, name in enumerate(names)]
    slices += [single(500, 1000, "in part", {}, ""), single(2000, 0, "short", {}, "op")]
    values = np.array([np.nan, 1.0, np.inf, 1e300])
    counter = Counter("<b>%s", "<i>", np.arange(4) * 10, values)
    path = tmp_path / "trace"
    counts = written(path, slices, (counter,))
    assert (counts.slices, counts.samples) == (7, 2)
    assert assert_sound(ask, path, counts) == 0
    shown = ask(path, "select name from slice order by ts")[0]
    assert [row[0] for row in shown][::2] == [names[0], "ab[31m", names[4], "short"]


def test_what_is_wrong_with_a_file_is_found(ask: Any, tmp_path: Path) -> None:
    path = tmp_path / "trace"
    written(path, [single(place, 1, "op", {}, "op") for place in range(1000)])
    path.write_bytes(path.read_bytes()[:-100])
    assert "GZIP stream incomplete" in ask(path, COUNTS)
