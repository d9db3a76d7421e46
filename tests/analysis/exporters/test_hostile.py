"""Traces made to break what reads them: each is exported in time, and Perfetto reads all of it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from analysis.exporters import chrome, export, lanes, perfetto
from analysis.exporters.trace_file import Counts
from tests.analysis.exporters.test_loading import assert_sound

pytestmark = pytest.mark.slow

BASE_NS = 1_790_000_000_000_000_000
MANY = 100_000


def op(start_us: float, length_us: float, thread: int = 7, name: str = "op", **more: Any) -> str:
    event = {"ph": "X", "cat": "cpu_op", "name": name, "pid": 7, "tid": thread, "args": {}}
    return json.dumps(event | {"ts": start_us, "dur": length_us} | more)


def exported(folder: Path, events: Iterable[str], base_ns: int = BASE_NS) -> tuple[Path, Counts]:
    """The Perfetto trace that such a Kineto trace becomes."""
    trace, output = folder / "trace.json", folder / "trace.pftrace.gz"
    head = f'{{"schemaVersion":1,"baseTimeNanoseconds":{base_ns},"traceEvents":[\n'
    trace.write_text(head + ",\n".join(events) + "\n]}", encoding="utf-8")
    counts = export.alone(trace, output, perfetto.FORM)
    assert export.alone(trace, folder / "chrome", chrome.FORM) == counts
    return output, counts


def test_nothing_at_all(ask: Any, tmp_path: Path) -> None:
    output, counts = exported(tmp_path, [])
    assert counts.slices == 0
    assert_sound(ask, output, counts)


def test_a_thread_for_each_event(ask: Any, tmp_path: Path) -> None:
    output, counts = exported(tmp_path, (op(place, 5, thread=place) for place in range(MANY)))
    assert (counts.slices, counts.points) == (MANY, 0)
    assert counts.tracks < 1_100
    assert_sound(ask, output, counts)


def test_a_device_for_each_event_and_each_allocation(ask: Any, tmp_path: Path) -> None:
    kernels = (
        op(place, 2, cat="kernel", args={"device": place, "stream": 1, "correlation": place})
        for place in range(20_000)
    )
    memory = (
        op(place, 0, ph="i", cat="cpu_instant_event", name="[memory]", s="t", args=allocation)
        for place in range(20_000)
        for allocation in [{"Total Allocated": 9, "Bytes": 1, "Device Id": place, "Device Type": 1}]
    )
    output, counts = exported(tmp_path, [*kernels, *memory])
    assert (counts.slices, counts.samples) == (20_000, 20_000)
    assert_sound(ask, output, counts)
    [[tracks]] = ask(output, "select count(*) from counter_track")
    assert tracks == [101]


def test_events_that_all_overlap_in_part(ask: Any, tmp_path: Path) -> None:
    output, counts = exported(tmp_path, (op(place, MANY) for place in range(MANY)))
    assert (counts.slices, counts.points) == (MANY, MANY - lanes.MOST_LANES)
    assert_sound(ask, output, counts)
    [[told]] = ask(
        output,
        "select count(*) from slice where "
        f"extract_arg(arg_set_id, 'debug.true_duration_ns') = {MANY * 1000}",
    )
    assert told == [counts.points]


def test_nests_of_2000_levels(ask: Any, tmp_path: Path) -> None:
    events = (
        op(nest * 10_000 + level, 8_000 - 2 * level) for nest in range(10) for level in range(2_000)
    )
    output, counts = exported(tmp_path, events)
    assert (counts.slices, counts.points, counts.tracks) == (20_000, 0, 4)
    assert_sound(ask, output, counts)
    [[deepest]] = ask(output, "select max(depth) from slice")
    assert deepest == [lanes.DEEPEST - 1]


def test_texts_that_are_long_or_markup(ask: Any, tmp_path: Path) -> None:
    script = "</script><script>alert(1)</script>"
    thread = {"ph": "M", "name": "thread_name", "pid": 7, "tid": 7, "args": {"name": script}}
    names = ["x" * 10_000_000, script, "\ud800\x00\x1b[31m", ""]
    events = [op(place * 10, 5, name=name) for place, name in enumerate(names)]
    output, counts = exported(tmp_path, [json.dumps(thread), *events])
    assert_sound(ask, output, counts)
    assert output.stat().st_size < 10_000
    [[name], [track]] = ask(
        output,
        f"select name from slice where name = '{script}'",
        "select t.name from slice s join track t on s.track_id = t.id where s.ts = "
        "(select min(ts) from slice)",
    )
    assert (name, track) == ([script], [script])


def test_more_texts_than_a_sequence_keeps(ask: Any, tmp_path: Path) -> None:
    events = [op(0, 10 * MANY + 5, name="around")]
    events += [op(place * 10 + 1, 9, name=f"op {place}") for place in range(MANY + 500)]
    output, counts = exported(tmp_path, events)
    assert_sound(ask, output, counts)
    [[names], [around]] = ask(
        output,
        "select count(distinct name) from slice",
        "select dur from slice where name = 'around'",
    )
    assert (names, around) == ([MANY + 501], [1_000 * (10 * MANY + 5)])


@pytest.mark.parametrize("base_ns", [BASE_NS, 0, 10**9])
def test_times_that_no_clock_shows(ask: Any, tmp_path: Path, base_ns: int) -> None:
    spans = [(-5.5, 2), (-1e15, 5), (0, 0), (3, 1e30), (1e30, 3), (9e15, 9e15), (7, -3), (8, 1)]
    output, counts = exported(tmp_path, [op(*span) for span in spans], base_ns)
    assert counts.slices >= 3
    assert_sound(ask, output, counts)


def test_numbers_that_are_none(ask: Any, tmp_path: Path) -> None:
    args = '{"Input Dims":[[NaN,2]],"flops":NaN,"bytes":Infinity,"stream":NaN,"device":-5}'
    event = op(1, 2).replace('"args": {}', f'"args": {args}')
    counter = '{"ph":"C","name":"c","pid":7,"tid":7,"ts":1,"args":{"v":NaN,"w":Infinity}}'
    output, counts = exported(tmp_path, [event, counter, op(5, 2)])
    assert counts.slices == 2
    assert_sound(ask, output, counts)


def test_ranks_of_one_name(ask: Any, tmp_path: Path) -> None:
    folder = tmp_path / "ranks"
    folder.mkdir()
    for rank in range(4):
        events = [
            op(0, 10, cat="user_annotation", name="ProfilerStep#1"),
            op(1, 5, cat="user_annotation", name="forward"),
            op(2, 3, args={"External id": 1}),
            op(3, 2, cat="cuda_runtime", name="cudaLaunchKernel", args={"correlation": 5}),
            op(4, 2, cat="kernel", args={"correlation": 5, "device": 0, "stream": 7}),
        ]
        text = f'{{"schemaVersion":1,"distributedInfo":{{"rank":{rank}}},"traceEvents":['
        (folder / f"rank{rank}.json").write_text(text + ",".join(events) + "]}")
    output = tmp_path / "out"
    counts = export.alone(folder, output, perfetto.FORM)
    assert counts.slices == 20
    assert assert_sound(ask, output, counts) == 4
    groups, lanes_shown = ask(
        output,
        "select name from track where name like 'rank %' or name like 'phases, %' order by name",
        "select count(*) from track where name like 'overlap%'",
    )
    assert [name for (name,) in groups] == [
        *(f"phases, rank {rank}" for rank in range(4)),
        *(f"rank {rank}, {part}" for rank in range(4) for part in ("GPU 0", "process 7")),
    ]
    assert lanes_shown == [[0]]
