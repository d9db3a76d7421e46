"""Anchors tie the monotonic clock, which durations come from, to Unix time."""

import time

from profilers.records import ClockAnchor

TRIES = 20


def anchor(label: str) -> ClockAnchor:
    """Read both clocks at one moment: the tightest of several brackets around the Unix clock."""
    best: tuple[int, int, int] | None = None
    for _ in range(TRIES):
        before = time.monotonic_ns()
        realtime = time.time_ns()
        after = time.monotonic_ns()
        if best is None or after - before < best[2] - best[0]:
            best = (before, realtime, after)
    assert best is not None
    before, realtime, after = best
    return ClockAnchor(label, (before + after) // 2, realtime, after - before)


def to_unix_ns(monotonic_ns: int, at: ClockAnchor) -> int:
    """The Unix time in ns of a monotonic reading, by the anchor nearest to it."""
    return at.realtime_ns + monotonic_ns - at.monotonic_ns
