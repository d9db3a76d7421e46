"""A day of samples through the sampler's recording, and read by the analysis."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from analysis.resources import sample_rows
from benchmarks import long_run
from profilers import rundir
from profilers.records import Phase, ResourcesRecord

START_NS = 1_790_000_000_000_000_000
MIB = 1 << 20


def test_steps_towards_one_row_a_second_keeps_memory_and_totals(tmp_path: Path) -> None:
    growth, rows = long_run.record(tmp_path, START_NS, 12_000, rows_per_rate=300)
    assert growth < long_run.MEMORY_TARGET_BYTES
    assert rows == 4 * 300 + (12_000 - 4_500) // 10
    read = sample_rows.read(tmp_path / rundir.RESOURCES, [])
    assert read.columns["sampler_readings"].sum() == 12_000
    assert int(read.time_ns[-1]) == START_NS + 1200 * 10**9
    assert read.columns["process_cpu_time_user_seconds"][-1] == pytest.approx(1200)
    assert np.nanmax(read.columns["gpu0_energy_joules"]) >= 1200
    record = rundir.read_json(tmp_path / rundir.RESOURCES_RECORD, ResourcesRecord)
    assert record.samples == 12_000
    assert [rate.readings_per_row for rate in record.row_rates] == [2, 4, 8, 10]


@pytest.mark.slow
def test_a_tenth_of_a_day_is_a_tenth_of_its_file_and_is_read_in_bounded_memory(
    tmp_path: Path,
) -> None:
    _, rows = long_run.record(tmp_path, START_NS, 86_400, rows_per_rate=3_600, trace_memory=False)
    path = tmp_path / rundir.RESOURCES
    assert rows == 4 * 3_600 + (86_400 - 15 * 3_600) // 10
    assert path.stat().st_size < long_run.FILE_TARGET_BYTES / 10
    assert (tmp_path / rundir.RESOURCES_RECORD).stat().st_size < 50_000
    tracemalloc.start()
    read = sample_rows.read(path, [START_NS + 10**12])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(read.time_ns) <= 2 * sample_rows.MOST_ROWS
    assert read.columns["sampler_readings"].sum() == 86_400
    assert peak < 64 * MIB


def test_a_run_is_made_longer_and_later_phases_follow(tmp_path: Path) -> None:
    phases = [Phase("import", 100, 10), Phase("timed", 120, 30), Phase("evaluation", 160, 5)]
    rundir.append_rows(tmp_path / rundir.PHASES, phases, Phase)
    assert long_run.lengthen(tmp_path, 2.0) == 100
    longer = rundir.read_rows(tmp_path / rundir.PHASES, Phase)
    assert [(row.start_ns, row.duration_ns) for row in longer] == [
        (100, 10),
        (120, 2 * 10**9),
        (160 + 2 * 10**9 - 30, 5),
    ]
