"""Bounds resources.csv: the longer a run, the more readings become one row."""

from collections.abc import Callable, Mapping, Sequence

from profilers.sampling.source import BITS, Value

ROWS_PER_RATE = 36_000
"""Rows until each one stands for twice as many readings: an hour at ten a second."""

LEAST_ROWS_HZ = 1.0
WHOLE_UNITS = ("bytes", "hertz", "nanoseconds", "bytes per second")
"""A mean of these is rounded: a part of one says nothing."""


class Counter:
    """A column that only grows: the last value has all that went before in it."""

    def __init__(self) -> None:
        self.value: Value = None

    def add(self, value: int | float) -> None:
        """Take a reading in."""
        self.value = value


class Flags:
    """A column of bits: each that was set at some reading."""

    def __init__(self) -> None:
        self.value: int | None = None

    def add(self, value: int | float) -> None:
        """Take a reading in."""
        self.value = int(value) | (self.value or 0)


class Gauge:
    """A column that rises and falls: its mean and its maximum."""

    def __init__(self, whole: bool) -> None:
        self._highest: Value = None
        self._sum: int | float = 0
        self._count = 0
        self._whole = whole

    def add(self, value: int | float) -> None:
        """Take a reading in."""
        self._sum += value
        self._count += 1
        if self._highest is None or value > self._highest:
            self._highest = value

    @property
    def value(self) -> Value:
        """The mean of the readings, None without any."""
        if not self._count:
            return None
        mean = self._sum / self._count
        return round(mean) if self._whole else mean

    @property
    def above_mean(self) -> Value:
        """The maximum, None where that is the mean: most files have many such cells."""
        return None if self._highest == self.value else self._highest


Fold = Counter | Flags | Gauge


class Thinning:
    """Makes rows of readings: one of each at first, of twice as many after each 36,000 rows.

    This goes on until there is one row a second. Counters lose nothing by that; of gauges mean and
    maximum stay. Empty cells take no part.

    Args:
        units: Unit by name of the columns, in their order.
        counters: Those of them that only grow.
        sample_hz: Readings a second.
        rows_per_rate: Rows after which each one stands for twice as many readings.
    """

    def __init__(
        self,
        units: Mapping[str, str],
        counters: frozenset[str],
        sample_hz: float,
        rows_per_rate: int = ROWS_PER_RATE,
    ) -> None:
        self.readings_per_row = 1
        self._makers = [_maker(unit, name in counters) for name, unit in units.items()]
        self.gauges = [n for n, unit in units.items() if n not in counters and unit != BITS]
        self._most_readings = max(1, int(sample_hz / LEAST_ROWS_HZ))
        self._rows_per_rate = rows_per_rate
        self._rows = 0
        self._readings = 0
        self._folds: list[Fold] = []

    def add(self, values: Sequence[Value]) -> list[Value] | None:
        """Take a reading in; the row that is complete by it, or None."""
        if self.readings_per_row == 1:
            self._rows += 1
            row = [*values, *[None] * len(self.gauges), 1]
        else:
            if not self._readings:
                self._folds = [maker() for maker in self._makers]
            self._readings += 1
            for fold, value in zip(self._folds, values, strict=True):
                if value is not None:
                    fold.add(value)
            if self._readings < self.readings_per_row:
                return None
            row = self._folded()
        if self._rows == self._rows_per_rate and self.readings_per_row < self._most_readings:
            self._rows = 0
            self.readings_per_row = min(2 * self.readings_per_row, self._most_readings)
        return row

    def rest(self) -> list[Value] | None:
        """The row of the readings that are not in one yet; None without any."""
        return self._folded() if self._readings else None

    def _folded(self) -> list[Value]:
        """The values, the maxima of the gauges, and how many readings the row stands for."""
        values = [fold.value for fold in self._folds]
        highest = [fold.above_mean for fold in self._folds if isinstance(fold, Gauge)]
        row = [*values, *highest, self._readings]
        self._readings = 0
        self._rows += 1
        return row


def _maker(unit: str, is_counter: bool) -> Callable[[], Fold]:
    if is_counter:
        return Counter
    return Flags if unit == BITS else lambda: Gauge(unit in WHOLE_UNITS)
