from hypothesis import given
from hypothesis import strategies as st

from profilers.sampling.schedule import Schedule

PERIOD_NS = 100_000_000


@given(
    st.integers(0, 10**15),
    st.lists(st.tuples(st.integers(0, 3 * PERIOD_NS), st.integers(0, 3 * PERIOD_NS)), max_size=50),
)
def test_schedule_keeps_to_the_grid_and_catches_nothing_up(begin_ns, disturbances):
    schedule = Schedule(begin_ns, 10.0)
    now_ns, sampled_ns, slots = begin_ns, 0, []
    for late_ns, cost_ns in disturbances:
        target_ns = schedule.next_target_ns(now_ns, sampled_ns)
        slot, rest = divmod(target_ns - begin_ns, PERIOD_NS)
        assert rest == 0
        assert target_ns >= now_ns - PERIOD_NS // 2
        assert target_ns >= sampled_ns + PERIOD_NS // 2
        slots.append(slot)
        sampled_ns = max(now_ns, target_ns) + late_ns
        now_ns = sampled_ns + cost_ns
    assert slots == sorted(set(slots))
    if slots:
        assert schedule.missed == slots[-1] + 1 - len(slots)


def test_schedule_in_time_misses_nothing():
    begin_ns, late_ns, cost_ns = 10**12, 20_000_000, 25_000_000
    schedule = Schedule(begin_ns, 10.0)
    now_ns, sampled_ns = begin_ns + 1000, 0
    for slot in range(50):
        target_ns = schedule.next_target_ns(now_ns, sampled_ns)
        assert target_ns == begin_ns + slot * PERIOD_NS
        sampled_ns = target_ns + late_ns
        now_ns = sampled_ns + cost_ns
    assert schedule.missed == 0


def test_schedule_after_a_long_pause_goes_on_with_the_next_slot():
    begin_ns = 10**12
    schedule = Schedule(begin_ns, 10.0)
    schedule.next_target_ns(begin_ns, 0)
    sampled_ns = begin_ns + 12 * PERIOD_NS + 60_000_000
    assert schedule.next_target_ns(sampled_ns, sampled_ns) == begin_ns + 14 * PERIOD_NS
    assert schedule.missed == 13
