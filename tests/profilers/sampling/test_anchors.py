from profilers import clocks
from profilers.records import ClockAnchor
from profilers.sampling.anchors import Anchors


def test_a_long_recording_keeps_a_few_that_are_evenly_spread(monkeypatch):
    now_ns = iter(range(0, 10**12, 10**7))
    monkeypatch.setattr(clocks, "anchor", lambda label: ClockAnchor(label, next(now_ns), 0, 1))
    monkeypatch.setattr("profilers.sampling.anchors.JUMP_NS", 10**18)
    anchors = Anchors(most=16)
    for _ in range(1000):
        anchors.add("periodic")
        assert len(anchors.kept) <= 16
    times = [anchor.monotonic_ns for anchor in anchors.kept]
    assert times == sorted(times)
    assert times[0] == 0
    assert anchors.latest.monotonic_ns == times[-1] == 999 * 10**7
    assert anchors.clock() == "available"


def test_many_jumps_are_counted(monkeypatch):
    jumps = iter(range(0, 10**12, 2_000_000))
    monkeypatch.setattr(clocks, "anchor", lambda label: ClockAnchor(label, 0, next(jumps), 1))
    anchors = Anchors()
    for _ in range(21):
        anchors.add("periodic")
    assert anchors.clock() == (
        "the system clock was set while the run went on "
        "(+2.0 ms, +2.0 ms, +2.0 ms, +2.0 ms, +2.0 ms, and 15 times more)"
    )
