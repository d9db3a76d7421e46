from typing import Any

import pytest

from analysis import measured
from analysis.resources import coverage, run_cost, samples
from analysis.resources.coverage import Window
from profilers import rundir
from profilers.records import Phase

GPU_HEADER = (
    "time_ns,process_cpu_time_user_seconds,process_cpu_time_system_seconds,"
    "process_memory_rss_bytes,gpu0_utilization_ratio,gpu0_memory_used_bytes,gpu0_power_watts,"
    "gpu1_utilization_ratio,gpu1_memory_used_bytes,gpu1_power_watts,gpu1_process_memory_bytes"
)
GPU_SAMPLES = (
    GPU_HEADER,
    "500,1,0,10,0.99,999,400,0.10,100,50,",
    "1500,2,0,20,0.99,999,400,0.20,200,100,80",
    "2500,3,0,30,0.99,999,400,0.80,300,200,",
    "3500,4,0,40,0.99,999,400,0.40,150,300,90",
)
GPUS = [{"index": 0, "uuid": "GPU-aa"}, {"index": 1, "uuid": "GPU-bb"}]


def figures_of(run: Any) -> run_cost.Figures:
    recorded = samples.read(run)
    assert recorded is not None
    window = run_cost.window_of(rundir.read_rows(run / rundir.PHASES, Phase), "timed")
    return run_cost.figures(recorded, window)


def test_cpu_is_interpolated_at_the_edges_of_the_timed_phase(make_run: Any) -> None:
    found = figures_of(make_run())
    assert found.cpu_seconds == pytest.approx(3.25)
    assert found.cpu_percent == pytest.approx(162.5)


def test_peaks_count_over_the_whole_run(make_run: Any) -> None:
    found = figures_of(make_run())
    assert found.rss_peak_bytes == 9000
    assert found.threads == 4
    assert (found.samples, found.missed) == (5, 1)
    assert (found.lag_median_ns, found.lag_largest_ns) == (200, 300)


def test_peaks_do_not_count_what_the_roofs_were_measured_with(make_run: Any) -> None:
    start_ns = make_run.start_ns
    peaks = Phase("peaks", start_ns + 3_400_000_000, 500_000_000)
    run = make_run(phases=[Phase("timed", start_ns + 1_000_000_000, 2_000_000_000), peaks])
    found = measured.read(run).figures
    assert found is not None
    assert (found.rss_peak_bytes, found.threads) == (5000, 4)
    assert found.samples == 5


def test_a_run_without_a_gpu_says_why_in_the_samplers_words(make_run: Any) -> None:
    found = figures_of(make_run())
    assert found.gpu_percent is None
    assert found.vram_peak_bytes is None
    assert found.reasons["gpu_percent"] == "no NVIDIA driver on this machine"


def test_the_gpu_of_two_is_found_by_its_uuid(make_run: Any) -> None:
    record = make_run.resources_record(gpus=GPUS, capabilities={"gpu": "available"})
    run = make_run(
        samples=make_run.densely(GPU_SAMPLES),
        resources=record,
        machine=make_run.environment("GPU-BB", "A GPU"),
    )
    found = figures_of(run)
    # Held backwards in 1 to 3 s: 0.5 s of 20 %, 1 s of 80 %, 0.5 s of 40 %.
    assert found.gpu_percent == pytest.approx(55)
    assert found.power_watts == pytest.approx((0.5 * 100 + 200 + 0.5 * 300) / 2)
    assert found.vram_peak_bytes == 300
    assert found.process_vram_peak_bytes == 90
    assert not found.reasons


def test_a_cpu_run_has_no_gpu_figures_though_the_machine_has_gpus(make_run: Any) -> None:
    record = make_run.resources_record(gpus=GPUS, capabilities={"gpu": "available"})
    found = figures_of(make_run(samples=GPU_SAMPLES, resources=record))
    assert found.gpu_percent is None
    assert found.power_watts is None
    assert found.reasons["power_watts"] == "not used by this run"


def test_an_unknown_gpu_gives_no_figures(make_run: Any) -> None:
    record = make_run.resources_record(gpus=GPUS)
    machine = make_run.environment("GPU-cc", "A GPU")
    found = figures_of(make_run(samples=GPU_SAMPLES, resources=record, machine=machine))
    assert found.gpu_percent is None
    assert "does not list" in found.reasons["gpu_percent"]


def test_an_unsupported_sensor_keeps_its_reason(make_run: Any) -> None:
    lines = [GPU_HEADER, "500,1,0,10,,,,0.5,100,,", "3500,2,0,10,,,,0.5,100,,"]
    record = make_run.resources_record(
        gpus=GPUS, capabilities={"gpu": "available", "gpu1_power_watts": "not supported"}
    )
    machine = make_run.environment("GPU-bb", "A GPU")
    run = make_run(samples=make_run.densely(lines), resources=record, machine=machine)
    found = figures_of(run)
    assert found.gpu_percent == pytest.approx(50)
    assert found.power_watts is None
    assert found.reasons["power_watts"] == "not supported"


