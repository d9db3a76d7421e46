import gzip
import itertools
import json
from collections import Counter
from pathlib import Path

import pytest

from analysis.groups import gather
from analysis.ops.table import Table
from analysis.readers.kineto import KinetoTrace
from analysis.readers.registry import open_trace
from benchmarks.make_traces import write

KINETO = Path(__file__).parents[1] / "data" / "kineto"
SOURCE = KINETO / "mi250-minitoy.json.gz"


def events_of(path):
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)["traceEvents"]


def kinds(events):
    return Counter((event["ph"], event.get("cat")) for event in events)


@pytest.fixture
def repeated(tmp_path):
    """The source's events, and those of a trace of 300 kB made of it, repeat by repeat."""
    source = events_of(SOURCE)
    path = tmp_path / "repeated.json"
    repeats = write(SOURCE, 300_000, path)
    events = events_of(path)
    assert repeats > 2
    assert len(events) == repeats * len(source)
    parts = [events[i : i + len(source)] for i in range(0, len(events), len(source))]
    return path, source, parts


def test_the_trace_has_the_size_asked_for(repeated):
    path, _, parts = repeated
    assert 300_000 <= path.stat().st_size < 300_000 * (1 + 1 / (len(parts) - 1))


def test_each_repeat_has_what_the_source_has(repeated):
    _, source, parts = repeated
    assert all(kinds(part) == kinds(source) for part in parts)
    for part in parts:
        for event, original in zip(part, source, strict=True):
            assert event.get("dur") == original.get("dur")
            assert (event.get("pid"), event.get("tid")) == (
                original.get("pid"),
                original.get("tid"),
            )
    assert parts[0] == source


def test_each_repeat_begins_when_the_one_before_has_ended(repeated):
    _, _, parts = repeated
    spans = []
    for part in parts:
        slices = [event for event in part if event["ph"] == "X"]
        spans.append((min(e["ts"] for e in slices), max(e["ts"] + e["dur"] for e in slices)))
    assert all(end < begin for (_, end), (begin, _) in itertools.pairwise(spans))


@pytest.mark.parametrize("name", ["correlation", "External id"])
def test_no_two_repeats_share_a_number(repeated, name):
    _, _, parts = repeated
    numbers = [{e["args"][name] for e in part if name in e.get("args", {})} for part in parts]
    assert numbers[0]
    assert sum(map(len, numbers)) == len(set.union(*numbers))


def test_each_repeat_has_steps_of_its_own(repeated):
    _, source, parts = repeated
    steps = Counter(
        e["name"] for part in parts for e in part if e["name"].startswith("ProfilerStep#")
    )
    once = [e["name"] for e in source if e["name"].startswith("ProfilerStep#")]
    assert len(steps) == len(parts) * len(set(once))


def test_our_reader_reads_it_whole(repeated):
    path, _, parts = repeated
    source, trace = KinetoTrace(SOURCE), KinetoTrace(path)
    rows = sum(map(len, source.blocks()))
    assert sum(map(len, trace.blocks())) == rows * len(parts)
    assert source.dropped == trace.dropped == 0


def test_a_packed_trace_holds_the_same(repeated, tmp_path):
    path, _, parts = repeated
    packed = tmp_path / "repeated.json.gz"
    assert write(SOURCE, 300_000, packed) == len(parts)
    assert events_of(packed) == events_of(path)


def test_a_repeated_trace_is_a_longer_recording(repeated):
    path, _, parts = repeated
    one, many = (Table(gather(open_trace(each))) for each in (SOURCE, path))
    assert many.coverage().steps == 2 * len(parts)
    assert many.busy_ns == {device: len(parts) * ns for device, ns in one.busy_ns.items()}
    assert many.coverage().linked == len(parts) * one.coverage().linked
    sums = {row.key: (row.count * len(parts), row.self_ns * len(parts)) for row in one.rows("op")}
    assert {row.key: (row.count, row.self_ns) for row in many.rows("op")} == sums
