"""What pairs of processes say of a ratio: its interval, the verdict, and the repeats needed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis import wording
from profilers.rundir import Ratio

SIGNIFICANCE = 0.05
CONFIDENCE, EQUIVALENCE_CONFIDENCE = 1 - SIGNIFICANCE, 0.90
MARGIN = 0.01
EQUIVALENT_LOW, EQUIVALENT_HIGH = 0.95, 1.05
FEWEST_PAIRS, MOST_REPEATS = 3, 1000

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


def ratio(log_ratios: Sample) -> Ratio:
    """The geometric mean of other / baseline, from ln ratios, with its 95 % interval."""
    low, high = log_ratios.interval() or (None, None)
    return Ratio(
        estimate=math.exp(log_ratios.mean),
        low=None if low is None else math.exp(low),
        high=None if high is None else math.exp(high),
        pairs=log_ratios.pairs,
    )


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
    are shown stay those of 95 % each, so one may exclude the margin without a verdict. What is
    not different is *equivalent* if the 90 % interval lies in 0.95 to 1.05, each side by itself.

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
    return [
        _verdict(each, p_values.get(number), thresholds.get(number), number in different)
        for number, each in enumerate(samples)
    ]


def repeats_needed(found: Sample) -> int | None:
    """The fewest pairs whose interval would exclude the margin, were mean and deviation to stay.

    None where even 1,000 pairs would not, or where the mean lies within the margin.
    """
    beyond = abs(found.mean) - MARGIN
    if found.deviation is None or beyond <= 0:
        return None
    pairs = np.arange(FEWEST_PAIRS, MOST_REPEATS + 1)
    half = _quantiles((1 + CONFIDENCE) / 2, pairs - 1) * found.deviation / np.sqrt(pairs)
    enough = pairs[half < beyond]
    return int(enough[0]) if len(enough) else None


def _verdict(
    found: Sample | None, p_value: float | None, threshold: float | None, different: bool
) -> Verdict:
    pairs = 0 if found is None else found.pairs
    if found is None or p_value is None:
        kinds: tuple[Kind, ...] = ("no pair", "one pair", "two pairs")
        needed = None if found is None else repeats_needed(found)
        return Verdict(kinds[pairs], NO_VERDICT[kinds[pairs]], repeats_needed=needed)
    if different:
        return Verdict("different", "different", p_value, threshold)
    low, high = map(math.exp, found.interval(EQUIVALENCE_CONFIDENCE) or (-math.inf, math.inf))
    if low >= EQUIVALENT_LOW and high <= EQUIVALENT_HIGH:
        return Verdict("equivalent", "equivalent within 5 %", p_value, threshold)
    text = f"no difference found (could be {span(ratio(found))})"
    return Verdict("not found", text, p_value, threshold, repeats_needed(found))


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


def _quantile(chance: float, freedom: int) -> float:
    return float(_quantiles(chance, np.array([freedom]))[0])


def _quantiles(chance: float, freedom: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    from scipy.special import stdtrit

    found: npt.NDArray[np.float64] = stdtrit(freedom, chance)
    return found
