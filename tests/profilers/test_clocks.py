import time

from profilers import clocks
from profilers.records import ClockAnchor


def test_an_anchor_reads_both_clocks_at_one_moment() -> None:
    before = time.time_ns()
    anchor = clocks.anchor("now")
    after = time.time_ns()
    assert before <= anchor.realtime_ns <= after
    assert 0 <= anchor.bracket_ns <= after - before


def test_unix_time_goes_on_with_the_monotonic_clock() -> None:
    anchor = ClockAnchor("made up", 1_000, 1_795_166_178_889_777_301, 10)
    assert clocks.to_unix_ns(1_007, anchor) == 1_795_166_178_889_777_308
    assert clocks.to_unix_ns(900, anchor) == 1_795_166_178_889_777_201


def test_a_reading_now_is_the_unix_time_now() -> None:
    anchor = clocks.anchor("now")
    before, reading, after = time.time_ns(), time.monotonic_ns(), time.time_ns()
    slack = anchor.bracket_ns + 1_000
    assert before - slack <= clocks.to_unix_ns(reading, anchor) <= after + slack
