from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import measured, summary
from profilers import rundir
from profilers.records import Phase, Result, RunError
from profilers.rundir import ProfileError
from profilers.summaries import RunSummary


def summarised(run: Path) -> RunSummary:
    return summary.write(measured.read(run))


def test_every_figure_of_a_cpu_run(make_run: Any) -> None:
    found = summarised(make_run(warnings=["the loss is nan"]))
    assert found.step_ms is not None
    assert found.step_ms.median == pytest.approx(0.4)
    assert found.samples_per_second == pytest.approx(32 / 0.4e-3)
    assert found.first_step_ms == pytest.approx(9.8)
    assert found.accuracy == 0.951
    assert found.overhead_ratio == pytest.approx(0.55 / 0.4)
    assert found.cpu_percent == pytest.approx(162.5)
    assert found.rss_peak_bytes == 9000
    assert found.inference_latency_ms is not None
    assert found.inference_latency_ms.median == pytest.approx(0.06)
    assert found.inference_samples_per_second == pytest.approx(32 / 0.16e-3)
    assert found.warnings == ["the loss is nan"]
    missing = ("gpu_percent", "vram_peak_bytes", "power_watts", "energy_joules", "energy_method")
    assert [getattr(found, name) for name in missing] == [None] * 5


def test_work_is_set_against_the_median_step(make_run: Any) -> None:
    known = msgspec.structs.replace(make_run.result, flops_per_step=2_000_000)
    found = summarised(make_run("known", result=known))
    assert found.flops_per_step == 2_000_000
    assert found.flops_per_second == pytest.approx(2e6 / 0.4e-3)
    none = msgspec.structs.replace(known, flops_per_step=0)
    for name, result in {"unknown": make_run.result, "none": none}.items():
        assert summarised(make_run(name, result=result)).flops_per_second is None


def test_it_is_written_into_the_run(make_run: Any) -> None:
    run = make_run()
    found = summarised(run)
    assert rundir.read_json(run / rundir.SUMMARY, RunSummary) == found


def test_batch_one_rows_count_for_latency_and_throughput(make_run: Any) -> None:
    settings = msgspec.structs.replace(make_run.settings, batch_size=1)
    steps = [make_run.step("inference", n, 0.05, samples=1) for n in range(3)]
    found = summarised(make_run(settings=settings, steps=steps))
    assert found.inference_latency_ms is not None
    assert found.inference_latency_ms.count == 3
    assert found.inference_samples_per_second == pytest.approx(20_000)


def test_an_aborted_run_has_what_it_got_to(make_run: Any) -> None:
    run = make_run(
        status="failed",
        error=RunError("crash", "ValueError: no"),
        steps=make_run.steps[:1],
        phases=(),
        result=None,
        samples=None,
    )
    found = summarised(run)
    assert (found.status, found.error) == ("failed", "ValueError: no")
    assert found.first_step_ms == pytest.approx(9.8)
    assert found.step_ms is None
    assert found.accuracy is None
    assert found.cpu_percent is None


def test_a_warning_that_parent_and_child_wrote_stands_once(make_run: Any) -> None:
    run = make_run(warnings=["twice", "once"])
    result = rundir.read_json(run / rundir.RESULT, Result)
    warned = msgspec.structs.replace(result, warnings=["twice"])
    rundir.write_json(run / rundir.RESULT, warned)
    assert summarised(run).warnings == ["twice", "once"]


def test_a_doubtful_counter_is_a_warning(make_run: Any) -> None:
    lines = (
        "time_ns,gpu0_power_watts,gpu0_energy_joules",
        "500,100,1000",
        "1500,100,1100",
        "2500,100,1900",
        "3500,100,2900",
    )
    run = make_run(
        samples=make_run.densely(lines),
        resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
        machine=make_run.environment("GPU-aa"),
    )
    found = summarised(run)
    assert found.energy_joules == pytest.approx(2400 - 1050)
    assert found.energy_method == "counter"
    assert found.energy_joules_to_accuracy == found.energy_joules
    assert any("over 10 % apart" in warning for warning in found.warnings)
    assert not any("cover" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("mode", "accuracy", "weights_from", "joules"),
    [
        ("train", 0.9, None, 200),
        ("train", 0.9, "traces/earlier", None),
        ("train", None, None, None),
        ("infer", 0, None, None),
    ],
)
def test_energy_to_an_accuracy_is_that_of_a_whole_training(
    make_run: Any,
    mode: str,
    accuracy: float | None,
    weights_from: str | None,
    joules: float | None,
) -> None:
    found = summarised(
        make_run(
            samples=make_run.densely(("time_ns,gpu0_energy_joules", "500,0", "3500,300")),
            resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
            machine=make_run.environment("GPU-aa"),
            settings=msgspec.structs.replace(
                make_run.settings, mode=mode, weights_from=weights_from
            ),
            result=msgspec.structs.replace(make_run.result, accuracy=accuracy),
        )
    )
    assert found.energy_joules == pytest.approx(200)
    assert found.energy_joules_to_accuracy == (joules and pytest.approx(joules))


