"""Headings on steps and their cost: what limits each side, and what it takes more of."""

from collections.abc import Sequence

from analysis import wording
from analysis.anatomy.record import Anatomy
from analysis.comparison.ratios import FEWEST_PAIRS
from analysis.comparison.record import Change, Figure
from analysis.comparison.values import times
from analysis.report.names import capital

COSTS = {
    "energy_joules_per_1000_samples": "GPU energy",
    "vram_peak_bytes": "VRAM",
    "rss_peak_bytes": "RSS",
}


def limited(anatomies: Sequence[Anatomy | None], labels: Sequence[str]) -> str:
    """What limits each side, those with one limit together, but for sides without a profile."""
    by_limit: dict[str | None, list[str]] = {}
    for found, label in zip(anatomies, labels, strict=True):
        if found is not None:
            by_limit.setdefault(found.limited.limit, []).append(label)
    if not by_limit:
        return "No profile says what limits a step"
    named = [
        f"{wording.listed(sides)} {'is' if len(sides) == 1 else 'are'} {limit}"
        for limit, sides in by_limit.items()
        if limit is not None
    ]
    if None in by_limit:
        named.append(f"no single resource limits {wording.listed(by_limit[None])}")
    return capital("; ".join(named))


def cost_heading(figures: Sequence[Figure], others: Sequence[str]) -> str:
    """Energy, VRAM and RSS as ratios to the baseline's, with several sides from lowest to highest.

    A ratio whose interval holds 1 is no finding; one of too few pairs is told without a verdict.
    `others` are the labels of the sides but the baseline.
    """
    found = {figure.key: [each for each in figure.changes if each] for figure in figures}
    known = {name: found[key] for key, name in COSTS.items() if found.get(key)}
    differing = {name: list(filter(_differs, changes)) for name, changes in known.items()}
    told = [f"{_ratios(changes)} × the {name}" for name, changes in differing.items() if changes]
    alike = [name for name, changes in differing.items() if not changes]
    who = f"{others[0]} takes" if len(others) == 1 else "the other sides take"
    parts = [f"{who} {wording.listed(told)}"] if told else []
    pairs = [change.pairs for changes in known.values() for change in changes]
    if pairs and max(pairs) < FEWEST_PAIRS:
        return capital(f"{parts[0]} {no_verdict(max(pairs))}")
    if alike:
        parts.append(f"no difference found in {wording.listed(alike)}")
    return capital("; ".join(parts) or "no cost was measured on both sides")


def no_verdict(pairs: int) -> str:
    """What is added to ratios of so few pairs that nothing is said to differ, or not to."""
    return f"({wording.counted(pairs, 'run')} each, no verdict)"


def _differs(change: Change) -> bool:
    if change.pairs < FEWEST_PAIRS or change.low is None or change.high is None:
        return True
    return change.low > 1 or change.high < 1


def _ratios(changes: Sequence[Change]) -> str:
    ends = [times(end(change.estimate for change in changes)) for end in (min, max)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
