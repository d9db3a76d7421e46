from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import measured
from benchmarks import gpu_beside
from profilers import rundir
from profilers.records import Phase, RunRecord
from tests.analysis.conftest import (
    PHASES,
    SECOND,
    START_NS,
    RunMaker,
    environment,
    resources_record,
)

HEADER = "timestamp, index, uuid, utilization.gpu [%], memory.used [MiB], power.draw [W]"
SAMPLES = (
    "time_ns,gpu0_utilization_ratio,gpu0_memory_used_bytes,gpu0_power_watts,gpu0_energy_joules",
    "0,0.5,524288000,100,0",
    "4000,0.5,524288000,100,400",
)


def smi(path: Path, watts: float = 110.0, instant: str = "") -> Path:
    """A row each 200 ms over five seconds, and one that was cut off."""
    lines = [HEADER + (", power.draw.instant [W]" if instant else "")]
    for number in range(25):
        at = datetime.fromtimestamp(START_NS / 1e9 + 0.2 * number)
        stamp = at.strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
        line = f"{stamp}, 0, GPU-AA, 40 %, {480 + number} MiB, {watts:.2f} W"
        lines.append(line + (f", {instant}" if instant else ""))
    path.write_text("\n".join([*lines, "2026/09/2"]))
    return path


@pytest.fixture
def run(tmp_path: Path, make_record: Callable[..., RunRecord]) -> Path:
    maker = RunMaker(tmp_path / "traces", msgspec.structs.replace(make_record(), created_ns=0))
    return maker(
        samples=maker.densely(SAMPLES),
        resources=resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
        machine=environment("GPU-aa", "A GPU"),
    )


def table_of(run: Path, path: Path) -> dict[str, list[str]]:
    rows = gpu_beside.rows(measured.read(run), gpu_beside.read(path))
    return {row[1]: row[2:] for row in rows}


def test_both_stand_side_by_side(run: Path, tmp_path: Path) -> None:
    assert table_of(run, smi(tmp_path / "smi.csv")) == {
        "use, %": ["50.0", "40.0", "+25.0 %"],
        "VRAM peak, MiB": ["500.0", "495.0", "+1.0 %"],
        "power, W": ["100.0", "110.0", "-9.1 %"],
        "energy, J": ["200.0", "220.0", "-9.1 %"],
    }


def test_memory_is_that_of_the_run_and_not_of_those_before_and_after(
    run: Path, tmp_path: Path
) -> None:
    path = smi(tmp_path / "smi.csv")
    first, last = "480 MiB", "504 MiB"  # before and after the phases
    path.write_text(path.read_text().replace(first, "9000 MiB").replace(last, "9000 MiB"))
    assert table_of(run, path)["VRAM peak, MiB"] == ["500.0", "495.0", "+1.0 %"]


def test_instant_power_is_taken_where_the_driver_has_it(run: Path, tmp_path: Path) -> None:
    path = smi(tmp_path / "smi.csv", instant="90.00 W")
    assert table_of(run, path)["power, W"] == ["100.0", "90.0", "+11.1 %"]
    path = smi(tmp_path / "smi.csv", instant="[N/A]")
    assert table_of(run, path)["power, W"] == ["100.0", "110.0", "-9.1 %"]


def test_what_one_of_them_lacks_is_a_dash(run: Path, tmp_path: Path) -> None:
    path = smi(tmp_path / "smi.csv")
    path.write_text(path.read_text().replace("110.00 W", "[Not Supported]"))
    assert table_of(run, path)["energy, J"] == ["200.0", "–", "–"]


def test_a_gpu_without_rows_and_a_run_without_a_timed_phase_say_so(
    run: Path, tmp_path: Path
) -> None:
    path = smi(tmp_path / "smi.csv")
    path.write_text(path.read_text().replace("GPU-AA", "GPU-bb"))
    assert "no rows of its GPU" in str(table_of_rows(run, path))
    (run / rundir.PHASES).unlink()
    rundir.append_rows(run / rundir.PHASES, [Phase("import", START_NS, SECOND)], Phase)
    assert "no timed phase" in str(table_of_rows(run, path))
    assert PHASES[0].phase == "timed"


def table_of_rows(run: Path, path: Path) -> list[Any]:
    return gpu_beside.rows(measured.read(run), gpu_beside.read(path))


def test_a_file_of_something_else_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SystemExit, match="no columns timestamp and uuid"):
        gpu_beside.read(tmp_path / "other.csv")
