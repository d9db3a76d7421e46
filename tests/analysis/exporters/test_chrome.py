"""The file is read back with nothing but the json module, as a viewer would."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters import chrome, lanes, trace_file
from analysis.exporters.trace_file import Counts
from analysis.timeline.counters import Counter
from analysis.timeline.record import Group, Head, Slice, Track, Writer, single

START_NS = 1_790_000_000_000_000_000
RUN = Group("run", 0)
OPS = Track(RUN, "ops", 2)


def written(
    folder: Path, slices: Iterable[Slice] = (), counters: Iterable[Counter] = ()
) -> tuple[str, Counts]:
    """The text of a file with slices of one track and counters."""
    some = [*slices]

    def draw(writer: Writer) -> int:
        writer.slices(OPS, some)
        for counter in counters:
            writer.counter(Track(RUN, counter.name, 0), counter)
        return len(some)

    path = folder / "trace.json.gz"
    counts = trace_file.write({path: chrome.FORM}, START_NS, draw)[path]
    return gzip.decompress(path.read_bytes()).decode(), counts


def parsed(text: str) -> list[dict[str, Any]]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} in the trace")

    document = json.loads(text, parse_constant=refuse)
    assert document["baseTimeNanoseconds"] == START_NS
    events: list[dict[str, Any]] = document["traceEvents"]
    return events


def of_kind(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["ph"] == kind]


def tracks(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The slices of each "process / thread"."""
    names: dict[tuple[str, int, int], str] = {
        (event["name"], event["pid"], event["tid"]): event["args"].get("name", "")
        for event in of_kind(events, "M")
    }
    found = defaultdict(list)
    for event in of_kind(events, "X"):
        process = names["process_name", event["pid"], event["pid"]]
        found[f"{process} / {names['thread_name', event['pid'], event['tid']]}"].append(event)
    return dict(found)


def nanoseconds(microseconds: float) -> int:
    return round(microseconds * 1000)


def crossing(events: list[dict[str, Any]]) -> int:
    """Slices that overlap another one of their track in part."""
    broken = 0
    for rows in tracks(events).values():
        ends: list[int] = []
        for start, negative in sorted((nanoseconds(e["ts"]), -nanoseconds(e["dur"])) for e in rows):
            while ends and ends[-1] <= start:
                ends.pop()
            broken += bool(ends) and start - negative > ends[-1]
            ends.append(start - negative)
    return broken


def op(start_ns: int, duration_ns: int, name: str = "op") -> Slice:
    return single(START_NS + start_ns, duration_ns, name, {}, "op")


def test_a_slice_says_all_that_is_known_of_it(tmp_path: Path) -> None:
    head = Head("aten::addmm é", "op", {"phase": "forward", "ms": 0.5}, ("step", "sequence"))
    text, counts = written(tmp_path, [Slice(START_NS + 120, 50, head, (3, -1))])
    (event,) = of_kind(parsed(text), "X")
    assert (event["name"], event["cat"]) == ("aten::addmm é", "op")
    assert event["args"] == {"phase": "forward", "ms": 0.5, "step": 3}
    assert '"ts":0.120,"dur":0.050' in text
    assert "addmm é" in text
    assert (counts.slices, counts.tracks) == (1, 1)


def test_times_keep_every_nanosecond(tmp_path: Path) -> None:
    text, _ = written(tmp_path, [op(3_600_000_000_123, 1_234_567)])
    assert '"ts":3600000000.123,"dur":1234.567' in text


def test_an_empty_file_is_one(tmp_path: Path) -> None:
    text, counts = written(tmp_path)
    assert of_kind(parsed(text), "X") == []
    assert counts.slices == 0


@given(spans=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=30))
def test_overlapping_slices_go_to_lanes_and_none_is_lost(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]]
) -> None:
    spans.sort(key=lambda span: (span[0], -span[1]))
    text, counts = written(tmp_path_factory.getbasetemp(), [op(*span) for span in spans])
    events = parsed(text)
    assert counts.slices == len(spans)
    assert not crossing(events)
    shown = [(nanoseconds(e["ts"]), nanoseconds(e["dur"])) for e in of_kind(events, "X")]
    assert sorted(shown) == sorted(spans)
    found = tracks(events)
    assert counts.tracks == len(found)
    names = ["ops", *(f"ops (overlap {number})" for number in range(2, len(found) + 1))]
    assert sorted(found) == sorted(f"run / {name}" for name in names)


