"""A whole run beside GPUs whose power is scripted: its energy, gross and net, is known.

There is no such card, so the run computes on the CPU; that it used the second GPU is written into
its record afterwards, before the analysis reads it.
"""

import csv
import json
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from analysis import finish
from analysis.resources.samples import RSS
from profilers import rundir
from profilers.records import ClockAnchor, ResourcesRecord
from tests.fake_nvml import library, used
from tests.fake_nvml.script import Gpu, Ramp, Script, Square, plain_signals

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PROGRAM = (
    "import sys; from profilers import baseline, cli\n"
    "baseline.idle_seconds = lambda *_: baseline.IDLE_SECONDS; sys.exit(cli.main())"
)
"""The command, but it waits before a run on the CPU too."""
UUID = "GPU-1111-test"


def script() -> Script:
    """The first GPU's power is a square wave, the second's rises as long as the run takes."""
    waves, rising = plain_signals(), plain_signals()
    waves["power"] = Square(low=50_000, high=250_000, period_s=1.0, high_s=0.5)
    rising["power"] = Ramp(first=60_000, last=660_000, begin_s=0.0, end_s=120.0, hold_s=0.02)
    rising["utilization"] = Ramp(first=0, last=0.0001, begin_s=0.0, end_s=1.0)
    return Script(gpus=[Gpu("GPU-0000-test", signals=waves), Gpu(UUID, signals=rising)])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Script]:
    if library.COMPILER is None:
        pytest.skip(library.NEEDED)
    folder = tmp_path_factory.mktemp("gpu")
    played = script()
    environment = library.variables(library.build(folder / "lib"), played, folder)
    request = ["--framework", "torch", "--device", "cpu", "--threads", "1", "--name", "run"]
    request += ["--output", str(folder / "traces"), "--json"]
    command = [sys.executable, "-c", PROGRAM, *request]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    run = folder / "traces" / "run"
    used.use(run, "cuda:1", UUID)
    finish.finish(run)
    return run, played


def seconds(run: Path, played: Script, unix_ns: int) -> float:
    """A time of the run as the script counts it."""
    record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
    anchor: ClockAnchor = record.anchors[0]
    return played.seconds(unix_ns - anchor.realtime_ns + anchor.monotonic_ns)


def phases(run: Path) -> dict[str, dict[str, Any]]:
    rows = parquet.read_table(run / rundir.DERIVED / "resources.parquet").to_pylist()
    return {row["phase"]: row for row in rows}


@pytest.mark.parametrize("phase", ["timed", "run"])
def test_energy_is_the_integral_of_the_scripted_power(
    finished: tuple[Path, Script], phase: str
) -> None:
    run, played = finished
    row = phases(run)[phase]
    begin_s, end_s = (
        seconds(run, played, row["start_ns"] + long) for long in (0, row["duration_ns"])
    )
    assert row["gpu_energy_joules"] == pytest.approx(played.joules(1, begin_s, end_s), rel=0.01)
    assert row["gpu_energy_method"] == "counter"
    assert row["gpu_power_watts"] == pytest.approx(
        played.joules(1, begin_s, end_s) / (end_s - begin_s), rel=0.01
    )


def test_net_is_above_the_power_before_the_run(finished: tuple[Path, Script]) -> None:
    run, played = finished
    rows = phases(run)
    with (run / rundir.RESOURCES).open(encoding="utf-8", newline="") as file:
        samples = list(csv.DictReader(file))
    before = [*takewhile(lambda row: not row[RSS], samples)]
    begin_s, end_s = (seconds(run, played, int(before[at]["time_ns"])) for at in (0, -1))
    assert end_s - begin_s >= 1.3
    idle_watts = played.joules(1, begin_s, end_s) / (end_s - begin_s)
    timed = rows["timed"]
    expected = timed["gpu_energy_joules"] - idle_watts * timed["duration_ns"] / 1e9
    assert timed["gpu_energy_net_joules"] == pytest.approx(expected, rel=0.01)
    summary = json.loads((run / rundir.SUMMARY).read_text())
    assert summary["idle_watts"] == pytest.approx(idle_watts, rel=0.01)
    assert summary["energy_net_joules"] == timed["gpu_energy_net_joules"]
    assert summary["power_kind"] == "instant"


def test_what_is_too_short_has_a_reason(finished: tuple[Path, Script]) -> None:
    run, _ = finished
    row = phases(run)["evaluation"]
    assert row["gpu_energy_joules"] is None
    assert "ten new values of the sensor take 1 s" in row["reasons"]