@pytest.mark.parametrize(("kind", "known"), [("instant", True), ("average-1s", False)])
def test_means_of_a_second_tell_nothing_of_two_seconds(
    make_run: Any, kind: str, known: bool
) -> None:
    """Half of what they say is of before the phase."""
    gpus = [{**gpu, "power_kind": kind} for gpu in GPUS]
    record = make_run.resources_record(gpus=gpus)
    machine = make_run.environment("GPU-bb", "A GPU")
    samples_of_it = make_run.densely(GPU_SAMPLES)
    found = figures_of(make_run(samples=samples_of_it, resources=record, machine=machine))
    assert (found.power_watts is not None) is known
    assert ("power_watts" in found.reasons) is not known
    assert found.gpu_percent is not None


@pytest.mark.parametrize(
    ("rss", "end_ms"), [((",,1,1"), 1000), (("1,1,1,1"), 2500), ((",,,"), 2500)]
)
def test_before_the_run_is_before_its_process_is_seen(make_run: Any, rss: str, end_ms: int) -> None:
    """The process takes some time to start, before its first phase."""
    lines = [f"{1000 * n},{each}" for n, each in enumerate(rss.split(","))]
    start_ns = make_run.start_ns
    phases = [Phase("import", start_ns + 2500 * 10**6, 10**9)]
    recorded = samples.read(make_run(samples=["time_ns,process_memory_rss_bytes", *lines]))
    assert recorded is not None
    assert run_cost.before(recorded, phases) == Window(start_ns, start_ns + end_ms * 10**6)


def test_one_sample_in_the_window_is_too_few(make_run: Any) -> None:
    found = figures_of(make_run(samples=make_run.host_samples[:4]))
    assert found.cpu_percent is None
    assert found.reasons["cpu_percent"] == coverage.TOO_FEW


def test_samples_of_a_part_of_the_phase_tell_nothing_of_the_whole(make_run: Any) -> None:
    found = figures_of(make_run(samples=make_run.host_samples[:5]))
    assert (found.cpu_percent, found.cpu_seconds, found.cpu_user_seconds) == (None, None, None)
    assert found.reasons["cpu_percent"] == coverage.ONLY_A_PART


def test_a_gauge_with_a_hole_does_not_cover_what_lies_in_it(make_run: Any) -> None:
    times = [*range(0, 1500, 100), *range(2600, 4100, 100)]
    run = make_run(
        samples=["time_ns,gpu0_power_watts", *(f"{time},100" for time in times)],
        resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
        machine=make_run.environment("GPU-aa"),
    )
    recorded = samples.read(run)
    assert recorded is not None
    window = Window(make_run.start_ns + 10**9, make_run.start_ns + 3 * 10**9)
    assert run_cost.power_mean(recorded, window) == (None, coverage.ONLY_A_PART)
    assert coverage.covered_seconds(recorded.time_ns, window) == pytest.approx(0.8)


def test_a_run_that_ended_before_the_timed_phase_says_so(make_run: Any) -> None:
    found = figures_of(make_run(phases=()))
    assert found.cpu_percent is None
    assert found.rss_peak_bytes == 9000
    assert found.reasons["cpu_percent"] == coverage.NOT_REACHED


def test_a_header_alone_is_no_error(make_run: Any) -> None:
    found = figures_of(make_run(samples=make_run.host_samples[:1]))
    assert found.rss_peak_bytes is None
    assert found.samples == 0


def test_waiting_for_a_cpu_is_a_part_of_the_window(make_run: Any) -> None:
    lines = ("time_ns,psi_cpu_some_seconds", "0,7", "1000,7.5", "2000,8", "3000,8.5")
    recorded = samples.read(make_run(samples=lines))
    assert recorded is not None
    start_ns = make_run.start_ns
    window = Window(start_ns + 500_000_000, start_ns + 2_500_000_000)
    assert run_cost.waiting_ratio(recorded, window) == pytest.approx(0.5)
    short = Window(start_ns + 500_000_000, start_ns + 1_500_000_000)
    assert run_cost.waiting_ratio(recorded, short) is None


def test_a_kernel_that_reports_no_waiting_has_no_ratio(make_run: Any) -> None:
    recorded = samples.read(make_run())
    assert recorded is not None
    window = Window(make_run.start_ns, make_run.start_ns + 4_000_000_000)
    assert run_cost.waiting_ratio(recorded, window) is None


def test_a_peak_between_two_samples_is_known_from_the_end_of_its_phase(make_run: Any) -> None:
    ends = [
        {"phase": phase, "time_ns": make_run.start_ns + ms * 10**6, "rss_bytes": 1, **peak}
        for phase, ms, peak in (
            ("timed", 1500, {"rss_peak_bytes": 12_000}),
            ("evaluation", 2000, {}),
            ("peaks", 9000, {"rss_peak_bytes": 99_000}),
        )
    ]
    record = make_run.resources_record(phase_ends=ends)
    recorded = samples.read(make_run(resources=record))
    assert recorded is not None
    end_ns = make_run.start_ns + 4000 * 10**6
    assert run_cost.figures(recorded, None, end_ns).rss_peak_bytes == 12_000
    assert run_cost.figures(recorded, None).rss_peak_bytes == 99_000
