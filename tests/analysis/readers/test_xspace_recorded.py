"""Real training steps under TensorFlow's profiler, held to the clock and to what XProf reads."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis.annotate import Folded, fold_trace
from analysis.groups import gather_folded
from analysis.ops import Table
from analysis.readers.xspace import XSpaceTrace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
RECORDER = ROOT / "tests" / "data" / "xspace" / "record.py"
STEPS = 20
SLACK_NS = 1_000_000
WORKLOADS = ("mnist-mlp", "cifar10-cnn3", "cifar10-cnn5")


@dataclass
class Recorded:
    path: Path
    brackets: list[list[int]]

    def folded(self) -> Folded:
        return fold_trace(XSpaceTrace(self.path))


def record(folder: Path, execution: str, workload: str) -> Recorded:
    """Profile 20 steps in a process of their own; skips where TensorFlow is not installed."""
    if find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    done = subprocess.run(
        [sys.executable, str(RECORDER), execution, workload, str(STEPS), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Recorded(folder / "tensorflow.xplane.pb", json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module", params=["function", "fit"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return record(tmp_path_factory.mktemp("recorded"), request.param, "mnist-mlp")


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


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_reaches_a_phase_and_a_layer(tmp_path: Path, workload: str) -> None:
    folded = record(tmp_path, "function", workload).folded()
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
