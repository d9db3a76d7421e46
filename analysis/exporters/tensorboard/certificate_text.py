"""The parity certificate of two sides as a page of TensorBoard's Text tab."""

from analysis import wording
from analysis.comparison import rounds
from analysis.comparison.compare import Compared
from analysis.exporters.tensorboard import markdown
from analysis.parity.agreement import agreeing, not_compared
from analysis.parity.certificate import certificate
from analysis.parity.check import Certificate, Check
from analysis.parity.phrases import shown
from profilers.rundir import ProfileError

MOST_CHECKS = 30


def page(compared: Compared, place: int) -> str:
    """The certificate of the baseline and another side; empty where their runs have none.

    Args:
        compared: what was compared.
        place: of the other side among those but the baseline.
    """
    record = compared.record
    parity = record.evidence[place].parity
    if parity is None:
        return ""
    told = [parity.sentence, parity.reason if parity.reason not in parity.sentence else ""]
    of_round = f"Of round {parity.round}, the worst one." if record.rounds > 1 else ""
    found = _certificate(compared, place, parity.round)
    return "\n\n".join([markdown.paragraphs([*told, of_round]), *(_checks(found) if found else ())])


def _certificate(compared: Compared, place: int, round_number: int) -> Certificate | None:
    record = compared.record
    sides = (record.compared[record.baseline], record.compared[record.others[place]])
    runs = [
        rounds.path_of(compared.directory, run)
        for side in sides
        for run in side.complete
        if run.round == round_number
    ]
    try:
        return certificate(*runs)
    except ProfileError:  # the sentence above says so
        return None


def _checks(found: Certificate) -> list[str]:
    """What differs and what it does, what could not be compared, and what agrees."""
    differing = [check for check in found.checks if check.same is False]
    labels = [side.label for side in found.sides]
    parts = []
    if differing:
        table = markdown.table(["differs", *labels, "effect"], map(_row, differing[:MOST_CHECKS]))
        parts += [table]
    if len(differing) > MOST_CHECKS:
        more = wording.counted(len(differing) - MOST_CHECKS, "more difference")
        parts.append(markdown.paragraphs([f"{more}: python -m analysis verify shows all."]))
    for title, texts in (
        ("Not compared", [": ".join(each) for each in not_compared(found.checks)]),
        ("Agrees", [*agreeing(found.checks)]),
    ):
        if texts:
            parts += [markdown.paragraphs([title]), markdown.items(texts)]
    return parts


def _row(check: Check) -> tuple[str, str, str, str]:
    return check.name, shown(check.left), shown(check.right), check.effect
