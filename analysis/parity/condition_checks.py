"""Checks of the conditions under which two sides ran; they make a line of their own."""

from collections.abc import Iterator

from analysis import conditions
from analysis.conditions import Condition
from analysis.parity.check import Check
from analysis.parity.reader import Pair, Probed

ARITHMETIC = ("batch size", "optimizer")
"""Compared among what was asked for."""

EFFECT = "Times are of other circumstances, so their ratio is not that of the frameworks alone."
UNKNOWN = "One side does not know it."


def checks(pair: Pair) -> Iterator[Check]:
    """One check for each condition that either side knows."""
    for found in known(pair):
        yield Check(
            name=found.name,
            kind="conditions",
            group="conditions",
            left=next(iter(found.left), None),
            right=next(iter(found.right), None),
            same=found.same,
            effect={True: "", False: EFFECT, None: UNKNOWN}[found.same],
        )


def known(pair: Pair) -> list[Condition]:
    """The conditions that either side knows, but for what is part of the arithmetic."""
    found = conditions.between([_known(pair.left)], [_known(pair.right)])
    return [each for each in found if each.name not in ARITHMETIC and (each.left or each.right)]


def _known(side: Probed) -> dict[str, str | None]:
    """Those of the run; of a bare probe, those that it was made under."""
    if side.run is not None:
        return conditions.of_run(side.run)
    return conditions.known(side.record.settings, None, side.record.versions)
