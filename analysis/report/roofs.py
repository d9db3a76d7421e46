"""Roofs that were measured, and how near the rates of layers come to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.comparison.values import times

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


def heading(points: Sequence[Point], roofs: Mapping[int, Roof], labels: Sequence[str]) -> str:
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
