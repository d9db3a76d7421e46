import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from profilers.records import RunRecord
from profilers.summaries import Spread, empty_summary

ROOT = Path(__file__).parents[2]

Table = Callable[..., list[list[str]]]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """The rows that the program prints of such documents, in cells; the rule is left out."""

    def printed(**documents: Any) -> list[list[str]]:
        paths = []
        for name, document in documents.items():
            paths.append(tmp_path / f"{name}.json")
            paths[-1].write_bytes(msgspec.json.encode(document) if document else b"")
        command = [sys.executable, str(ROOT / "benchmarks" / "gpu_table.py"), *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        header, rule, *rows = done.stdout.splitlines()
        assert header.count("|") == rule.count("|")
        return [[cell.strip() for cell in row.strip("|").split("|")] for row in (header, *rows)]

    return printed


@pytest.fixture
def row(make_record: Callable[..., RunRecord]) -> Callable[..., Any]:
    """A run as `profile.py --json` prints it."""

    def make(**figures: Any) -> Any:
        plain = empty_summary("traces/run", make_record(batch_size=256))
        return json.loads(msgspec.json.encode(msgspec.structs.replace(plain, **figures)))

    return make


def test_a_run_is_a_row_of_as_many_cells_as_the_heading(
    table: Table, row: Callable[..., Any], tmp_path: Path
) -> None:
    run = row(
        step_ms=Spread(1.23456, 1.2, 1.3, 160),
        samples_per_second=207_361.4,
        overhead_ratio=1.5,
        gpu_percent=93.4,
        vram_peak_bytes=1 << 30,
        power_watts=251.6,
        energy_joules=2012.7,
        energy_joules_per_1000_samples=1.2345,
        energy_net_joules_per_1000_samples=0.91,
        gpu_trace_percent=71.2,
        process_vram_peak_bytes=1 << 29,
        flops_per_second=2e13,
        path=str(tmp_path),
    )
    (tmp_path / "result.json").write_text('{"peak_flops_per_second": 5e13}')
    heading, cells = table(one={"runs": [run]})
    assert dict(zip(heading, cells, strict=True)) == {
        "workload": "mnist-mlp",
        "execution": "eager",
        "precision": "fp32",
        "batch": "256",
        "step, ms (middle half)": "1.235 (1.200 to 1.300)",
        "samples/s": "207,361",
        "of matmul's peak, %": "40.0",
        "profiler, ×": "1.50",
        "GPU by NVML, %": "93",
        "by the trace, %": "71",
        "VRAM peak, MiB": "1,024",
        "of the run": "512",
        "allocated": "–",
        "power, W": "252",
        "energy, J": "2,013",
        "J per 1,000 samples": "1.23",
        "above idle": "0.91",
    }


def test_figures_that_are_missing_are_dashes(table: Table, row: Callable[..., Any]) -> None:
    _, cells = table(one={"runs": [row(step_ms=Spread(1, 1, 1, 1))]})
    assert cells[4] == "1.000 (1.000 to 1.000)"
    assert cells[5:] == ["–"] * 12


def test_a_run_without_steps_shows_its_reason_or_status(
    table: Table, row: Callable[..., Any]
) -> None:
    heading, failed, stopped = table(
        one={"runs": [row(status="failed", error="out of | memory\nat once")]},
        two={"runs": [row(status="timed-out")]},
    )
    assert dict(zip(heading, failed, strict=False)) == {
        "workload": "mnist-mlp",
        "execution": "eager",
        "precision": "fp32",
        "batch": "256",
        "step, ms (middle half)": "out of / memory at once",
    }
    assert stopped[4] == "timed-out"


def test_a_run_that_did_not_complete_says_so_beside_its_steps(
    table: Table, row: Callable[..., Any]
) -> None:
    step = Spread(1, 1, 1, 1)
    _, stopped = table(one={"runs": [row(step_ms=step, status="timed-out", error="too long")]})
    assert stopped[4] == "1.000 (1.000 to 1.000); too long"


def test_a_request_that_failed_and_a_file_without_text_have_a_row(table: Table) -> None:
    _, refused, empty = table(refused={"error": "no GPU", "runs": []}, empty=None)
    assert refused == ["refused", "", "", "", "no GPU"]
    assert empty == ["empty", "", "", "", "no output"]
