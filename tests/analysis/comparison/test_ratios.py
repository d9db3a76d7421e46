"""Hand-computed values are from tables of Student's t; with 2 degrees p = 1 - t / sqrt(t² + 2)."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparison import ratios
from analysis.comparison.ratios import Sample, Verdict

SLOWER = [math.log(1.1), math.log(1.2), math.log(1.21)]
EXPERIMENTS = 1_000


def sample(values: Sequence[float]) -> Sample:
    found = ratios.sample(values)
    assert found is not None
    return found


def verdict(values: Sequence[float]) -> Verdict:
    [found] = ratios.verdicts([ratios.sample(values)])
    return found


def test_the_ratio_is_the_geometric_mean_with_a_t_interval() -> None:
    found = ratios.ratio(sample(SLOWER))
    assert found.pairs == 3
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (1.16892, 1.02525, 1.33274), abs=1e-5
    )


@pytest.mark.parametrize(
    ("baseline", "other"),
    [
        (None, 1.0),
        (1.0, None),
        (0.0, 1.0),
        (1.0, 0.0),
        (-1.0, -1.0),
        (math.inf, 1.0),
        (1, math.nan),
    ],
)
def test_only_figures_above_zero_have_a_ratio(baseline: float | None, other: float | None) -> None:
    assert ratios.log_ratio(baseline, other) is None


@given(st.lists(st.floats(-1400, 1400), min_size=2, max_size=5))
def test_no_ratio_is_zero_or_endless(values: list[float]) -> None:
    found = ratios.ratio(sample(values))
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low <= found.high < math.inf
    assert verdict(values).text


def test_one_pair_has_no_interval() -> None:
    found = ratios.ratio(sample([math.log(2)]))
    assert (found.estimate, found.low, found.high, found.pairs) == (
        pytest.approx(2),
        None,
        None,
        1,
    )


def test_no_pair_is_no_sample() -> None:
    assert ratios.sample([]) is None


def test_a_difference_needs_the_interval_to_exclude_more_than_the_margin() -> None:
    found = verdict(SLOWER)
    assert (found.kind, found.text) == ("different", "different")
    assert found.p_value == pytest.approx(0.040885, abs=1e-5)
    assert found.threshold == 0.05
    assert verdict([-value for value in SLOWER]).kind == "different"
    small = [0.008, 0.0081, 0.0079]
    low, high = sample(small).interval() or (0, 0)
    assert 0 < low < high < ratios.MARGIN
    assert verdict(small).kind == "equivalent"


def test_no_spread_at_all_is_judged_by_the_margin_alone() -> None:
    assert verdict([0.02] * 3).kind == "different"
    assert verdict([0.01] * 3).kind == "equivalent"
    assert verdict([0.0] * 3).p_value == 1.0


def test_equivalence_needs_the_90_percent_interval_within_5_percent() -> None:
    assert sample([0.01, -0.01, 0.0]).interval(0.90) == pytest.approx(
        (-0.016859, 0.016859), abs=1e-6
    )
    assert verdict([0.01, -0.01, 0.0]).text == "equivalent within 5 %"
    assert verdict([0.05, 0.03, 0.0]).kind == "not found"


def test_what_is_not_found_says_what_it_could_be() -> None:
    found = verdict([0.02, -0.02, 0.03])
    assert found.text == "no difference found (could be −5.4 to +7.9 %)"
    assert verdict([0.2, -0.2, 0.1]).text == "no difference found (could be −38 to +73 %)"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "no pair of runs, no verdict"),
        ([1.0], "one run each, no verdict"),
        ([1.0, 1.0], "two runs each, no verdict"),
    ],
)
def test_below_three_pairs_there_is_no_verdict(values: list[float], text: str) -> None:
    found = verdict(values)
    assert (found.text, found.p_value) == (text, None)


def test_repeats_needed() -> None:
    assert ratios.repeats_needed(sample([0.05, 0.15])) == 5  # 2.776 * 0.0707 / sqrt 5 < 0.09
    assert ratios.repeats_needed(sample([0.005, 0.015])) is None
    assert ratios.repeats_needed(sample([0.1])) is None
    assert ratios.repeats_needed(sample([0.9, -0.87])) is None


def test_repeats_needed_are_held_to_the_threshold_of_the_side() -> None:
    spread = [0.05, 0.15, 0.1, 0.02]
    [alone] = ratios.verdicts([sample(spread)])
    beside = ratios.verdicts([sample(spread), sample(spread)])
    assert (alone.kind, beside[0].kind) == ("not found", "not found")
    assert (alone.repeats_needed, beside[0].repeats_needed, beside[1].repeats_needed) == (6, 7, 6)
    needed = Sample(sample(spread).mean, sample(spread).deviation, 7)
    assert ratios._p_value(needed) <= 0.025 < ratios._p_value(replace(needed, pairs=6))
    two = [0.05, 0.15]
    assert ratios.verdicts([sample(two)])[0].repeats_needed == 5
    assert ratios.verdicts([sample(two), None, sample(two)])[2].repeats_needed == 7


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=10))
def test_as_many_repeats_as_are_needed_are_enough_and_one_less_is_not(values: list[float]) -> None:
    found = sample(values)
    needed = ratios.repeats_needed(found)
    if needed is None or needed == ratios.FEWEST_PAIRS:
        return
    enough, fewer = (
        Sample(abs(found.mean), found.deviation, pairs).interval() or (0, 0)
        for pairs in (needed, needed - 1)
    )
    assert enough[0] > ratios.MARGIN
    assert fewer[0] <= ratios.MARGIN + 1e-12


def test_several_sides_are_held_to_holms_thresholds() -> None:
    clear = [0.5, 0.51, 0.52]
    both = ratios.verdicts([sample(SLOWER), sample(SLOWER)])
    assert [each.kind for each in both] == ["not found", "not found"]  # 0.041 is above 0.05 / 2
    beside = ratios.verdicts([sample(SLOWER), None, sample(clear), sample([0.1])])
    assert [each.kind for each in beside] == ["different", "no pair", "different", "one pair"]
    assert [each.threshold for each in beside] == [0.05, None, 0.025, None]


def test_an_interval_beyond_1_without_a_difference_says_what_it_lacks() -> None:
    both = ratios.verdicts([sample(SLOWER), sample(SLOWER)])
    assert both[0].text == (
        "different by its own interval, but not by Holm's threshold for several sides "
        "(could be +3 to +33 %)"
    )
    [within] = ratios.verdicts([sample([0.03, 0.06, 0.045])])
    assert within.text == "no difference beyond 1 % found (could be +0.8 to +8.6 %)"


def test_a_failed_hypothesis_ends_holms_procedure() -> None:
    first, second = [0.3, 0.1, 0.6], SLOWER
    found = ratios.verdicts([sample(first), sample(second)])
    assert found[1].p_value is not None
    assert 0.025 < found[1].p_value < 0.05
    assert [each.kind for each in found] == ["not found", "not found"]


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=8))
def test_exchanged_sides_have_the_reciprocal_ratio_and_the_same_verdict(
    values: list[float],
) -> None:
    found, turned = ratios.ratio(sample(values)), ratios.ratio(sample([-each for each in values]))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.estimate * (1 + 1e-12)
    assert found.estimate <= found.high * (1 + 1e-12)
    assert turned.estimate == pytest.approx(1 / found.estimate)
    assert turned.low == pytest.approx(1 / found.high)
    different = [verdict(each).kind == "different" for each in (values, [-x for x in values])]
    assert different[0] == different[1]


def simulated(pairs: int, true_ratio: float = 1.0, others: int = 1) -> list[list[list[float]]]:
    """Ln ratios by experiment and side: processes with 2 % noise, one in ten slow by 10 %.

    All sides of an experiment share the processes of one baseline.
    """
    generator = np.random.default_rng([pairs, round(100 * true_ratio), others])
    shape = (EXPERIMENTS, 1 + others, pairs)
    runs = generator.normal(0, 0.02, shape) + 0.1 * (generator.random(shape) < 0.1)
    differences: list[list[list[float]]] = (
        runs[:, 1:] - runs[:, :1] + math.log(true_ratio)
    ).tolist()
    return differences


def share(kind: str, experiments: list[list[list[float]]]) -> float:
    """The part of the experiments in which any of the sides gets this verdict."""
    found = [
        any(each.kind == kind for each in ratios.verdicts([sample(side) for side in sides]))
        for sides in experiments
    ]
    return sum(found) / EXPERIMENTS


AT_MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / EXPERIMENTS)


@pytest.mark.parametrize("pairs", [3, 5, 7])
def test_equal_sides_are_seldom_called_different(pairs: int) -> None:
    assert share("different", simulated(pairs)) <= AT_MOST


@pytest.mark.parametrize("pairs", [3, 5, 7])
def test_of_several_equal_sides_any_is_seldom_called_different(pairs: int) -> None:
    assert share("different", simulated(pairs, others=4)) <= AT_MOST


@pytest.mark.parametrize("pairs", [3, 5, 7])
@pytest.mark.parametrize("true_ratio", [0.95, 1.05])
def test_sides_5_percent_apart_are_seldom_called_equivalent(pairs: int, true_ratio: float) -> None:
    assert share("equivalent", simulated(pairs, true_ratio)) <= AT_MOST


@pytest.mark.parametrize(("pairs", "at_least"), [(3, 0.4), (5, 0.7), (7, 0.9)])
def test_a_difference_of_10_percent_is_found(pairs: int, at_least: float) -> None:
    assert share("different", simulated(pairs, 1.1)) >= at_least
