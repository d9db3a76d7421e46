"""Timelines of real runs, read with nothing but the json module, as a viewer would."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workloads.catalogue import find_workload
from workloads.layers import Flatten

pytestmark = pytest.mark.slow

WORKLOADS = ("mnist-mlp", "cifar10-cnn3", "cifar10-cnn5")
RUN_PHASES = [
    "import",
    "build",
    "data",
    "first_step",
    "warmup",
    "timed",
    "evaluation",
    "profiled",
    "inference",
    "peaks",
]
STEP_PHASES = ("data", "forward", "loss", "backward", "optimizer")
PROFILED_STEPS = 20
RUN = "PyTorch eager"


@dataclass(frozen=True)
class Opened:
    """A run, the events of its trace, and its slices by process and thread name."""

    run: Path
    workload: str
    events: list[dict[str, Any]]
    tracks: dict[tuple[str, str], list[dict[str, Any]]]


def refuse(word: str) -> None:
    raise AssertionError(f"{word} in the trace")


@pytest.fixture(scope="session")
def open_run(torch_runs: dict[str, dict[str, Any]]) -> Callable[[str], Opened]:
    opened: dict[str, Opened] = {}

    def one(workload: str) -> Opened:
        if workload not in opened:
            opened[workload] = read(Path(torch_runs[workload]["path"]), workload)
        return opened[workload]

    return one


@pytest.fixture(params=WORKLOADS)
def trace(request: pytest.FixtureRequest, open_run: Callable[[str], Opened]) -> Opened:
    return open_run(request.param)


def read(run: Path, workload: str) -> Opened:
    with gzip.open(run / "trace.json.gz", "rt", encoding="utf-8") as file:
        events = json.load(file, parse_constant=refuse)["traceEvents"]
    names = {
        (event["name"], event["pid"], event["tid"]): event["args"]["name"]
        for event in events
        if event["ph"] == "M" and "name" in event["args"]
    }
    tracks = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            process = names["process_name", event["pid"], event["pid"]]
            tracks[process, names["thread_name", event["pid"], event["tid"]]].append(event)
    return Opened(run, workload, events, dict(tracks))


def rows_of(run: Path, name: str) -> list[dict[str, str]]:
    with (run / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_phase_of_the_run_is_a_slice(trace: Opened) -> None:
    slices = trace.tracks[RUN, "run phases"]
    assert [piece["name"] for piece in slices] == RUN_PHASES
    lengths_us = [int(row["duration_ns"]) / 1e3 for row in rows_of(trace.run, "phases.csv")]
    assert [piece["dur"] for piece in slices] == lengths_us


def test_every_row_of_steps_is_a_slice(trace: Opened) -> None:
    slices = trace.tracks[RUN, "steps"]
    rows = rows_of(trace.run, "steps.csv")
    assert Counter(piece["name"] for piece in slices) == Counter(
        f"{row['phase']} step {row['index']}" for row in rows
    )
    assert sorted(piece["dur"] for piece in slices) == sorted(
        int(row["duration_ns"]) / 1e3 for row in rows
    )


def test_every_phase_of_every_profiled_step_is_a_slice(trace: Opened) -> None:
    slices = trace.tracks[RUN, "phases"]
    assert Counter((piece["name"], piece["args"]["step"]) for piece in slices) == Counter(
        (phase, step) for phase in STEP_PHASES for step in range(PROFILED_STEPS)
    )


def test_every_layer_of_the_model_is_a_slice_of_every_forward(trace: Opened) -> None:
    layers = find_workload(trace.workload).layers
    forward = Counter(
        piece["name"]
        for piece in trace.tracks[RUN, "layers"]
        if piece["args"]["phase"] == "forward"
    )
    assert forward == {layer.name: PROFILED_STEPS for layer in layers}
    backward = {
        piece["name"]
        for piece in trace.tracks[RUN, "layers"]
        if piece["args"]["phase"] == "backward"
    }
    assert {layer.name for layer in layers if not isinstance(layer, Flatten)} <= backward


def test_a_thread_of_the_host_has_the_operations(trace: Opened) -> None:
    operations = max(
        (slices for (process, _), slices in trace.tracks.items() if process == "torch host"),
        key=len,
    )
    names = Counter(piece["name"] for piece in operations)
    linear = sum(layer.name.startswith("fc") for layer in find_workload(trace.workload).layers)
    assert len(operations) > 500
    assert names["aten::addmm"] == linear * PROFILED_STEPS


def test_counters_hold_what_was_sampled(trace: Opened) -> None:
    values = defaultdict(list)
    for event in trace.events:
        if event["ph"] == "C":
            values[event["name"]] += event["args"].values()
    sampled = [row["process_memory_rss_bytes"] for row in rows_of(trace.run, "resources.csv")]
    assert values["RSS"] == pytest.approx([int(cell) / 2**20 for cell in sampled if cell])
    assert len(values["CPU"]) >= 2
    assert max(values["CPU"]) > 50


def test_slices_of_a_track_nest(trace: Opened) -> None:
    for slices in trace.tracks.values():
        ends: list[int] = []
        spans = [(round(p["ts"] * 1000), -round(p["dur"] * 1000)) for p in slices]
        for start_ns, negative_ns in sorted(spans):
            while ends and ends[-1] <= start_ns:
                ends.pop()
            assert not ends or start_ns - negative_ns <= ends[-1]
            ends.append(start_ns - negative_ns)


def test_the_steps_lie_in_their_phase_of_the_run(trace: Opened) -> None:
    """Both come from the recorder; the profile's own slices come from the framework's clock."""
    spans = {p["name"]: (p["ts"], p["ts"] + p["dur"]) for p in trace.tracks[RUN, "run phases"]}
    for piece in trace.tracks[RUN, "steps"]:
        begin, end = spans[piece["args"]["phase"]]
        assert begin <= piece["ts"]
        assert piece["ts"] + piece["dur"] <= end
    begin, end = spans["profiled"]
    for piece in trace.tracks[RUN, "phases"]:
        assert begin <= piece["ts"]
        assert piece["ts"] + piece["dur"] <= end


def test_every_event_is_plain(trace: Opened) -> None:
    for event in trace.events:
        assert type(event["pid"]) is int
        assert type(event["tid"]) is int
        assert event["ts"] >= 0
        assert event.get("dur", 0) >= 0
        assert isinstance(event["name"], str)
        assert event["name"]
