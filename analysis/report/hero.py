"""The top of the page: what happened to the runs, the answer, and the three reasons for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis import run_text, wording
from analysis.comparison import answer, text, troubles, trust
from analysis.comparison.values import interval
from analysis.layout import NO_BREAK_SPACE
from analysis.report import state
from analysis.report.interval import Interval, intervals
from analysis.report.reasons import Reason, reasons
from analysis.report.state import Banner
from analysis.report.subject import Against, Subject

VERDICTS = ("different", "equivalent", "not found")
SCOPE = "It holds for this workload, batch and machine."


@dataclass(frozen=True)
class Answer:
    """A sentence of the answer, and the brackets at its end, which are written smaller."""

    sentence: str
    brackets: str


@dataclass(frozen=True)
class Hero:
    """`intervals` has a chart for each other side that has an interval."""

    setting: str
    eyebrow: str
    banners: list[Banner]
    answers: list[Answer]
    lead: str
    refused: bool
    reasons: list[Reason]
    intervals: list[Interval]


def hero(subject: Subject) -> Hero:
    """The top of a page."""
    return Hero(
        setting=setting(subject),
        eyebrow="traces of other tools" if subject.foreign else setting(subject),
        banners=state.banners(subject),
        answers=[_answer(sentence) for sentence in _sentences(subject)],
        lead=" ".join(_lead(subject)),
        refused=not subject.comparable,
        reasons=reasons(subject) if subject.comparable else [],
        intervals=intervals(subject) if subject.comparable else [],
    )


def setting(subject: Subject) -> str:
    """What stands beside every number."""
    if subject.foreign:
        return subject.record.stamp
    if not subject.runs:
        return ""
    shown = text.shown_sides(subject.record)
    line = text.settings_line(subject.record, shown).replace(NO_BREAK_SPACE, " ")
    return (
        line if len(shown.numbers) > 1 else line.replace(" each", "").replace(", interleaved", "")
    )


def _sentences(subject: Subject) -> Iterator[str]:
    if subject.against:
        yield from answer.sentences(subject.record)
        return
    finished = subject.finished(subject.baseline)
    if finished:
        yield run_text.verdict(finished)
    elif len(subject.record.compared) == 1:
        yield "No run is complete."
    if len(subject.record.compared) > 1:
        yield text.nothing_to_compare(text.shown_sides(subject.record))


def _answer(sentence: str) -> Answer:
    """Brackets at the end hold the interval; others belong to the sentence."""
    body = sentence.removesuffix(".")
    begin, bracket, end = body.rpartition(" (")
    if bracket and end.endswith(")"):
        return Answer(begin, f"({end}")
    return Answer(body, "")


def _lead(subject: Subject) -> Iterator[str]:
    """The numbers behind the answer, what it may be said of, and what would settle it."""
    if subject.foreign:
        yield (
            "No parity certificate: these runs come from other tools. Times are shown, a verdict "
            "is not."
        )
        return
    if len(subject.against) == 1 and subject.comparable:
        yield from _steps(subject.against[0])
    if subject.against and subject.comparable:
        if any(each.evidence.kind in VERDICTS for each in subject.against):
            yield SCOPE
        yield from troubles.all_flagged(subject.record)
        yield from (f"{text[:1].upper()}{text[1:]}." for text in trust.repeats(subject.record))
    elif not subject.against and len(subject.runs) == 1:
        yield "1 run has no interval: add --repeats 5."


def _steps(found: Against) -> Iterator[str]:
    """Where the interval lies, the slower side being held against the other."""
    ratio = found.summary.ratio
    if found.evidence.kind not in VERDICTS or ratio is None:
        return
    low, high = ratio.low, ratio.high
    if low is None or high is None:
        return
    if found.evidence.kind == "different" and ratio.estimate < 1:
        low, high = 1 / high, 1 / low
    contains = "contains" if low <= 1 <= high else "does not contain"
    pairs = wording.counted(len(found.evidence.pairs), "pair")
    yield (
        f"The 95 % interval of the ratio over {pairs} of runs, {interval(low, high)}, {contains} 1."
    )
