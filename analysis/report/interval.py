"""The interval of a ratio as a chart: an axis that holds 1, the estimate, and its ends."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from analysis.comparison.values import interval, times
from analysis.report.subject import Against, Side, Subject

WIDTH, MARGIN, MOST_TICKS = 340, 16, 5
PADDING_RATIO = 0.25
STEPS = (1.0, 2.0, 5.0)
LARGEST_SPAN = 4.0
"""Where the ends lie further apart than by this factor, the axis is logarithmic."""


@dataclass(frozen=True)
class Interval:
    """Places in px of a chart that is 340 px wide; `ticks` have their texts.

    The ratio is that of `above` to `below`; `count` says how many pairs it is of.
    """

    above: Side
    below: Side
    text: str
    count: int
    low: float
    middle: float
    high: float
    one: float
    ticks: list[tuple[float, str]]

    @property
    def label_place(self) -> tuple[float, str]:
        """Where the text is anchored, so that it stays inside."""
        if self.middle < WIDTH * 0.3:
            return MARGIN - 12, "start"
        if self.middle > WIDTH * 0.7:
            return WIDTH - MARGIN + 12, "end"
        return self.middle, "middle"


def intervals(subject: Subject) -> list[Interval]:
    """A chart for each side that is held against the baseline with an interval."""
    return [found for each in subject.against if (found := _interval(each)) is not None]


def _interval(against: Against) -> Interval | None:
    ratio = against.summary.ratio
    if ratio is None or ratio.low is None or ratio.high is None:
        return None
    above, below = against.other, against.baseline
    estimate, low, high = ratio.estimate, ratio.low, ratio.high
    if against.evidence.kind == "different" and estimate < 1:
        above, below = below, above
        estimate, low, high = 1 / estimate, 1 / high, 1 / low
    place, values = _axis(low, high)
    return Interval(
        above=above,
        below=below,
        text=f"{times(estimate)} × ({interval(low, high)})",
        count=ratio.pairs,
        low=place(low),
        middle=place(estimate),
        high=place(high),
        one=place(1.0),
        ticks=[(place(value), f"{_tick(value)} ×") for value in values],
    )


def _axis(low: float, high: float) -> tuple[Callable[[float], float], list[float]]:
    """Where a ratio is drawn, and the ratios with a tick; linear unless the span is wide."""
    begin, end = min(low, 1.0), max(high, 1.0)
    if end > LARGEST_SPAN * begin:
        first, last = math.floor(math.log10(begin)), math.ceil(math.log10(end))
        every = max(1, math.ceil((last - first) / (MOST_TICKS - 1)))
        values = [10.0**power for power in range(first, last + every, every)]
        return _placed(math.log10(values[0]), math.log10(values[-1]), math.log10), values
    padding = PADDING_RATIO * (end - begin) or 0.05
    step = _step((end - begin + 2 * padding) / (MOST_TICKS - 1))
    first, last = math.floor((begin - padding / 2) / step), math.ceil((end + padding / 2) / step)
    values = [number * step for number in range(first, last + 1)]
    return _placed(values[0], values[-1], float), values


def _placed(begin: float, end: float, of: Callable[[float], float]) -> Callable[[float], float]:
    """A place in px for a ratio; ratios beyond the axis are drawn at its end."""

    def place(value: float) -> float:
        share = (of(max(value, 1e-300)) - begin) / (end - begin)
        return round(MARGIN + min(1.0, max(0.0, share)) * (WIDTH - 2 * MARGIN), 1)

    return place


def _step(least: float) -> float:
    """The smallest round number from `least` on."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((step * power for step in STEPS if step * power >= least), 10 * power)


def _tick(value: float) -> str:
    """A round number with one decimal at least below ten."""
    text = f"{value:.4g}"
    return f"{text}.0" if "." not in text and "e" not in text and value < 10 else text
