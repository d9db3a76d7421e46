"""Energy from scripted sensors: what they say is known, so the figures are too."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.resources import coverage, energy
from analysis.resources.coverage import Window
from analysis.resources.energy import Idle
from analysis.resources.sensors import Sensor
from profilers.records import POWER_AVERAGE

S = 1_000_000_000
IDLE = Idle(watts=60.0, seconds=1.5)


def sensor(
    watts: np.ndarray, every_s: float = 0.1, *, counter: bool = True, period_s: float = 0.1
) -> Sensor:
    """A sensor whose samples say the power of the time before each; the counter is its sum."""
    joules = np.concatenate(([1000.0], 1000.0 + np.cumsum(watts[1:] * every_s)))
    nothing = np.full(len(watts), np.nan)
    return Sensor(
        time_ns=(np.arange(len(watts)) * every_s * S).round().astype(np.int64),
        counter_joules=joules if counter else nothing,
        power_watts=watts,
        use_ratio=nothing,
        period_seconds=period_s,
    )


def square(seconds: float = 20.0) -> np.ndarray:
    """50 W and 250 W in turns of half a second, at ten samples a second."""
    at = np.arange(round(10 * seconds) + 1)
    return np.where((at - 1) // 5 % 2 == 0, 50.0, 250.0)


def window(begin_s: float, end_s: float) -> Window:
    return Window(round(begin_s * S), round(end_s * S))


def test_a_square_wave_has_the_energy_of_its_mean() -> None:
    found = energy.of_window(sensor(square()), window(2, 12), IDLE)
    assert (found.method, found.resolution_seconds) == ("counter", 0.1)
    assert found.joules == pytest.approx(1500)
    assert found.net_joules == pytest.approx(1500 - 600)
    assert found.check_joules == pytest.approx(1500, rel=0.01)
    assert not found.doubtful


def test_the_counter_comes_first_and_one_that_contradicts_the_power_is_doubtful() -> None:
    honest = sensor(np.full(101, 100.0))
    broken = replace(honest, counter_joules=0.57 * honest.counter_joules)
    found = energy.of_window(broken, window(1, 9))
    assert found.joules == pytest.approx(0.57 * 800)
    assert found.check_joules == pytest.approx(800)
    assert found.doubtful
    slightly = replace(honest, counter_joules=0.95 * honest.counter_joules)
    assert not energy.of_window(slightly, window(1, 9)).doubtful


def test_power_is_integrated_where_there_is_no_counter() -> None:
    found = energy.of_window(sensor(square(), counter=False), window(2, 12))
    assert found.method == "trapezoid"
    assert found.joules == pytest.approx(1500, rel=0.01)


def test_a_counter_with_gaps_loses_nothing() -> None:
    whole = sensor(square())
    gaps = whole.counter_joules.copy()
    gaps[30:45] = gaps[70:72] = np.nan
    found = energy.of_window(replace(whole, counter_joules=gaps), window(2, 12))
    assert (found.method, found.joules) == ("counter", pytest.approx(1500))


@pytest.mark.parametrize(
    ("end_s", "every_s", "told"),
    [
        (2.9, 0.1, "0.90 s are too short, ten new values of the sensor take 1 s"),
        (3.0, 0.1, ""),
        (4.0, 0.5, "2.00 s are too short, ten new values of the sensor take 5 s"),
        (7.0, 0.5, ""),
    ],
)
def test_ten_updates_are_the_fewest(end_s: float, every_s: float, told: str) -> None:
    found = energy.of_window(sensor(np.full(200, 100.0), every_s), window(2, end_s), IDLE)
    assert (found.joules is None, found.net_joules is None) == (bool(told), bool(told))
    assert told in found.reason


def test_a_counter_that_is_renewed_each_second_resolves_ten_of_them() -> None:
    slow = sensor(np.full(201, 100.0))
    at = np.arange(201) // 10 * 10
    slow = replace(slow, counter_joules=slow.counter_joules[at], power_watts=np.full(201, np.nan))
    assert "take 10 s" in energy.of_window(slow, window(2, 8)).reason
    found = energy.of_window(slow, window(2, 14))
    assert (found.joules, found.resolution_seconds) == (pytest.approx(1200), 1.0)


def test_a_counter_that_stands_still_gives_way_to_the_power() -> None:
    still = replace(sensor(square()), counter_joules=np.full(201, 7.0))
    found = energy.of_window(still, window(2, 12))
    assert (found.method, found.joules) == ("trapezoid", pytest.approx(1500, rel=0.01))


def test_a_counter_without_power_says_that_it_stands_still() -> None:
    still = replace(sensor(square()), counter_joules=np.full(201, 7.0))
    still = replace(still, power_watts=np.full(201, np.nan))
    found = energy.of_window(still, window(2, 12))
    assert (found.joules, found.reason) == (None, energy.STOOD_STILL)


@pytest.mark.parametrize("at", [20, 21, 70, 120, 121])
def test_a_counter_that_was_set_back_gives_way_to_the_power(at: int) -> None:
    """As when the driver was loaded anew: before, in, or at an edge of the window."""
    anew = sensor(square())
    joules = anew.counter_joules.copy()
    joules[at:] -= joules[at]
    anew = replace(anew, counter_joules=joules)
    found = energy.of_window(anew, window(2, 12))
    method = "counter" if at in (20, 121) else "trapezoid"
    assert (found.method, found.joules) == (method, pytest.approx(1500, rel=0.01))
    assert found.net_joules is None
    blind = replace(anew, power_watts=np.full(201, np.nan))
    assert energy.of_window(blind, window(1.9, 12.1)).reason == energy.SET_BACK


def test_power_is_not_made_up_for_a_hole() -> None:
    watts = np.where((np.arange(201) > 60) & (np.arange(201) < 75), np.nan, 100.0)
    holes = sensor(watts, counter=False)
    assert energy.of_window(holes, window(2, 12)).reason == coverage.ONLY_A_PART
    assert energy.trapezoid(holes.time_ns, watts, window(2, 12)) == pytest.approx((850, 8.5))


@pytest.mark.parametrize("counter", [True, False])
def test_what_is_not_covered_counts_as_the_rest_gross_and_net(counter: bool) -> None:
    found = energy.of_window(sensor(np.full(117, 100.0), counter=counter), window(2, 12), IDLE)
    assert found.joules == pytest.approx(1000)
    assert found.net_joules == pytest.approx(1000 - 600)
    assert found.covered_ratio == pytest.approx(0.96)
    idle = energy.idle(sensor(np.full(20, 60.0), counter=counter), window(0.4, 1.95))
    assert idle.watts == pytest.approx(60)


def test_means_of_a_second_resolve_ten_seconds() -> None:
    averages = replace(sensor(np.full(301, 100.0), counter=False), power_kind=POWER_AVERAGE)
    found = energy.of_window(averages, window(2, 10))
    assert "ten new values of the sensor take 10 s" in found.reason
    assert energy.of_window(averages, window(2, 13)).joules == pytest.approx(1100)


def test_a_window_that_the_samples_do_not_cover_has_no_figure() -> None:
    found = energy.of_window(sensor(square(10)), window(5, 20))
    assert (found.joules, found.reason) == (None, coverage.ONLY_A_PART)
    assert "fewer than 2" in energy.of_window(sensor(square(10)), window(15, 25)).reason


def test_a_sensor_with_nothing_keeps_its_reason() -> None:
    empty = replace(sensor(np.full(20, np.nan)), reason="not supported")
    found = energy.of_window(empty, window(0, 2), IDLE)
    assert (found.joules, found.reason) == (None, "not supported")
    assert (found.net_joules, found.net_reason) == (None, "not supported")
    assert energy.of_window(empty, None).reason == coverage.NOT_REACHED


def test_idle_power_is_that_before_the_run() -> None:
    watts = np.concatenate((np.full(16, 60.0), np.full(100, 300.0)))
    for known in (sensor(watts), sensor(watts, counter=False)):
        assert energy.idle(known, window(0, 1.5)).watts == pytest.approx(60)


def test_readings_that_look_back_a_second_count_from_then_on() -> None:
    watts = np.concatenate((np.linspace(300, 60, 10), np.full(6, 60.0), np.full(100, 300.0)))
    averages = replace(sensor(watts, counter=False), power_kind=POWER_AVERAGE)
    assert energy.idle(averages, window(0, 1.5)).watts == pytest.approx(60)


@pytest.mark.parametrize("before", [None, window(0, 0.3)])
def test_a_short_time_before_the_run_is_no_baseline(before: Window | None) -> None:
    idle = energy.idle(sensor(square()), before)
    assert idle.watts is None
    found = energy.of_window(sensor(square()), window(2, 12), idle)
    assert found.joules == pytest.approx(1500)
    assert found.net_joules is None
    assert "it takes 1 s or more" in found.net_reason


def test_a_few_readings_at_its_begin_are_no_baseline_of_a_long_time() -> None:
    watts = np.full(201, np.nan)
    watts[:20] = 60.0
    idle = energy.idle(sensor(watts, counter=False), window(0, 10))
    assert (idle.watts, idle.reason) == (None, "too few samples before the run")


def test_a_device_in_use_before_the_run_is_not_idle() -> None:
    busy = replace(sensor(square()), use_ratio=np.full(201, 0.12))
    idle = energy.idle(busy, window(0, 1.5))
    assert (idle.watts, idle.reason) == (
        None,
        "the GPU was in use 12 % of the time before the run",
    )


def test_less_than_at_idle_is_no_net_energy() -> None:
    found = energy.of_window(sensor(np.full(100, 50.0)), window(2, 8), IDLE)
    assert found.joules == pytest.approx(300)
    assert found.net_joules is None
    assert "60.0 W" in found.net_reason


power = st.lists(st.floats(0.5, 700), min_size=101, max_size=160).map(np.array)


@given(power, st.floats(1.0, 4.0), st.floats(1.5, 4.0))
def test_the_energy_of_parts_adds_up_to_that_of_the_whole(
    watts: np.ndarray, first_s: float, second_s: float
) -> None:
    for known in (sensor(watts), sensor(watts, counter=False)):
        edges = 0.5, 0.5 + first_s, 0.5 + first_s + second_s
        parts = [energy.of_window(known, window(*edges[at : at + 2]), IDLE) for at in (0, 1)]
        whole = energy.of_window(known, window(edges[0], edges[2]), IDLE)
        assert None not in (whole.joules, *(part.joules for part in parts))
        assert sum(part.joules or 0 for part in parts) == pytest.approx(whole.joules, rel=1e-6)


@given(power, st.floats(1.0, 8.0))
def test_the_mean_lies_between_the_least_and_the_most(watts: np.ndarray, long_s: float) -> None:
    known = sensor(watts)
    found = energy.of_window(known, window(0.7, 0.7 + long_s))
    assert found.joules is not None
    assert watts.min() * (1 - 1e-6) <= found.joules / long_s <= watts.max() * (1 + 1e-6)
