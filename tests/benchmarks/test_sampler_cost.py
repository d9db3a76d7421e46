import numpy as np
import pytest

from benchmarks import sampler_cost
from benchmarks.sampler_cost import Costs, Ratio


def pairs(slowdown: float, count: int, seed: int) -> list[tuple[float, float]]:
    """Step times of which every tenth is far off, as on a machine that others use too."""
    made = np.random.default_rng(seed)
    baselines = 500 * np.exp(made.standard_t(2, count) / 20)
    others = slowdown * 500 * np.exp(made.standard_t(2, count) / 20)
    return list(zip(others.tolist(), baselines.tolist(), strict=True))


def test_rounds_that_are_far_off_do_not_hide_a_slowdown():
    found = sampler_cost.ratio([*pairs(1.05, 400, seed=1), (5000.0, 500.0), (500.0, 9000.0)])
    assert found.estimate == pytest.approx(1.05, rel=0.01)
    assert 1.03 < found.low < 1.05 < found.high < 1.07


def test_the_interval_holds_the_truth_as_often_as_it_says():
    found = [sampler_cost.ratio(pairs(1.01, 40, seed)) for seed in range(400)]
    assert 0.93 <= np.mean([each.low <= 1.01 <= each.high for each in found]) <= 0.975


def test_exchanged_sides_give_the_reciprocal():
    there = pairs(1.1, 50, seed=2)
    one, other = sampler_cost.ratio(there), sampler_cost.ratio([(b, a) for a, b in there])
    expected = (1 / one.estimate, 1 / one.high, 1 / one.low)
    assert (other.estimate, other.low, other.high) == pytest.approx(expected)


def test_the_fewest_rounds_reach_from_the_smallest_to_the_largest():
    ratios = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    assert len(ratios) == sampler_cost.FEWEST_ROUNDS
    found = sampler_cost.ratio([(each, 1.0) for each in ratios])
    assert (found.low, found.high) == pytest.approx((1.0, 1.5))


@pytest.mark.parametrize(
    ("sample_hz", "cpu_ratio", "high", "missed"),
    [(10.0, 0.01, 1.01, []), (10.0, 0.02, 1.03, ["cpu", "slowdown"]), (20.0, 0.02, 1.03, [])],
)
def test_targets_are_those_of_ten_hertz(sample_hz, cpu_ratio, high, missed):
    step = Ratio(1.0, 0.99, high)
    costs = Costs(sample_hz, 8, cpu_ratio, sample_hz, 500.0, step, step)
    assert [name for name, met in costs.targets.items() if not met] == missed
    assert ("NOT MET" in sampler_cost.table([costs])) == bool(missed)