def test_slices_beyond_the_most_lanes_are_points_that_say_how_long_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "MOST_LANES", 1)
    monkeypatch.setattr(chrome, "MOST_LANES", 1)
    text, counts = written(tmp_path, [op(0, 10), op(5, 10), op(6, 9)])
    assert (counts.slices, counts.points) == (3, 2)
    points = tracks(parsed(text))["run / ops (more than 1 at a time)"]
    assert [(e["ts"], e["dur"], e["args"]) for e in points] == [
        (0.005, 0, {"true_duration_ns": 10}),
        (0.006, 0, {"true_duration_ns": 9}),
    ]


def test_gaps_of_a_counter_are_left_out(tmp_path: Path) -> None:
    values = np.array([1.0, np.nan, np.inf, 2.0])
    text, counts = written(
        tmp_path, counters=[Counter("power", "W", START_NS + np.arange(4), values)]
    )
    found = [(e["name"], e["ts"], e["args"]) for e in of_kind(parsed(text), "C")]
    assert found == [("power", 0, {"W": 1}), ("power", 0.003, {"W": 2})]
    assert counts.samples == 2


def test_arrows_begin_and_end_on_their_slices(tmp_path: Path) -> None:
    one = op(1, 5)._replace(arrows=(77,))
    other = op(20, 5)._replace(arrows=(-77,))
    text, counts = written(tmp_path, [one, op(8, 1), other])
    events = parsed(text)
    (start,), (end,) = of_kind(events, "s"), of_kind(events, "t")
    assert start["id"] == end["id"] == "4d"
    places = {(e["pid"], e["tid"], e["ts"]) for e in of_kind(events, "X")}
    assert {(e["pid"], e["tid"], e["ts"]) for e in (start, end)} <= places
    assert counts.arrow_ends == 2


def test_numbers_of_processes_and_threads_are_unique_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "trace"

    def draw(writer: Writer) -> int:
        for number in range(3):
            group = Group(f"group {number}", number, RUN if number else None)
            for name in ("one", "other"):
                writer.slices(Track(group, name, 0), [op(0, 9), op(5, 9)])
        return 12

    trace_file.write({path: chrome.FORM}, START_NS, draw)
    events = parsed(gzip.decompress(path.read_bytes()).decode())
    named = [e for e in of_kind(events, "M") if e["name"] == "thread_name"]
    threads = [event["tid"] for event in named]
    assert len(threads) == len(set(threads)) == 12
    assert not set(threads) & {event["pid"] for event in events}
    assert len(tracks(events)) == 12


def test_more_slices_than_are_kept_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chrome, "BUFFER_LINES", 7)
    monkeypatch.setattr(chrome, "MOST_HEADS", 3)
    text, _ = written(tmp_path, [op(start * 10, 5, f"op {start}") for start in range(100)])
    names = [event["name"] for event in of_kind(parsed(text), "X")]
    assert names == [f"op {start}" for start in range(100)]


def test_hostile_texts(tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", 'a"\\\n\0b', "", "\u202e", "x" * 1_000_000, "a\ud800"]
    text, _ = written(tmp_path, [op(place, 0, name) for place, name in enumerate(names)])
    found = [event["name"] for event in of_kind(parsed(text), "X")]
    assert found[:3] == names[:3]
    assert found[3:] == ["\u202e", "x" * 4096 + "… (1,000,000 characters)", "a\ufffd"]


def test_hostile_arguments(tmp_path: Path) -> None:
    args = {"nan": float("nan"), "low": -(2**63), 'k"ey': "a\ud800", "long": "y" * 5000}
    text, _ = written(tmp_path, [single(START_NS, 1, "op", args, "op")])
    (event,) = of_kind(parsed(text), "X")
    shown = event["args"]
    assert (shown["nan"], shown["low"], shown['k"ey']) == (None, -(2**63), "a\ufffd")
    assert shown["long"].endswith("… (5,000 characters)")
