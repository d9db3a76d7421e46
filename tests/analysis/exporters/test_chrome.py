"""The file is read back with nothing but the json module, as a viewer would."""

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.annotate import Folded, fold, fold_trace
from analysis.blocks import Kind, Strings, from_columns
from analysis.exporters import chrome
from analysis.readers.kineto import KinetoTrace
from analysis.timeline.record import build
from profilers.records import Phase
from profilers.rundir import ProfileError

DATA = Path(__file__).parents[2] / "data" / "kineto"
MS = 1_000_000


def load(run: Path) -> dict[str, Any]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} in the trace")

    with gzip.open(run / "trace.json.gz", "rt", encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file, parse_constant=refuse)
    return document


def slices(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in document["traceEvents"] if event["ph"] == "X"]


def tracks(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The slices of each "process / thread"."""
    names: dict[str, dict[Any, str]] = {"process_name": {}, "thread_name": {}}
    for event in document["traceEvents"]:
        if event["ph"] == "M" and event["name"] == "process_name":
            names["process_name"][event["pid"]] = event["args"]["name"]
        if event["ph"] == "M" and event["name"] == "thread_name":
            names["thread_name"][event["pid"], event["tid"]] = event["args"]["name"]
    found = defaultdict(list)
    for event in slices(document):
        thread = names["thread_name"][event["pid"], event["tid"]]
        found[f"{names['process_name'][event['pid']]} / {thread}"].append(event)
    return dict(found)


def nanoseconds(microseconds: float) -> int:
    return round(microseconds * 1000)


def crossing(document: dict[str, Any]) -> int:
    """Slices that overlap another one of their track in part."""
    broken = 0
    by_track = defaultdict(list)
    for event in slices(document):
        start = nanoseconds(event["ts"])
        by_track[event["pid"], event["tid"]].append((start, -nanoseconds(event["dur"])))
    for rows in by_track.values():
        ends: list[int] = []
        for start, negative in sorted(rows):
            while ends and ends[-1] <= start:
                ends.pop()
            broken += bool(ends) and start - negative > ends[-1]
            ends.append(start - negative)
    return broken


def folded_of(events: list[tuple[str, Kind, int, int]], base_ns: int, **columns: Any) -> Folded:
    strings = Strings()
    block = from_columns(
        len(events),
        event_id=range(len(events)),
        name=[strings.number(event[0]) for event in events],
        kind=[event[1] for event in events],
        start_ns=[base_ns + event[2] for event in events],
        duration_ns=[event[3] for event in events],
        process=[1] * len(events),
        thread=[5] * len(events),
        **columns,
    )
    return fold(block, strings, {(1, 5): "python"})


STEP: list[tuple[str, Kind, int, int]] = [
    ("step:0", Kind.STEP, 0, 1000),
    ("phase:forward", Kind.ANNOTATION, 100, 200),
    ("layer:fc1", Kind.ANNOTATION, 110, 100),
    ("aten::addmm é", Kind.OP, 120, 50),
    ("Optimizer.step", Kind.ANNOTATION, 700, 100),
    ("aten::zero", Kind.OP, 710, 0),
]


def test_a_run_without_a_profile_shows_phases_steps_and_counters(make_run: Any) -> None:
    phases = [Phase("import", make_run.start_ns - 5 * MS, MS), Phase("timed", make_run.start_ns, 9)]
    run = make_run(phases=phases)
    counts = chrome.write(run, build(run, None))
    document = load(run)
    assert document["baseTimeNanoseconds"] == make_run.start_ns - 5 * MS
    shown = tracks(document)
    assert [row["name"] for row in shown["run / run phases"]] == ["import", "timed"]
    steps = shown["run / steps"]
    assert "timed step 3" in {row["name"] for row in steps}
    assert counts.slices == counts.slices_in == len(slices(document))
    names = {event["name"] for event in document["traceEvents"] if event["ph"] == "C"}
    assert {"CPU", "RSS", "Threads"} <= names
    assert not crossing(document)
    assert [path.name for path in run.iterdir() if "trace.json" in path.name] == ["trace.json.gz"]


def test_a_window_says_how_many_steps_it_holds(make_run: Any) -> None:
    window = make_run.step("timed", 8, 80.0, kind="window", count=8, loss=float("nan"))
    run = make_run(steps=[window])
    chrome.write(run, build(run, None))
    (row,) = tracks(load(run))["run / steps"]
    assert row["name"] == "timed, window of 8"
    assert row["args"] == {
        "phase": "timed",
        "index": 8,
        "epoch": 0,
        "samples": 32,
        "ms per step": 10.0,
    }


def test_each_event_of_the_profile_is_on_its_track(make_run: Any) -> None:
    run = make_run(steps=(), phases=())
    folded = folded_of(STEP, make_run.start_ns + 3)
    counts = chrome.write(run, build(run, folded))
    shown = tracks(load(run))
    names = {track: [row["name"] for row in rows] for track, rows in shown.items()}
    assert names == {
        "run / phases": ["forward"],
        "run / layers": ["fc1"],
        "torch host / python": ["aten::addmm é", "aten::zero"],
        "torch host / python annotations": ["step:0", "Optimizer.step"],
    }
    assert counts.slices == counts.slices_in == len(STEP)
    (op, zero) = shown["torch host / python"]
    assert op["args"] == {"phase": "forward", "layer": "fc1", "step": 0}
    assert zero["dur"] == 0
    text = gzip.decompress((run / "trace.json.gz").read_bytes()).decode()
    assert "addmm é" in text
    assert '"ts":0.120,"dur":0.050' in text


def test_times_keep_every_nanosecond(make_run: Any) -> None:
    run = make_run(steps=(), phases=[Phase("import", make_run.start_ns, 1)], samples=None)
    far_ns = 3_600_000_000_123
    folded = folded_of([("op", Kind.OP, far_ns, 1_234_567)], make_run.start_ns)
    chrome.write(run, build(run, folded))
    text = gzip.decompress((run / "trace.json.gz").read_bytes()).decode()
    assert '"ts":3600000000.123,"dur":1234.567' in text
    assert f'"baseTimeNanoseconds":{make_run.start_ns},' in text


def test_backward_ops_show_as_stretches_of_one_layer(make_run: Any) -> None:
    run = make_run(steps=(), phases=(), samples=None)
    forward = [
        ("layer:fc1", Kind.ANNOTATION, 0, 10),
        ("aten::addmm", Kind.OP, 1, 5),
        ("layer:fc2", Kind.ANNOTATION, 10, 10),
        ("aten::addmm", Kind.OP, 11, 5),
    ]
    autograd = "autograd::engine::evaluate_function: "
    backward = [
        (autograd + "AddmmBackward0", Kind.OP, 30, 5),
        ("aten::mm", Kind.OP, 31, 2),
        (autograd + "TBackward0", Kind.OP, 36, 2),
        (autograd + "AccumulateGrad", Kind.OP, 40, 1),
        (autograd + "AddmmBackward0", Kind.OP, 50, 5),
    ]
    folded = folded_of(
        forward + backward,
        make_run.start_ns,
        sequence=[-1, 1, -1, 2, 2, -1, 2, -1, 1],
        forward_thread=[-1, 0, -1, 0, 1, -1, 1, -1, 1],
    )
    counts = chrome.write(run, build(run, folded))
    rows = [
        (row["name"], nanoseconds(row["ts"]), nanoseconds(row["dur"]), row["args"]["phase"])
        for row in tracks(load(run))["run / layers"][2:]
    ]
    assert rows == [("fc2", 30, 8, "backward"), ("fc1", 50, 5, "backward")]
    assert counts.slices == counts.slices_in == len(forward) + len(backward) + 2


EVENTS = st.lists(
    st.tuples(st.just("op"), st.just(Kind.OP), st.integers(0, 40), st.integers(0, 20)),
    min_size=1,
    max_size=30,
)


@given(events=EVENTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_overlapping_slices_go_to_lanes_and_none_is_lost(
    make_run: Any, events: list[tuple[str, Kind, int, int]]
) -> None:
    run = make_run.output / "any"
    if not run.exists():
        make_run("any", steps=(), phases=(), samples=None)
    counts = chrome.write(run, build(run, folded_of(events, make_run.start_ns)))
    document = load(run)
    assert counts.slices == counts.slices_in == len(events) == len(slices(document))
    assert not crossing(document)
    first = min(start for _, _, start, _ in events)
    shown = sorted((nanoseconds(e["ts"]), nanoseconds(e["dur"])) for e in slices(document))
    assert shown == sorted((start - first, length) for _, _, start, length in events)
    lanes = len(tracks(document))
    assert counts.tracks == lanes
    names = ["python", *(f"python (overlap {n})" for n in range(2, lanes + 1))]
    assert sorted(tracks(document)) == sorted(f"torch host / {name}" for name in names)


@pytest.mark.parametrize(
    ("name", "arrows", "gpu"),
    [("mi250-minitoy", 16, "GPU 2"), ("h100-bert-small", 61, "GPU 0"), ("cpu-only-gloo", 0, "")],
)
def test_recorded_traces_survive(make_run: Any, name: str, arrows: int, gpu: str) -> None:
    run = make_run(steps=(), phases=(), samples=None)
    folded = fold_trace(KinetoTrace(DATA / f"{name}.json.gz"))
    counts = chrome.write(run, build(run, folded))
    document = load(run)
    memory = int((folded.block.kind == Kind.MEMORY).sum())
    assert counts.slices == counts.slices_in == len(folded.block) - memory == len(slices(document))
    assert counts.samples == memory
    assert not crossing(document)
    events = document["traceEvents"]
    starts = [event for event in events if event["ph"] == "s"]
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert len(starts) == len(ends) == counts.arrows == arrows
    places = {(e["pid"], e["tid"], e["ts"]) for e in slices(document)}
    for start in starts:
        end = ends[start["id"]]
        assert end["bp"] == "e"
        assert start["ts"] <= end["ts"]
        assert {(e["pid"], e["tid"], e["ts"]) for e in (start, end)} <= places
    assert any(track.startswith(gpu) for track in tracks(document))
    assert all(isinstance(event[key], int) for event in events for key in ("pid", "tid"))


def test_numbers_of_tracks_are_unique_in_the_file(make_run: Any) -> None:
    run = make_run()
    chrome.write(run, build(run, folded_of(STEP, make_run.start_ns)))
    events = load(run)["traceEvents"]
    threads = [e["tid"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"]
    assert len(threads) == len(set(threads))
    assert not set(threads) & {e["pid"] for e in events}


def test_a_folder_that_cannot_be_written_to(make_run: Any) -> None:
    run = make_run()
    (run / "trace.json.gz").mkdir()
    with pytest.raises(ProfileError, match="can't be written"):
        chrome.write(run, build(run, None))
    assert not [path for path in run.iterdir() if path.name.startswith(".trace")]
