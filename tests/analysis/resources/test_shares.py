import pytest

from analysis.resources.shares import shares_of
from tests.analysis.conftest import step

STEPS = [
    step("warmup", 0, 5.0),
    step("timed", 0, 60.0, kind="window", count=20, samples=640),
    step("timed", 20, 60.0, kind="window", count=20, samples=640),
]


def test_windows_count_as_the_steps_in_them() -> None:
    shares = shares_of("timed", STEPS)
    assert (shares.steps, shares.samples) == (40, 1280)
    assert shares.per_step(80.0) == pytest.approx(2)
    assert shares.per_1000_samples(128.0) == pytest.approx(100)
    assert shares.per_step(None) is None


@pytest.mark.parametrize("phase", ["warmup", "inference"])
def test_phases_of_other_things_share_nothing(phase: str) -> None:
    shares = shares_of(phase, STEPS)
    assert shares.reason
    assert (shares.per_step(1.0), shares.per_1000_samples(1.0)) == (None, None)


def test_no_steps_are_no_division() -> None:
    shares = shares_of("timed", [])
    assert (shares.per_step(1.0), shares.per_1000_samples(1.0)) == (None, None)
