import pytest

from benchmarks.false_alarms import most_alarms, table, verdict_counts

DIFFERENT, ALIKE = [0.1, 0.11, 0.12], [0.001, -0.001, 0.0]


def test_pairs_are_cut_into_comparisons_in_their_order():
    counts = verdict_counts([*DIFFERENT, *ALIKE, *ALIKE, 0.5, 0.5], 3)
    assert counts == {"different": 1, "equivalent": 2}
    assert verdict_counts(DIFFERENT, 5).total() == 0


@pytest.mark.parametrize(("comparisons", "most"), [(0, 0), (1, 0), (5, 1), (13, 3), (1000, 70)])
def test_chance_alone_may_call_some_different(comparisons, most):
    assert most_alarms(comparisons) == most


def test_too_many_alarms_are_a_failure():
    text, good = table([*DIFFERENT, *ALIKE * 6])
    assert good
    assert "| 3 | 7 | 1 | 6 | 0 | 2 |" in text
    assert "all 21 pairs: 1.0158 ×" in text
    text, good = table(DIFFERENT * 7)
    assert not good
    assert "| 3 | 7 | 7 | 0 | 0 | 2 |" in text
