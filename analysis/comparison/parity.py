"""The parity certificate of two sides: the worst one of all rounds."""

from analysis import wording
from analysis.comparison.record import Parity
from analysis.comparison.rounds import SideRuns
from analysis.parity.certificate import certificate
from analysis.parity.check import Verdict
from profilers.parity_record import PARITY
from profilers.rundir import ProfileError

WORST_FIRST: tuple[Verdict, ...] = (
    "not comparable",
    "not certifiable",
    "same model, stock optimizers differ",
    "same arithmetic",
)


def parity(baseline: SideRuns, other: SideRuns) -> Parity | None:
    """What the certificates of the pairs of runs say that have probes; None where no pair has."""
    shared = sorted(baseline.complete.keys() & other.complete.keys())
    found = []
    for number in shared:
        left, right = (side.complete[number].measured.run for side in (baseline, other))
        if not all((run / PARITY).exists() for run in (left, right)):
            continue
        try:
            made = certificate(left, right)
        except ProfileError as error:
            reason = wording.plain(str(error))
            found.append(Parity("not certifiable", f"not certifiable: {reason}", reason, number))
        else:
            found.append(Parity(made.verdict, made.sentence, made.reason, number))
    return min(found, key=lambda each: WORST_FIRST.index(each.verdict), default=None)