def test_energy_of_a_part_of_the_phase_is_told_as_such(make_run: Any) -> None:
    found = summarised(
        make_run(
            samples=make_run.densely(("time_ns,gpu0_energy_joules", "500,0", "2900,240")),
            resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
            machine=make_run.environment("GPU-aa"),
        )
    )
    assert found.energy_joules == pytest.approx(200)
    assert found.warnings == [
        "the samples cover 95 % of the timed phase; its energy counts the rest like that part"
    ]


def test_what_is_missing_of_a_gpu_has_its_reason(make_run: Any) -> None:
    told = make_run.resources_record(
        gpus=[{"index": 0, "uuid": "GPU-aa"}],
        capabilities={"gpu0_process_memory_bytes": "not listed", "gpu0": "lost"},
    )
    found = summarised(make_run(resources=told, machine=make_run.environment("GPU-aa")))
    assert found.process_vram_peak_bytes is None
    assert found.missing["process_vram_peak_bytes"] == "not listed"
    assert {found.missing[name] for name in ("vram_peak_bytes", "energy_joules")} == {"lost"}
    without = summarised(make_run("b", samples=None))
    empty = ("cpu_percent", "rss_peak_bytes", "process_vram_peak_bytes", "power_watts")
    assert all("recorded" in without.missing[name] for name in empty)


def test_a_folder_that_is_no_run_is_one_sentence(tmp_path: Any) -> None:
    with pytest.raises(ProfileError, match=r"run\.json can't be read"):
        summarised(tmp_path)


SECOND = 1_000_000_000
WAITED = ("time_ns,psi_cpu_some_seconds", "0,5", "1000,5.2", "2000,5.8", "3000,6.2", "4000,6.3")


def busy_warnings(make_run: Any, *lengths_seconds: tuple[str, float, float]) -> list[str]:
    phases = [
        Phase(name, make_run.start_ns + round(start * SECOND), round(length * SECOND))
        for name, start, length in lengths_seconds
    ]
    return list(summarised(make_run(phases=phases, samples=WAITED)).warnings)


def test_a_busy_timed_phase_is_a_flag_and_no_warning(make_run: Any) -> None:
    timed = Phase("timed", make_run.start_ns + SECOND, 2 * SECOND)
    found = summarised(make_run(phases=[timed], samples=WAITED))
    assert found.flags == ["a process waited for a CPU in 50 % of the timed phase"]
    assert found.warnings == []


def test_a_busy_profile_is_a_warning(make_run: Any) -> None:
    assert busy_warnings(make_run, ("timed", 3, 1), ("profiled", 1, 2)) == [
        "a process waited for a CPU in 50 % of the profiled phase; times of operations are "
        "indicative"
    ]


def test_a_phase_with_one_sample_is_not_judged(make_run: Any) -> None:
    assert busy_warnings(make_run, ("profiled", 1.5, 1)) == []


@pytest.mark.parametrize(
    ("lengths_ms", "words"),
    [
        ([1.0] * 18 + [4.0, 4.0], "2 of 20 profiled steps were disturbed; times of operations"),
        ([1.0] * 19 + [9.0], "1 of 20 profiled steps was disturbed"),
        ([1.0] * 18 + [1.6, 2.4], None),
        ([1.0] * 11 + [1.49] * 9, None),
        ([], None),
    ],
)
def test_disturbed_profiled_steps_are_counted(
    make_run: Any, lengths_ms: list[float], words: str | None
) -> None:
    steps = [make_run.step("profiled", n, length) for n, length in enumerate(lengths_ms)]
    # Steps of the profiled build without the profiler don't count.
    steps += [make_run.step("profiled", n, 90.0, profiled=False) for n in range(30)]
    warnings = summarised(make_run(steps=steps)).warnings
    assert [words in warning for warning in warnings if words] == ([True] if words else [])
    assert words or not warnings
