"""By what two sides can be aligned: layers, modules, the order of operations, or categories."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.alignment.groups import Groups
from analysis.alignment.record import AlignedBy
from analysis.alignment.sequence import matched_ratio
from analysis.alignment.work import SideWork
from analysis.partition.record import ANY_LAYER, Budget, Call, Partition

NOT_SEPARABLE = "layers not separable in this mode"
ONE_UNNAMED = "one side names no layers"
BOTH_UNNAMED = "neither side names layers"
NONE_COMMON = "the sides have no layers of the same names"
LARGEST_RATIO = 0.5
"""How much of a step layers that can't be told apart may take."""
ACCEPTED_RATIO = 0.8
"""How much of the time must have a counterpart in the same order."""
COMMON_RATIO = 0.5
"""How much of the layers' time must lie in layers that both name, to be layers of one model."""


@dataclass(frozen=True)
class Chosen:
    """The way, why layers are no part of it, and the part of the time without a counterpart.

    `unaligned_ratio` is None where the rows say it.
    """

    aligned_by: AlignedBy
    fallback: str = ""
    unaligned_ratio: float | None = None


def chosen(
    sides: Sequence[SideWork],
    partitions: Sequence[Sequence[Partition]],
    groups: Groups,
    budget: Budget,
    *,
    foreign: bool,
) -> Chosen:
    """By layers if they can be told apart; foreign traces else by the order of operations."""
    fallback = _fallback(sides, groups, budget, foreign)
    if not fallback:
        return Chosen("modules" if foreign else "layers")
    if not foreign:
        return Chosen("category", fallback)
    found = matched_ratio(*(_calls(some) for some in partitions))
    if found is not None and found >= ACCEPTED_RATIO:
        return Chosen("sequence", fallback, 1 - found)
    return Chosen("category", fallback)


def _fallback(sides: Sequence[SideWork], groups: Groups, budget: Budget, foreign: bool) -> str:
    """Why layers can't be compared, empty where they can."""
    times_ns = [_layer_times(side, budget) for side in sides]
    named = [any(layer != ANY_LAYER for layer in own) for own in times_ns]
    fused = any(ANY_LAYER in own for own in times_ns)
    steps_ns = [sum(side.profiled_ns(budget)) for side in sides]
    if (all(named) or fused) and groups.largest_ratio(steps_ns) > LARGEST_RATIO:
        return NOT_SEPARABLE
    if not all(named):
        return ONE_UNNAMED if any(named) else BOTH_UNNAMED
    return NONE_COMMON if _common_ratio(times_ns) < (COMMON_RATIO if foreign else 0.0) else ""


def _layer_times(side: SideWork, budget: Budget) -> dict[str, float]:
    """Nanoseconds of each layer; of work for several the first stands for them."""
    times_ns: dict[str, float] = {}
    for work in side.of(budget):
        if work.layers:
            times_ns[work.layers[0]] = times_ns.get(work.layers[0], 0.0) + work.time_ns
    return times_ns


def _common_ratio(times_ns: Sequence[dict[str, float]]) -> float:
    """The part of the layers' time in layers of both sides, on the side where it is the smaller."""
    common = times_ns[0].keys() & times_ns[1].keys() - {ANY_LAYER}
    return min(
        sum(own[layer] for layer in common) / max(1.0, sum(own.values())) for own in times_ns
    )


def _calls(partitions: Sequence[Partition]) -> list[Call]:
    return next((partition.calls for partition in partitions if partition.calls), [])
