"""Real training steps under TensorFlow's profiler, held to the clock and to what XProf reads."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis.annotate import Folded, fold_trace
from analysis.blocks import Kind
from analysis.groups import gather, gather_folded
from analysis.ops.table import Table
from analysis.readers.xspace import XSpaceTrace
from analysis.readers.xspace_names import PIPELINE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
RECORDER = ROOT / "tests" / "data" / "xspace" / "record.py"
STEPS = 20
SLACK_NS = 1_000_000
WORKLOADS = ("mnist-mlp", "cifar10-cnn3", "cifar10-cnn5")
REQUESTS = (*(f"function/{workload}" for workload in WORKLOADS), "fit/mnist-mlp")


@dataclass
class Recorded:
    path: Path
    brackets: list[list[int]]

    def folded(self) -> Folded:
        return fold_trace(XSpaceTrace(self.path))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recorded]:
    """Profiles of 20 steps by EXECUTION/WORKLOAD, made in one process that imports TensorFlow."""
    if find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    folder = tmp_path_factory.mktemp("recorded")
    done = subprocess.run(
        [sys.executable, str(RECORDER), str(STEPS), str(folder), *REQUESTS],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    brackets = [json.loads(line) for line in done.stdout.splitlines()[-len(REQUESTS) :]]
    return {
        request: Recorded(folder / request / "tensorflow.xplane.pb", found)
        for request, found in zip(REQUESTS, brackets, strict=True)
    }


@pytest.fixture(params=["function", "fit"])
def recorded(request: pytest.FixtureRequest, recordings: dict[str, Recorded]) -> Recorded:
    return recordings[f"{request.param}/mnist-mlp"]


def test_markers_lie_between_the_clock_readings_around_them(recorded: Recorded) -> None:
    folded = recorded.folded()
    block, strings = folded.block, folded.strings
    rows = folded.step_rows
    assert [strings[name] for name in block.name[rows]] == [f"step:{n}" for n in range(STEPS)]
    for row, readings in zip(rows.tolist(), recorded.brackets, strict=True):
        before, inside, leaving, after = readings
        start, end = int(block.start_ns[row]), int(block.end_ns[row])
        assert before - SLACK_NS <= start <= inside + SLACK_NS
        assert leaving - SLACK_NS <= end <= after + SLACK_NS


def test_xprof_reads_the_profile_and_shows_all_steps(recorded: Recorded, tmp_path: Path) -> None:
    convert = pytest.importorskip("xprof.convert.raw_to_tool_data")
    copy = tmp_path / "host.xplane.pb"
    shutil.copyfile(recorded.path, copy)
    viewer, _ = convert.xspace_to_tool_data([str(copy)], "trace_viewer", {})
    shown = [event.get("name", "") for event in json.loads(viewer)["traceEvents"]]
    assert {name for name in shown if name.startswith("train")} == {
        f"train {number}" for number in range(STEPS)
    }
    overview, _ = convert.xspace_to_tool_data([str(copy)], "overview_page", {})
    steps = json.loads(overview)[1]
    assert steps["cols"][0]["id"] == "stepnum"
    # XProf leaves out the first and the last step, which a profile may have cut.
    assert len(steps["rows"]) == STEPS - 2


def framework_op_stats(path: Path, folder: Path) -> dict[tuple[str, str], tuple[int, float, float]]:
    """XProf's table by (operation, type): occurrences, total and self time in microseconds."""
    convert = pytest.importorskip("xprof.convert.raw_to_tool_data")
    copy = folder / "host.xplane.pb"
    shutil.copyfile(path, copy)
    text, _ = convert.xspace_to_tool_data([str(copy)], "framework_op_stats", {})
    table = json.loads(text)[0]
    names = [column["id"] for column in table["cols"]]
    found = {}
    for row in table["rows"]:
        of = dict(zip(names, (cell.get("v") for cell in row["c"]), strict=True))
        sums = (int(of["occurrences"]), of["total_time"], of["total_self_time"])
        found[of["operation"], of["type"]] = sums
    return found


def test_ops_of_graphs_are_those_of_framework_op_stats(recorded: Recorded, tmp_path: Path) -> None:
    gathered = gather(XSpaceTrace(recorded.path))
    ours: dict[tuple[str, str], Counter[str]] = {}
    for key, sums in gathered.groups:
        if key.kind == Kind.OP:
            path = gathered.text(key.path).removeprefix(PIPELINE)
            of = ours.setdefault((path, gathered.text(key.name)), Counter())
            of.update(count=sums.count, total_ns=sums.total_ns, self_ns=sums.self_ns)
    theirs = framework_op_stats(recorded.path, tmp_path)
    # XProf leaves out what ran eagerly, which has no path. It adds what is no op here: its own row
    # of idle time, stages of the input pipeline, and a range whose name reads like `path:Type`.
    eager = {key for key in ours if key[0] in ("", key[1])}
    no_op = {key for key in theirs if key[1] in ("IDLE", "Dataset") or key == ("phase", "data")}
    assert set(ours) - eager == set(theirs) - no_op
    assert len(theirs) > 100
    for key in set(theirs) - no_op:
        count, total_us, self_us = theirs[key]
        assert ours[key]["count"] == count
        assert ours[key]["total_ns"] / 1000 == pytest.approx(total_us, abs=0.002 * count)
        assert ours[key]["self_ns"] / 1000 == pytest.approx(self_us, abs=0.002 * count)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_reaches_a_phase_and_a_layer(recordings: dict[str, Recorded], workload: str) -> None:
    folded = recordings[f"function/{workload}"].folded()
    found = Table(gather_folded(folded)).coverage()
    phases = {row.key: row.total_ns for row in Table(gather_folded(folded)).rows("phase")}
    print(f"{workload}: phase {found.phase_ratio:.1%}, layer {found.layer_ratio:.1%}")
    assert found.steps == STEPS
    assert sum(phases.values()) == found.steps_ns
    assert found.phase_ratio is not None
    assert found.phase_ratio >= 0.95
    layers = {row.key for row in Table(gather_folded(folded)).rows("layer")}
    assert any(key.startswith("fc") for key in layers)
    assert any(key.startswith("conv") for key in layers) == workload.startswith("cifar10")
