"""Is it real? The certificate with its checks, and how the step times of all runs spread."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from analysis import wording
from analysis.comparison import rounds, same_work, troubles
from analysis.parity.agreement import agreeing, not_compared
from analysis.parity.certificate import certificate
from analysis.parity.check import CERTIFIED, Certificate, Check
from analysis.parity.phrases import shown
from analysis.report.names import capital, short
from analysis.report.subject import Against, Subject
from analysis.report.tables import Table, Value
from profilers.rundir import ProfileError

EQUAL, AGREE = "equal", "agree to "
PRECISIONS = ("float64", "float32")
LONGEST_VALUE, MOST_DIFFERING = 60, 40
Found = Literal["same", "differs", "unknown"]
HEADINGS = {
    "same arithmetic": "Both sides did the same arithmetic",
    "same model, stock optimizers differ": "Both sides run the same model, with stock optimizers",
    "not comparable": "The sides do not run the same model",
    "not certifiable": "Whether both sides did the same arithmetic can't be told",
}


@dataclass(frozen=True)
class CheckRow:
    """A check or several alike ones: what was compared, and what was found."""

    found: Found
    name: str
    value: str
    effect: str = ""


@dataclass(frozen=True)
class Proof:
    """What is known of the work of two sides; `conditions` is empty where it is not known."""

    against: Against
    certified: bool
    refused: bool
    title: str
    text: str
    conditions: str
    rows: list[CheckRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Real:
    """`spread` are sentences on the runs, the flagged ones by name."""

    heading: str
    proofs: list[Proof]
    spread_heading: str
    spread: list[str]
    table: Table


def real(subject: Subject) -> Real:
    """The section."""
    certificates = {each.other.label: _certificate(subject, each) for each in subject.against}
    proofs = [_proof(each, certificates[each.other.label]) for each in subject.against]
    return Real(
        heading=_heading(subject, proofs),
        proofs=proofs,
        spread_heading=_spread_heading(subject),
        spread=list(_spread(subject)),
        table=_table(certificates),
    )


def _certificate(subject: Subject, against: Against) -> Certificate | None:
    """All checks of the round whose certificate the record quotes."""
    if against.evidence.parity is None:
        return None
    number = against.evidence.parity.round
    paths = [
        rounds.path_of(subject.directory, run.process)
        for side in against.sides
        for run in subject.runs
        if run.side == side and run.process.round == number
    ]
    if len(paths) != len(against.sides):
        return None
    try:
        return certificate(*paths)
    except (ProfileError, OSError):
        return None


def _proof(against: Against, found: Certificate | None) -> Proof:
    """The certificate or, where there is none, whether the runs recorded the same work."""
    parity, work = against.evidence.parity, against.evidence.same_work
    conditions = against.summary.conditions or ""
    if parity is not None:
        return Proof(
            against=against,
            certified=parity.verdict in CERTIFIED,
            refused=not parity.comparable,
            title=f"Parity certificate: {parity.sentence}.",
            text="" if parity.verdict in CERTIFIED and found else capital(parity.reason),
            conditions=conditions,
            rows=_rows(found) if found else [],
            notes=list(found.warnings) if found else [],
        )
    if work is None:
        return Proof(against, False, False, "No parity certificate.", "", conditions)
    same = not work.differing
    return Proof(
        against=against,
        certified=same,
        refused=False,
        title="No parity certificate, the same work." if same else "No parity certificate.",
        text=f"{capital(same_work.sentence(work))}.",
        conditions=conditions,
    )


def _rows(found: Certificate) -> list[CheckRow]:
    """What differs first, then what agrees, then what could not be compared."""
    return [*_differing(found.checks), *_agreeing(found.checks), *_unknown(found.checks)]


def _differing(checks: list[Check]) -> Iterator[CheckRow]:
    differing = [check for check in checks if check.same is False]
    for check in differing[:MOST_DIFFERING]:
        values = [short(shown(value), LONGEST_VALUE) for value in (check.left, check.right)]
        effect = check.effect
        if check.difference is not None and check.tolerance is not None:
            far = wording.magnitude(check.difference)
            effect = f"{far} apart, tolerance {wording.magnitude(check.tolerance)}. {effect}"
        name = capital(short(check.name).replace("_", " "))
        yield CheckRow("differs", name, " and ".join(values), effect.strip())
    if len(differing) > MOST_DIFFERING:
        more = wording.counted(len(differing) - MOST_DIFFERING, "more check")
        yield CheckRow("differs", more, "see tables/checks.csv")


def _agreeing(checks: list[Check]) -> Iterator[CheckRow]:
    """What was measured in one precision together, and then the rest."""
    measured: dict[str, list[tuple[str, str]]] = {}
    others = []
    for text in agreeing(checks):
        name, colon, value = text.rpartition(": ")
        if not colon or not (value == EQUAL or value.startswith(AGREE)):
            others.append(CheckRow("same", capital(text), "same"))
            continue
        what, _, precision = name.rpartition(", ")
        if precision in PRECISIONS:
            measured.setdefault(precision, []).append((what, value))
        else:
            others.append(CheckRow("same", capital(name), value))
    for precision, found in measured.items():
        furthest = max((value for _, value in found), key=_distance)
        what = wording.listed(name for name, _ in found)
        yield CheckRow("same", f"{capital(what)}, {precision}", furthest)
    yield from others


def _distance(value: str) -> float:
    return 0.0 if value == EQUAL else float(value.removeprefix(AGREE))


def _unknown(checks: list[Check]) -> Iterator[CheckRow]:
    for names, reason in not_compared(checks):
        yield CheckRow("unknown", capital(short(names, 300)), "not compared", reason)


def _heading(subject: Subject, proofs: list[Proof]) -> str:
    if not subject.against:
        return _spread_heading(subject)
    if subject.foreign:
        return "These runs come from other tools, so nothing certifies them"
    verdicts = [each.evidence.parity.verdict for each in subject.against if each.evidence.parity]
    worst = next((verdict for verdict in reversed(HEADINGS) if verdict in verdicts), None)
    if worst is not None:
        text = HEADINGS[worst]
        return text.replace("Both sides", "All sides") if len(subject.sides) > 2 else text
    if all(proof.certified for proof in proofs):
        return "The runs recorded the same work, without a certificate of the models"
    return "Nothing certifies that the sides did the same work"


def _spread_heading(subject: Subject) -> str:
    count = len(subject.runs)
    if not count:
        return "No run is complete"
    return (
        f"Step times of {'both' if count == 2 else f'all {count}' if count > 1 else 'the'} run"
        + ("" if count == 1 else "s")
    )


def _spread(subject: Subject) -> Iterator[str]:
    if subject.foreign:
        yield "Traces of other tools hold no steps without a profiler: nothing is said of spread."
        yield from (capital(text) for text in troubles.warnings(subject.record))
        return
    if not subject.runs:
        yield "There are no step times to show."
    if len(subject.against) == 1:
        yield from _overlap(subject.against[0])
    for text in troubles.flagged(subject.record):
        yield f"{capital(text)}."
    yield from (f"{capital(text)}." for text in troubles.warnings(subject.record))


def _overlap(against: Against) -> Iterator[str]:
    """Whether the medians of one side's runs lie among those of the other."""
    pairs = against.evidence.pairs
    if not pairs:
        return
    left, right = [pair.baseline_ms for pair in pairs], [pair.other_ms for pair in pairs]
    apart = max(left) < min(right) or max(right) < min(left)
    if len(pairs) == 1:
        return
    if apart:
        yield "The medians of the two sides' runs do not overlap."
        return
    yield "The medians of the two sides' runs overlap."


def _table(certificates: dict[str, Certificate | None]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for other, found in certificates.items():
        for check in found.checks if found else []:
            same = None if check.same is None else "yes" if check.same else "no"
            values = [short(shown(value), 2000) for value in (check.left, check.right)]
            row = (other, check.name, check.kind, *values, same, check.difference, check.tolerance)
            rows.append((*row, check.effect))
    return Table(
        "checks",
        {
            "other": "text",
            "check": "text",
            "class": "text",
            "baseline_value": "text",
            "other_value": "text",
            "same": "text",
            "difference": "number",
            "tolerance": "number",
            "effect": "text",
        },
        rows,
    )
