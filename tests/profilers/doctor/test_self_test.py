from pathlib import Path

import pytest

from profilers.backend import frameworks
from profilers.doctor import self_test, software
from profilers.records import Settings
from profilers.sampling import handle
from profilers.sampling.source import AVAILABLE


@pytest.fixture
def settings() -> Settings:
    return software.trial_settings(frameworks()["torch"], 20.0)


def test_the_real_sampler_for_a_moment(settings: Settings) -> None:
    tested = self_test.examine(settings, 0.5)
    result = tested.result
    assert result.problem is None
    assert 1 <= result.samples <= result.expected == 10
    assert result.lag_median_ns is not None
    assert result.lag_largest_ns is not None
    assert result.lag_median_ns <= result.lag_largest_ns
    assert result.cpu_ratio is not None
    assert 0 < result.cpu_ratio < 1
    assert tested.capabilities["process"] == AVAILABLE


def test_a_sampler_that_does_not_start_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle.sys, "executable", "/bin/false")
    tested = self_test.examine(settings, 0.1)
    assert "did not start" in str(tested.result.problem)
    assert tested.result.samples == 0
    assert tested.result.cpu_ratio is None
    assert (tested.capabilities, tested.gpus) == ({}, [])


def test_turns_that_count(tmp_path: Path) -> None:
    rows = [(1_000_000_000, 0), (1_103_000_000, 3_000_000), (1_310_000_000, 10_000_000)]
    rows += [(1_500_000_000, 0), (1_600_000_000, 0)]
    path = tmp_path / "resources.csv"
    lines = [f"{monotonic_ns},{lag_ns}" for monotonic_ns, lag_ns in rows]
    path.write_text("\n".join(["monotonic_ns,sampler_lag_ns", *lines]) + "\n")
    assert self_test._lags_ns(path, 10.0, 0.5) == [0, 3_000_000, 10_000_000]
    assert self_test._lags_ns(path, 10.0, 0.6) == [0, 3_000_000, 10_000_000, 0]
