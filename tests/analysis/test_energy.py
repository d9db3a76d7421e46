from typing import Any

import pytest

from analysis import energy, resources, samples
from profilers import rundir
from profilers.records import Phase

HEADER = "time_ns,gpu0_power_watts,gpu0_energy_joules"
GPUS = [{"index": 0, "uuid": "GPU-aa"}]
# 100 W up to 1.5 s and 200 W from 2.5 s on, on a line between.
SAMPLES = (HEADER, "500,100,1000", "1500,100,1100", "2500,200,1250", "3500,200,1450")


def energy_of(make_run: Any, lines: tuple[str, ...], **others: Any) -> energy.Energy:
    machine = make_run.environment("GPU-aa", "A GPU")
    record = make_run.resources_record(
        gpus=GPUS, capabilities={"gpu": "available", "gpu0_power_watts": "not supported"}
    )
    run = make_run(samples=lines, machine=machine, resources=record, **others)
    window = resources.window_of(rundir.read_rows(run / rundir.PHASES, Phase), "timed")
    return energy.of_window(samples.read(run), window)


def test_the_counter_comes_first_and_power_checks_it(make_run: Any) -> None:
    found = energy_of(make_run, SAMPLES)
    assert found.method == "counter"
    assert found.joules == pytest.approx(1350 - 1050)
    assert found.check_joules == pytest.approx(0.5 * 100 + 150 + 0.5 * 200)
    assert not found.doubtful


def test_a_counter_that_contradicts_the_power_is_doubtful(make_run: Any) -> None:
    lines = (*SAMPLES[:2], "1500,100,1100", "2500,200,1200", "3500,200,1300")
    found = energy_of(make_run, lines)
    assert found.joules == pytest.approx(200)
    assert found.doubtful


def test_power_is_integrated_where_there_is_no_counter(make_run: Any) -> None:
    lines = tuple(line.rpartition(",")[0] + "," for line in SAMPLES[1:])
    found = energy_of(make_run, (HEADER, *lines))
    assert (found.method, found.joules) == ("trapezoid", pytest.approx(300))


def test_less_than_ten_updates_are_no_figure(make_run: Any) -> None:
    short = (Phase("timed", make_run.start_ns + 1_400_000_000, 900_000_000),)
    found = energy_of(make_run, SAMPLES, phases=short)
    assert found.joules is None
    assert "0.90 s" in found.reason


def test_samples_that_end_early_are_no_figure(make_run: Any) -> None:
    long = (Phase("timed", make_run.start_ns + 1_000_000_000, 9_000_000_000),)
    found = energy_of(make_run, SAMPLES, phases=long)
    assert found.joules is None
    assert "only a part" in found.reason


def test_a_sensor_that_is_missing_keeps_its_reason(make_run: Any) -> None:
    found = energy_of(make_run, (HEADER, "500,,", "1500,,", "2500,,"))
    assert (found.joules, found.reason) == (None, "not supported")


def test_no_samples_and_no_timed_phase_are_told_apart(make_run: Any) -> None:
    assert energy.of_window(None, None).reason == "no resources were recorded"
    recorded = samples.read(make_run())
    assert energy.of_window(recorded, None).reason == resources.NOT_REACHED
