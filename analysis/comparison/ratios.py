"""What pairs of processes say of a ratio: its interval, the verdict, and the repeats needed."""

import bisect
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis import wording
from profilers.summaries import Ratio

SIGNIFICANCE = 0.05
CONFIDENCE, EQUIVALENCE_CONFIDENCE = 1 - SIGNIFICANCE, 0.90
MARGIN = 0.01
EQUIVALENT_LOW, EQUIVALENT_HIGH = 0.95, 1.05
FEWEST_PAIRS, MOST_REPEATS = 3, 1000
LARGEST_LOG = 700.0

Kind = Literal["no pair", "one pair", "two pairs", "different", "equivalent", "not found"]
NO_VERDICT: dict[Kind, str] = {
    "no pair": "no pair of runs, no verdict",
    "one pair": "one run each, no verdict",
    "two pairs": "two runs each, no verdict",
}


@dataclass(frozen=True)
class Sample:
    """Differences within pairs: their mean, and their standard deviation (N - 1) from two on."""

    mean: float
    deviation: float | None
    pairs: int

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
        """Student's t interval of the mean; None for less than two pairs."""
        if self.deviation is None:
            return None
        half = _quantile((1 + confidence) / 2, self.pairs - 1) * self.standard_error
        return self.mean - half, self.mean + half

    @property
    def standard_error(self) -> float:
        """That of the mean; of one pair nothing is known."""
        return math.inf if self.deviation is None else self.deviation / math.sqrt(self.pairs)


def sample(differences: Sequence[float]) -> Sample | None:
    """Mean and deviation of the differences of pairs; None where there is no pair."""
    if not differences:
        return None
    values = np.asarray(differences, dtype=np.float64)
    deviation = float(values.std(ddof=1)) if len(values) > 1 else None
    return Sample(float(values.mean()), deviation, len(values))


def log_ratio(baseline: float | None, other: float | None) -> float | None:
    """ln(other / baseline); None unless both are above zero and finite, as only those have one."""
    if baseline is None or other is None:
        return None
    both = math.isfinite(baseline) and math.isfinite(other) and baseline > 0 and other > 0
    return math.log(other) - math.log(baseline) if both else None


def ratio(log_ratios: Sample) -> Ratio:
    """The geometric mean of other / baseline, from ln ratios, with its 95 % interval."""
    low, high = log_ratios.interval() or (None, None)
    return Ratio(
        estimate=_exp(log_ratios.mean),
        low=None if low is None else _exp(low),
        high=None if high is None else _exp(high),
        pairs=log_ratios.pairs,
    )


def _exp(logarithm: float) -> float:
    """The exponential, kept where it is neither zero nor too large for a float."""
    return math.exp(max(-LARGEST_LOG, min(LARGEST_LOG, logarithm)))


@dataclass(frozen=True)
class Verdict:
    """What may be said of two sides, in a word and as text.

    `p_value` and `threshold` are those of the test for "different"; None where none was made.
    `repeats_needed` is set where more runs could still show a difference.
    """

    kind: Kind
    text: str
    p_value: float | None = None
    threshold: float | None = None
    repeats_needed: int | None = None


def verdicts(samples: Sequence[Sample | None]) -> list[Verdict]:
    """The verdict on each of several sides against one baseline, from ln ratios in pairs.

    Below three pairs there is none. A side is *different* if the mean's t interval excludes zero
    by more than the margin of 1 %, that is if p <= 0.05 for the hypothesis that |mean| is at most
    the margin, with t = (|mean| - margin) / standard error and N - 1 degrees of freedom. With
    several sides these p values, the margin being in them, are held to Holm's thresholds: the
    smallest of m to 0.05 / m, the next to 0.05 / (m - 1), until one fails. The intervals that
    are shown stay those of 95 % each, so one may exclude 1 or the margin without a difference
    being found; the verdict says so then. What is not different is *equivalent* if the 90 %
    interval lies in 0.95 to 1.05, each side by itself.

    Sources: Student's t for paired samples; S. Holm, A Simple Sequentially Rejective Multiple
    Test Procedure, Scandinavian Journal of Statistics 6 (1979); D. Schuirmann, A comparison of
    the two one-sided tests procedure, J. Pharmacokinetics and Biopharmaceutics 15 (1987).
    """
    p_values = {
        number: _p_value(each)
        for number, each in enumerate(samples)
        if each is not None and each.pairs >= FEWEST_PAIRS
    }
    thresholds, different = _holm(p_values)
    strictest = SIGNIFICANCE / max(1, sum(each is not None for each in samples))
    return [
        _tested(each, p_values[number], thresholds[number], number in different)
        if each is not None and number in p_values
        else _untested(each, strictest)
        for number, each in enumerate(samples)
    ]


