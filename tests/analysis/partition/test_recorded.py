"""Partitions of recorded traces, held to figures that another program took from their JSON."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.partition.make import partition_of
from analysis.partition.record import ANY_LAYER
from analysis.readers.registry import open_trace
from analysis.timeorder import TimeOrder

DATA = Path(__file__).parents[2] / "data"
EXPECTED: dict[str, dict[str, Any]] = json.loads((DATA / "kineto" / "expected.json").read_text())
SMALL = [name for name, figures in EXPECTED.items() if figures["events"] < 30_000]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_parts_add_up_and_devices_are_as_busy_as_they_were(name: str) -> None:
    found = partition_of(open_trace(DATA / "kineto" / f"{name}.json.gz"))
    host = [part for part in found.parts if part.budget == "host"]
    device = [part for part in found.parts if part.budget == "device"]
    assert sum(part.time_ns for part in host) == found.steps_ns > 0
    assert sum(part.time_ns for part in device) == found.device_ns
    assert all(0 <= part.time_ns <= part.active_ns for part in found.parts if part.name)
    busy_ns = sum(part.time_ns for part in device if part.kind != "idle")
    assert busy_ns == sum(found.busy_ns.values())
    expected = EXPECTED[name]
    assert found.marked == bool(expected["profiler_steps"])
    if found.marked:
        assert found.steps == expected["profiler_steps"]
        assert found.steps_ns / 1000 == pytest.approx(sum(expected["profiler_step_us"]))
    if found.notes:  # what had begun before is left out, and said
        assert busy_ns / 1000 < sum(expected["busy_us"].values())
    else:
        assert {d: ns / 1000 for d, ns in found.busy_ns.items()} == expected["busy_us"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_the_size_of_a_window_changes_nothing(name: str) -> None:
    def parts(rows: int) -> list[bytes]:
        trace = open_trace(DATA / "kineto" / f"{name}.json.gz")
        found = partition_of(trace, order=TimeOrder(rows=rows, memory_bytes=0))
        return sorted(map(msgspec.json.encode, found.parts))

    assert parts(300) == parts(1 << 20)


def test_what_waits_before_the_first_step_is_said() -> None:
    found = partition_of(open_trace(DATA / "kineto" / "h100-qwen.json.gz"))
    expected = EXPECTED["h100-qwen"]
    [note] = found.notes
    assert note.startswith("Device 0 had 0.265 ms of work before the first step")
    before_us = expected["busy_us"]["0"] - found.busy_ns["0"] / 1000
    assert before_us == pytest.approx(265, abs=1)


def test_what_jax_did_on_the_host_is_no_gap() -> None:
    path = DATA / "xspace" / "mi300-jax-conv.xplane.pb"
    found = partition_of(open_trace(path, host=True))
    gaps_ns = sum(part.time_ns for part in found.parts if part.kind == "gap")
    assert gaps_ns < 0.01 * found.steps_ns
    assert len(found.devices) == 8


@pytest.mark.parametrize("execution", ["eager", "function", "fit", "xla"])
def test_phases_and_layers_of_tensorflow(execution: str) -> None:
    path = DATA / "xspace" / f"tensorflow-{execution}.xplane.pb"
    found = partition_of(open_trace(path, host=True))
    assert sum(part.time_ns for part in found.parts) == found.steps_ns
    assert found.marked
    assert found.phases_known
    assert found.layers_known == (execution != "eager")
    layers = {layer for part in found.parts for layer in part.layers}
    assert {"fc1", "fc2"} <= layers or execution == "eager"
    assert (ANY_LAYER in layers) <= (execution == "xla")
    assert {stretch.lane for stretch in found.stretches} == {"host"}
