import itertools

from hypothesis import given
from hypothesis import strategies as st

from profilers.sampling.source import Tier

PERIOD_NS = 1000


@given(st.lists(st.integers(0, 3 * PERIOD_NS), max_size=60), st.integers(0, 10**15))
def test_never_more_often_than_the_period_on_the_whole(steps: list[int], begin_ns: int) -> None:
    tier, now_ns, readings = Tier(PERIOD_NS), begin_ns, []
    for step in steps:
        now_ns += step
        if tier.due(now_ns):
            readings.append(now_ns)
    if readings:
        assert len(readings) <= (readings[-1] - readings[0]) / PERIOD_NS + 1.8
        assert all(b - a >= PERIOD_NS / 4 for a, b in itertools.pairwise(readings))


def test_jitter_skips_no_reading_at_the_rate_of_the_tier() -> None:
    tier = Tier(PERIOD_NS)
    jitter = [0, 90, 10, 200, 0, 120, 30]
    assert all(tier.due(10**9 + PERIOD_NS * i + late) for i, late in enumerate(jitter))


def test_a_faster_rate_is_thinned() -> None:
    tier = Tier(PERIOD_NS)
    assert [tier.due(10**9 + 500 * i) for i in range(6)] == [True, False] * 3


def test_a_long_gap_is_not_caught_up() -> None:
    tier = Tier(PERIOD_NS)
    assert tier.due(10**9)
    late_ns = 10**9 + 50 * PERIOD_NS
    assert tier.due(late_ns)
    assert not tier.due(late_ns + 100)