def repeats_needed(found: Sample, threshold: float = SIGNIFICANCE) -> int | None:
    """The fewest pairs with a p value below the threshold, were mean and deviation to stay.

    None where even 1,000 pairs have none, or where the mean lies within the margin.
    """
    beyond = abs(found.mean) - MARGIN
    if found.deviation is None or beyond <= 0:
        return None
    deviation = found.deviation

    def enough(pairs: int) -> bool:
        half = _quantile(1 - threshold / 2, pairs - 1) * deviation / math.sqrt(pairs)
        return half < beyond

    counts = range(FEWEST_PAIRS, MOST_REPEATS + 1)
    fewest = bisect.bisect_left(counts, True, key=enough)
    return counts[fewest] if fewest < len(counts) else None


def _untested(found: Sample | None, strictest: float) -> Verdict:
    """For less than three pairs; their threshold is not known yet, so the strictest is taken."""
    kinds: tuple[Kind, ...] = ("no pair", "one pair", "two pairs")
    kind = kinds[found.pairs if found else 0]
    needed = repeats_needed(found, strictest) if found else None
    return Verdict(kind, NO_VERDICT[kind], repeats_needed=needed)


def _tested(found: Sample, p_value: float, threshold: float, different: bool) -> Verdict:
    if different:
        return Verdict("different", "different", p_value, threshold)
    low, high = map(_exp, found.interval(EQUIVALENCE_CONFIDENCE) or (-math.inf, math.inf))
    if low >= EQUIVALENT_LOW and high <= EQUIVALENT_HIGH:
        return Verdict("equivalent", "equivalent within 5 %", p_value, threshold)
    text = f"{_not_found(found, p_value)} (could be {span(ratio(found))})"
    return Verdict("not found", text, p_value, threshold, repeats_needed(found, threshold))


def _not_found(found: Sample, p_value: float) -> str:
    """What keeps a difference from being one, where the interval alone would show it."""
    low, high = found.interval() or (0.0, 0.0)
    if p_value <= SIGNIFICANCE:
        return "different by its own interval, but not by Holm's threshold for several sides"
    if low > 0 or high < 0:
        return f"no difference beyond {100 * MARGIN:.0f} % found"
    return "no difference found"


def span(found: Ratio) -> str:
    """The ends of a ratio's interval as what they are above or below 1, in percent."""
    if found.low is None or found.high is None:
        return wording.MISSING
    ends = [100 * (end - 1) for end in (found.low, found.high)]
    decimals = 0 if max(map(abs, ends)) >= 10 else 1
    low, high = (wording.signed(end, decimals) for end in ends)
    return f"{low} to {high} %"


def _p_value(found: Sample) -> float:
    beyond = abs(found.mean) - MARGIN
    if found.standard_error == 0:
        return 0.0 if beyond > 0 else 1.0
    return min(1.0, 2 * _tail(beyond / found.standard_error, found.pairs - 1))


def _holm(p_values: dict[int, float]) -> tuple[dict[int, float], set[int]]:
    """Holm's threshold for each number, and the numbers whose hypothesis is rejected."""
    ordered = sorted(p_values, key=lambda number: p_values[number])
    thresholds = {
        number: SIGNIFICANCE / (len(ordered) - place) for place, number in enumerate(ordered)
    }
    rejected: set[int] = set()
    for number in ordered:
        if p_values[number] > thresholds[number]:
            break
        rejected.add(number)
    return thresholds, rejected


def _tail(t: float, freedom: int) -> float:
    """The chance of a Student's t above `t`."""
    from scipy.special import stdtr

    return float(stdtr(freedom, -t))


@functools.cache
def _quantile(chance: float, freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, chance))
