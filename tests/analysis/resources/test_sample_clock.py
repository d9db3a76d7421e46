"""Samples of runs during which the system clock was set: each belongs to its phase."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.resources import energy, sample_clock
from analysis.resources.coverage import Window
from analysis.resources.sample_clock import MONOTONIC
from analysis.resources.sample_rows import Rows
from analysis.resources.sensors import Sensor
from profilers import rundir
from profilers.records import ClockAnchor

S = 1_000_000_000
UNIX_NS = 1_790_000_000 * S


def recorded(folder: Path, jump_s: float, set_at_s: float, begins_s: dict[str, float]) -> Rows:
    """30 s of 100 W at ten samples a second; the sampler sees the clock each 10 s only."""
    monotonic_ns = np.arange(301) * S // 10
    seen_s = np.ceil(set_at_s / 10) * 10
    jump_ns = round(jump_s * S)
    time_ns = UNIX_NS + monotonic_ns + np.where(monotonic_ns > seen_s * S, jump_ns, 0)
    anchors = [
        ClockAnchor(
            f"{phase} begins",
            round(at_s * S),
            UNIX_NS + round(at_s * S) + (jump_ns if at_s > set_at_s else 0),
            1,
        )
        for phase, at_s in begins_s.items()
    ]
    rundir.write_json(folder / rundir.CLOCKS, {"schema": 1, "anchors": anchors})
    columns = {MONOTONIC: monotonic_ns.astype(float), "joules": 10.0 * np.arange(301)}
    return Rows(time_ns, columns)


def joules(rows: Rows, start_ns: int, seconds: float) -> energy.Energy:
    nothing = np.full(len(rows.time_ns), np.nan)
    sensor = Sensor(
        time_ns=rows.time_ns,
        counter_joules=rows.columns["joules"],
        power_watts=nothing,
        use_ratio=nothing,
        period_seconds=0.1,
    )
    return energy.of_window(sensor, Window(start_ns, start_ns + round(seconds * S)))


@pytest.mark.parametrize("jump_s", [3600.0, 7.0, 0.5, -0.5, -3600.0])
@pytest.mark.parametrize("set_at_s", [4.0, 12.0])
def test_a_phase_has_its_energy_when_the_clock_is_set_before_or_in_it(
    tmp_path: Path, jump_s: float, set_at_s: float
) -> None:
    rows = recorded(tmp_path, jump_s, set_at_s, {"import": 1.0, "timed": 11.0})
    found = sample_clock.steady(rows, tmp_path)
    assert (np.diff(found.time_ns) > 0).all()
    start_ns = UNIX_NS + 11 * S + (round(jump_s * S) if set_at_s < 11 else 0)
    assert joules(found, start_ns, 10).joules == pytest.approx(1000)


def test_a_clock_that_stays_is_left_alone(tmp_path: Path) -> None:
    rows = recorded(tmp_path, 0.01, 5, {"timed": 3.0})
    assert sample_clock.steady(rows, tmp_path).time_ns.tolist() == rows.time_ns.tolist()
    for empty in (
        Rows(np.empty(0, np.int64), {}),
        Rows(np.empty(0, np.int64), {MONOTONIC: np.empty(0)}),
    ):
        assert len(sample_clock.steady(empty, tmp_path).time_ns) == 0


def test_without_the_runs_clocks_no_time_comes_twice(tmp_path: Path) -> None:
    rows = recorded(tmp_path, -5, 4, {})
    (tmp_path / rundir.CLOCKS).unlink()
    found = sample_clock.steady(rows, tmp_path)
    assert (np.diff(found.time_ns) > 0).all()
    assert found.time_ns[-1] == rows.time_ns[-1]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_times_grow_and_the_last_ones_stay(tmp_path_factory: pytest.TempPathFactory, times) -> None:
    values = np.arange(float(len(times)))
    time_ns = np.array(times, np.int64) * S
    rows = Rows(time_ns, {"value": values, MONOTONIC: S * values})
    found = sample_clock.steady(rows, tmp_path_factory.getbasetemp())
    assert (np.diff(found.time_ns) > 0).all()
    assert found.columns["value"][-1] == values[-1]
    assert [times[int(at)] * S for at in found.columns["value"]] == found.time_ns.tolist()
    assert len(found.time_ns) == len(
        [at for at, time in enumerate(times) if all(time < later for later in times[at + 1 :])]
    )


def test_a_row_without_a_monotonic_time_stays_where_it_is(tmp_path: Path) -> None:
    rows = recorded(tmp_path, 5.0, 12.0, {"warmup": 1.0, "timed": 15.0})
    whole = sample_clock.steady(rows, tmp_path)
    rows.columns[MONOTONIC][40] = np.nan
    assert sample_clock.steady(rows, tmp_path).time_ns.tolist() == whole.time_ns.tolist()
