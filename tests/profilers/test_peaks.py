"""A device whose clock is made up, so that every figure is exact."""

import time
from collections.abc import Callable

import pytest

from profilers import peaks


class Device:
    """Multiplies at 8e12 FLOP/s and copies at 1e12 B/s; a launch costs nothing, waiting 1 µs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns, self.queued_ns = 0, 0.0
        self.sides: list[int] = []
        self.slow_calls = 3
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.now_ns)

    def synchronise(self) -> None:
        self.now_ns += round(self.queued_ns) + 1_000
        self.queued_ns = 0.0

    def _queue(self, duration_ns: float) -> None:
        """The first calls take longer, as they do anywhere."""
        self.slow_calls -= 1
        self.queued_ns += duration_ns * (3 if self.slow_calls >= 0 else 1)

    def product(self, side: int) -> Callable[[], object]:
        self.sides.append(side)
        return lambda: self._queue(2 * side**3 / 8e12 * 1e9)

    def copying(self, size_bytes: int) -> Callable[[], object]:
        return lambda: self._queue(2 * size_bytes / 1e12 * 1e9)


def test_the_best_of_many_calls_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    device, warnings = Device(monkeypatch), []
    found = peaks.measure(device, warnings.append)  # type: ignore[arg-type]
    assert found.flops_per_second == pytest.approx(8e12, rel=0.002)
    assert found.bytes_per_second == pytest.approx(1e12, rel=0.002)
    assert device.sides == [512, 1024, 2048]
    assert 0.4 < device.now_ns / 1e9 < 0.5
    assert warnings == []


def test_what_fails_is_missing_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    device, warnings = Device(monkeypatch), []

    def product(side: int) -> Callable[[], object]:
        raise RuntimeError("no such kernel\nat line 3")

    device.product = product  # type: ignore[method-assign]
    found = peaks.measure(device, warnings.append)  # type: ignore[arg-type]
    assert found.flops_per_second is None
    assert found.bytes_per_second == pytest.approx(1e12, rel=0.002)
    assert warnings == ["the device's peak in matrix products was not measured (no such kernel)"]


def test_the_arrays_are_small() -> None:
    product_bytes = 3 * 4 * (max(peaks.SIDES) ** 2 + (max(peaks.SIDES) // 2) ** 2)
    assert max(product_bytes, 2 * peaks.COPIED_BYTES) < 300e6
