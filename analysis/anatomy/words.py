"""Headings: what limits the sides, what they cost, how near their layers are to a roof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.anatomy.record import Anatomy
from analysis.comparison.ratios import FEWEST_PAIRS
from analysis.comparison.record import Change, Figure
from analysis.comparison.values import times

COSTS = {
    "energy_joules_per_1000_samples": "energy",
    "vram_peak_bytes": "VRAM",
    "rss_peak_bytes": "RSS",
}
AT_ROOF_RATIO, ABOVE_ROOF_RATIO = 0.80, 1.05
MOST_NAMES = 3


@dataclass(frozen=True)
class Point:
    """A layer's rate on a side, and how many operations it makes of a byte."""

    side: int
    name: str
    flops_per_byte: float
    flops_per_second: float


@dataclass(frozen=True)
class Roof:
    """What was measured that a side can reach: operations and bytes a second."""

    flops_per_second: float
    bytes_per_second: float

    def share(self, point: Point) -> float:
        """A point's rate as part of what its intensity allows."""
        allowed = min(self.flops_per_second, point.flops_per_byte * self.bytes_per_second)
        return point.flops_per_second / allowed

    def is_cached(self, point: Point) -> bool:
        """Whether it moves its bytes faster than the memory does: they stay in caches."""
        bound = point.flops_per_byte * self.bytes_per_second < self.flops_per_second
        return bound and self.share(point) > ABOVE_ROOF_RATIO


def heading(anatomies: Sequence[Anatomy | None], labels: Sequence[str]) -> str:
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
    return _sentence("; ".join(named))


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
        return _sentence(f"{parts[0]} {no_verdict(max(pairs))}")
    if alike:
        parts.append(f"no difference found in {wording.listed(alike)}")
    return _sentence("; ".join(parts) or "no cost was measured on both sides")


def no_verdict(pairs: int) -> str:
    """What is added to ratios of so few pairs that nothing is said to differ, or not to."""
    return f"({wording.counted(pairs, 'run')} each, no verdict)"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _differs(change: Change) -> bool:
    if change.pairs < FEWEST_PAIRS or change.low is None or change.high is None:
        return True
    return change.low > 1 or change.high < 1


def _ratios(changes: Sequence[Change]) -> str:
    ends = [times(end(change.estimate for change in changes)) for end in (min, max)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def limits_heading(
    points: Sequence[Point], roofs: Mapping[int, Roof], labels: Sequence[str]
) -> str:
    """Which layers are at a roof or, if none is, which comes nearest and how near.

    A layer is at its roof from 80 % of what its intensity allows: peaks are those of large,
    regular work, which no layer reaches in full. Layers whose data stay in caches are left to
    `cached`, unless there are no others.
    """
    every = {point: roofs[point.side].share(point) for point in points if point.side in roofs}
    shares = {p: share for p, share in every.items() if not roofs[p.side].is_cached(p)} or every
    if not shares:
        return "No layer's rate is known" if roofs else "The peaks of the device were not measured"
    nearest = sorted(shares, key=lambda point: -shares[point])
    first, share = nearest[0], shares[nearest[0]]
    name = wording.plain(first.name)
    if share < AT_ROOF_RATIO:
        where = _where([first], labels)
        begin = f"No layer is at a roof; {name} comes nearest"
        return f"{begin}, at {wording.percent(share)} of its own{where}"
    if share > ABOVE_ROOF_RATIO:
        where = _where([first], labels)
        return f"{name} goes above its roof, at {times(share)} × what the peaks allow{where}"
    at_roof = [point for point in nearest if shares[point] >= AT_ROOF_RATIO]
    names = list(dict.fromkeys(wording.plain(point.name) for point in at_roof))
    if len(names) == 1:
        return f"{name} is at its roof{_where(at_roof, labels)}"
    if len(names) > MOST_NAMES:
        nearest_to = f"{name} comes nearest{_where([first], labels)}"
        return f"{len(names)} layers are at their roofs; {nearest_to}"
    where_of = [
        _where([point for point in at_roof if wording.plain(point.name) == each], labels)
        for each in names
    ]
    if len(set(where_of)) == 1:
        return f"{wording.listed(names)} are at their roofs{where_of[0]}"
    told = (f"{each}{where}" for each, where in zip(names, where_of, strict=True))
    return f"{wording.listed(told)} are at their roofs"


def cached(points: Sequence[Point], roofs: Mapping[int, Roof]) -> str:
    """Which layers are above the roof of the memory, and why; empty where none is."""
    found = [
        point for point in points if point.side in roofs and roofs[point.side].is_cached(point)
    ]
    names = list(dict.fromkeys(wording.plain(point.name) for point in found))
    if not names:
        return ""
    whose = "its data stay" if len(names) == 1 else "their data stay"
    verb = "moves" if len(names) == 1 else "move"
    told = wording.listed(names) if len(names) <= MOST_NAMES else f"{len(names)} layers"
    return (
        f"{told[:1].upper()}{told[1:]} {verb} bytes faster than the test of copies did: {whose} in "
        "caches."
    )


def _where(told: Sequence[Point], labels: Sequence[str]) -> str:
    """The sides of some points, unless these are all that there are."""
    sides = sorted({point.side for point in told})
    if len(sides) == sum(map(bool, labels)):
        return ""
    return f" under {wording.listed(labels[side] for side in sides)}"
