"""The answer of a comparison: a sentence on each side against the baseline."""

from collections.abc import Iterator

from analysis import wording
from analysis.comparison.record import Comparison, Evidence
from analysis.comparison.values import interval, ranges, times
from analysis.parity.phrases import lowered
from profilers.summaries import ComparisonSummary, Ratio


def sentences(record: Comparison) -> Iterator[str]:
    """The slower side first where there is a difference; none on a side without complete runs."""
    for other, summary, evidence in zip(
        record.others, record.comparisons, record.evidence, strict=True
    ):
        if record.compared[other].complete:
            yield _sentence(record, other, summary, evidence)


def _sentence(
    record: Comparison, other: int, summary: ComparisonSummary, evidence: Evidence
) -> str:
    if evidence.parity is not None and not evidence.parity.comparable:
        reason = evidence.parity.reason
        return f"{summary.other} is not comparable with {summary.baseline}: {lowered(reason)}"
    if record.stamp:
        return _foreign(record, other)
    work = evidence.same_work
    if evidence.parity is None and work is not None and "workload" in work.differing:
        return f"Not the same work, no verdict: {_lengths_told(record, other)}."
    ratio = summary.ratio
    if ratio is None or ratio.low is None or ratio.high is None:
        return _without_interval(record, other, evidence, ratio)
    slower, faster = summary.other, summary.baseline
    if evidence.kind == "different" and ratio.estimate < 1:
        slower, faster = faster, slower
        ratio = Ratio(1 / ratio.estimate, 1 / ratio.high, 1 / ratio.low, ratio.pairs)
    ends = interval(ratio.low, ratio.high)
    takes = f"{slower} takes {times(ratio.estimate)} × as long per {_step(record)} as {faster}"
    if evidence.kind == "different":
        return f"{takes} ({ends})."
    if evidence.kind == "two pairs":
        return f"{_few(record, other, evidence)}, no verdict: {takes} ({ends})."
    begin = summary.verdict[0].upper() + summary.verdict[1:]
    return f"{begin}: {takes}" + ("." if evidence.kind == "not found" else f" ({ends}).")


def _step(record: Comparison) -> str:
    """What a step of these runs is."""
    settings = record.compared[record.baseline].settings
    return wording.STEPS[settings.mode if settings else "train"]


def _few(record: Comparison, other: int, evidence: Evidence) -> str:
    """How many runs there are or, where runs failed, how many pairs."""
    pairs = len(evidence.pairs)
    runs = {len(record.compared[number].complete) for number in (record.baseline, other)}
    if runs == {pairs}:
        return "One run each" if pairs == 1 else "Two runs each"
    return ("No pair of runs", "One pair of runs", "Two pairs of runs")[pairs]


def _without_interval(
    record: Comparison, other: int, evidence: Evidence, ratio: Ratio | None
) -> str:
    """Both numbers, for no pair or one alone."""
    begin = f"{_few(record, other, evidence)}, no verdict"
    if not any(ranges(record, "step_ms")[number] for number in (other, record.baseline)):
        return f"{begin}."
    text = f"{begin}: {_lengths_told(record, other)}"
    return text + (f" ({times(ratio.estimate)} ×)." if ratio else ".")


def _lengths_told(record: Comparison, other: int) -> str:
    """How long a step takes on both sides."""
    lengths = _lengths(record, other, "step_ms")
    labels = [record.sides[number] for number in (other, record.baseline)]
    article = "an" if _step(record).startswith("i") else "a"
    text = f"{article} {_step(record)} takes {lengths[0]} under {labels[0]}"
    return f"{text} and {lengths[1]} under {labels[1]}"


def _foreign(record: Comparison, other: int) -> str:
    """Of traces only the profiled steps are known."""
    lengths = _lengths(record, other, "profiled_step_ms")
    labels = [record.sides[number] for number in (other, record.baseline)]
    return (
        f"No verdict: a profiled step takes {lengths[0]} in {labels[0]} and {lengths[1]} in "
        f"{labels[1]}."
    )


def _lengths(record: Comparison, other: int, key: str) -> list[str]:
    """A time of the other side and of the baseline, in one unit."""
    steps = [ranges(record, key)[number] for number in (other, record.baseline)]
    unit, unit_ns = wording.time_unit(max((step.median for step in steps if step), default=1) * 1e6)
    return [
        f"{wording.number(step.median * 1e6 / unit_ns)} {unit}" if step else wording.MISSING
        for step in steps
    ]
