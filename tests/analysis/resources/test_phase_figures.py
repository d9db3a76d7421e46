"""Each phase's figures from samples that are known: two GPUs, two packages, a phase without any."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.resources import phase_figures, samples
from analysis.resources.phase_figures import PhaseFigures
from profilers import rundir
from profilers.records import MemoryAtPhaseEnd, Phase, Step
from tests.analysis.conftest import MS, SECOND, START_NS, RunMaker, environment, resources_record

HEADER = (
    "time_ns,process_cpu_time_user_seconds,process_cpu_time_system_seconds,"
    "process_memory_rss_bytes,process_memory_rss_peak_bytes,"
    "gpu0_utilization_ratio,gpu0_power_watts,gpu0_energy_joules,"
    "gpu1_utilization_ratio,gpu1_memory_used_bytes,gpu1_power_watts,gpu1_energy_joules,"
    "cpu_package0_energy_joules,cpu_package0_core_energy_joules,cpu_package1_energy_joules,"
    "cpu_psys_energy_joules"
)
# GPU 1 takes 60 W for 2 s before the run, 100 W up to 4 s and 300 W up to 12 s.
LINES = (
    HEADER,
    "0,,,,,0,60,0,0,100,60,0,0,0,0,0",
    "1900,,,,,0,60,114,0,100,60,114,19,9.5,9.5,85.5",
    "2000,0,0,100,100,0,60,120,0,100,60,120,20,10,10,90",
    "4000,1.5,0.5,200,200,0,60,240,0.5,300,100,320,60,30,20,180",
    "12000,13.5,0.5,400,900,0,60,720,0.75,500,300,2720,300,150,100,900",
)
PHASES = (
    Phase("import", START_NS + 2 * SECOND, 2 * SECOND),
    Phase("data", START_NS + 4 * SECOND + 20 * MS, 50 * MS),
    Phase("timed", START_NS + 5 * SECOND, 4 * SECOND, 7 << 20, 9 << 20),
    Phase("profiled", START_NS + 9 * SECOND, 2 * SECOND),
    Phase("peaks", START_NS + 11 * SECOND, SECOND),
)
STEPS = (
    Step(phase="timed", epoch=0, index=0, kind="window", count=40, samples=1280,
         start_ns=START_NS + 5 * SECOND, duration_ns=4 * SECOND),
)  # fmt: skip
RECORD = resources_record(
    gpus=[
        {"index": 0, "uuid": "GPU-aa", "power_kind": "instant"},
        {"index": 1, "uuid": "GPU-bb", "power_kind": "instant"},
    ],
    capabilities={"gpu": "available", "rapl": "available"},
    phase_ends=[
        MemoryAtPhaseEnd(phase="timed", time_ns=0, rss_bytes=390, pss_bytes=350, uss_bytes=300),
        MemoryAtPhaseEnd(phase="data", time_ns=0, rss_bytes=250),
    ],
)


def rows_of(make_run: Any, **others: Any) -> dict[str, PhaseFigures]:
    values: dict[str, Any] = {
        "samples": make_run.densely(LINES),
        "phases": PHASES,
        "steps": STEPS,
        "resources": RECORD,
        "machine": environment("GPU-bb", "A GPU"),
    }
    run = make_run(**values | others)
    steps = rundir.read_rows(run / rundir.STEPS, Step)
    phases = rundir.read_rows(run / rundir.PHASES, Phase)
    rows = phase_figures.of_run(samples.read(run), phases, steps, 0.4)
    return {row.phase: row for row in rows}


def test_the_timed_phase_of_the_second_gpu(make_run: Any) -> None:
    row = rows_of(make_run)["timed"]
    assert (row.steps, row.samples, row.readings) == (40, 1280, 41)
    assert row.cpu_user_seconds == pytest.approx(6)
    assert row.cpu_system_seconds == pytest.approx(0)
    assert row.cpu_seconds_per_step == pytest.approx(6 / 40)
    assert row.cpu_cores == pytest.approx(1.5)
    assert row.cpu_share_ratio == pytest.approx(1.5 / 4)
    assert (row.rss_mean_bytes, row.rss_peak_bytes) == (400, 400)
    assert (row.pss_end_bytes, row.uss_end_bytes) == (350, 300)
    assert row.gpu_utilization_ratio == pytest.approx(0.75)
    assert row.gpu_trace_busy_ratio is None
    assert (row.vram_peak_bytes, row.process_vram_peak_bytes) == (500, None)
    assert (row.allocated_peak_bytes, row.reserved_peak_bytes) == (7 << 20, 9 << 20)
    assert (row.gpu_power_watts, row.gpu_power_kind) == (pytest.approx(300), "instant")
    assert (row.gpu_energy_joules, row.gpu_energy_method) == (pytest.approx(1200), "counter")
    assert row.gpu_energy_resolution_seconds == 0.1
    assert row.gpu_energy_net_joules == pytest.approx(1200 - 4 * 60)
    assert row.gpu_energy_joules_per_step == pytest.approx(30)
    assert row.gpu_energy_joules_per_1000_samples == pytest.approx(1000 * 1200 / 1280)
    assert row.gpu_energy_net_joules_per_1000_samples == pytest.approx(1000 * 960 / 1280)
    assert row.reasons == "process_vram_peak_bytes: not recorded"


def test_packages_are_added_up_without_their_parts_and_psys(make_run: Any) -> None:
    row = rows_of(make_run)["timed"]
    assert row.package_energy_joules == pytest.approx(4 * 30 + 4 * 10)
    assert row.package_energy_net_joules == pytest.approx(4 * 40 - 4 * 15)
    assert row.package_energy_joules_per_step == pytest.approx(4)


def test_the_run_is_all_phases_but_the_measured_peaks(make_run: Any) -> None:
    rows = rows_of(make_run)
    assert list(rows) == ["run", "import", "data", "timed", "profiled", "peaks"]
    run = rows["run"]
    assert (run.start_ns, run.duration_ns) == (START_NS + 2 * SECOND, 9 * SECOND)
    assert run.gpu_energy_joules == pytest.approx(200 + 7 * 300)
    assert run.rss_peak_bytes == 900
    assert run.gpu_energy_joules_per_step is None
    assert run.allocated_peak_bytes == 7 << 20


def test_the_peak_of_the_run_is_that_of_its_summary(make_run: Any) -> None:
    """A peak between two samples is known from the end of its phase."""
    ends = [
        MemoryAtPhaseEnd(phase=name, time_ns=START_NS + second * SECOND, rss_bytes=1,
                         rss_peak_bytes=peak_bytes)
        for name, second, peak_bytes in (("timed", 9, 5000), ("peaks", 12, 9000))
    ]  # fmt: skip
    assert rows_of(make_run, resources=resources_record(phase_ends=ends))["run"].rss_peak_bytes == (
        5000
    )


def test_a_phase_without_samples_says_so_and_has_what_was_read_at_its_end(make_run: Any) -> None:
    row = rows_of(make_run)["data"]
    assert row.readings == 0
    assert (row.cpu_user_seconds, row.cpu_cores, row.rss_mean_bytes) == (None, None, None)
    assert row.rss_peak_bytes == 250
    assert (row.gpu_power_watts, row.gpu_energy_joules, row.vram_peak_bytes) == (None, None, None)
    assert "cpu_cores, package_energy_joules: fewer than 2 samples in the phase" in row.reasons
    assert "ten new values of the sensor take" in row.reasons
    assert "vram_peak_bytes: no sample in it" in row.reasons


def test_the_share_by_the_trace_is_of_the_profiled_phase(make_run: Any) -> None:
    row = rows_of(make_run)["profiled"]
    assert row.gpu_trace_busy_ratio == 0.4
    assert row.gpu_energy_joules == pytest.approx(600)
    assert row.gpu_energy_joules_per_step is None
    assert "gpu_energy_joules_per_step, package" in row.reasons


def test_without_a_gpu_and_rapl_each_cell_has_its_reason(make_run: Any) -> None:
    row = rows_of(
        make_run,
        samples=make_run.host_samples,
        phases=(Phase("timed", START_NS + SECOND, 2 * SECOND),),
        resources=resources_record(capabilities={"gpu": "no driver", "rapl": "for root only"}),
        machine=environment(),
    )["timed"]
    assert row.cpu_cores == pytest.approx(3.25 / 2)
    assert "gpu_power_watts, vram_peak_bytes" in row.reasons
    assert "gpu_energy_joules: no driver" in row.reasons
    assert "package_energy_joules: for root only" in row.reasons


def test_a_run_without_samples_or_phases_has_no_rows(make_run: Any) -> None:
    assert phase_figures.of_run(None, PHASES, STEPS) == []
    recorded = samples.read(make_run())
    assert phase_figures.of_run(recorded, (), ()) == []


@given(st.lists(st.integers(1000, 3000), min_size=1, max_size=3))
def test_phases_that_follow_each_other_add_up_to_the_run(lengths_ms: list[int]) -> None:
    columns = HEADER.split(",")[1:]
    times, *_ = zip(*(line.split(",") for line in RunMaker.densely(LINES)[1:]), strict=True)
    table = np.array(
        [
            [float(cell or "nan") for cell in line.split(",")[1:]]
            for line in RunMaker.densely(LINES)[1:]
        ]
    )
    recorded = samples.Samples(
        START_NS + np.array(times, np.int64) * MS,
        dict(zip(columns, table.T, strict=True)),
        RECORD,
        1,
        "",
    )
    starts_ms = np.cumsum([2500, *lengths_ms])
    phases = [
        Phase(f"phase {at}", START_NS + int(start) * MS, length * MS)
        for at, (start, length) in enumerate(zip(starts_ms, lengths_ms, strict=False))
    ]
    run, *rows = phase_figures.of_run(recorded, phases, ())
    for name in ("cpu_user_seconds", "gpu_energy_joules", "package_energy_joules"):
        parts = [getattr(row, name) for row in rows]
        assert sum(parts) == pytest.approx(getattr(run, name), rel=1e-9)
    for name in ("gpu_power_watts", "cpu_cores"):
        parts = [getattr(row, name) for row in rows if getattr(row, name) is not None]
        if getattr(run, name) is not None and len(parts) == len(rows):
            assert min(parts) - 1e-9 <= getattr(run, name) <= max(parts) + 1e-9


@pytest.mark.parametrize(
    ("busy_ns", "steps_ns", "ratio"),
    [({"0": 30, "1": 60}, 100, 0.6), ({}, 100, None), ({"0": 30}, 0, None)],
)
def test_the_busiest_device(busy_ns: dict[str, int], steps_ns: int, ratio: float | None) -> None:
    assert phase_figures.busiest_ratio(busy_ns, steps_ns) == ratio
