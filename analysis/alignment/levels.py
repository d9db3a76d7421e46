"""Where two sides differ: their profiles' rows side by side, from phases down to kernels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean, median

from analysis import wording
from analysis.alignment.chosen import Chosen, chosen
from analysis.alignment.groups import Groups
from analysis.alignment.kernels import by_kernel, device_works
from analysis.alignment.names import common_names, layer_names
from analysis.alignment.places import (
    PlaceOf,
    by_category,
    by_layer,
    by_op,
    by_phase,
    by_phase_and_category,
)
from analysis.alignment.record import Level, LevelRow, Levels
from analysis.alignment.rows import cells, level_rows
from analysis.alignment.work import SideWork, side_work
from analysis.partition.record import Budget, Partition

FOREIGN = "uncertified: foreign traces"
BUDGETS: tuple[Budget, Budget] = ("device", "host")
DOMINATED_RATIO = 0.5

Pair = tuple[SideWork, SideWork]


def levels(
    baseline: Sequence[Partition],
    other: Sequence[Partition],
    steps_ns: tuple[Sequence[float], Sequence[float]] | None,
    *,
    certified: bool,
) -> Levels:
    """The difference of two sides at every level, other less baseline.

    Args:
        baseline: profiles of its runs, one at least.
        other: profiles of its runs; the i-th of both are of one round.
        steps_ns: the unprofiled median step of each of these runs, in ns, by side; None for traces
            of which nothing else is known.
        certified: whether both sides do the same arithmetic.

    Raises:
        ValueError: the sides have no runs, or not the same number.
    """
    if not baseline or len(baseline) != len(other):
        raise ValueError("both sides need profiles, of as many runs each")
    sides = _sides(baseline, other)
    budget: Budget = "device" if all(side.of("device") for side in sides) else "host"
    foreign = steps_ns is None and not certified
    groups = {each: Groups(sides, each) for each in BUDGETS}
    way = chosen(sides, (baseline, other), groups[budget], budget, foreign=foreign)
    profiled_ns = [fmean(side.profiled_ns(budget)) for side in sides]
    unprofiled_ns = [median(side) for side in steps_ns] if steps_ns else profiled_ns
    headline_ns = unprofiled_ns[1] - unprofiled_ns[0]
    overheads_ns = [
        profiled - unprofiled
        for profiled, unprofiled in zip(profiled_ns, unprofiled_ns, strict=True)
    ]
    rows = _rows(sides, groups, way, budget, headline_ns, overheads_ns if steps_ns else None)
    return Levels(
        rows=rows,
        budget=budget,
        headline_ns=headline_ns,
        aligned_by=way.aligned_by,
        unaligned_ratio=_unaligned_ratio(way, rows["layer"], budget),
        pairs=len(baseline),
        fallback=way.fallback,
        stamp=FOREIGN if foreign else "",
        dominated=abs(overheads_ns[1] - overheads_ns[0]) > DOMINATED_RATIO * abs(headline_ns),
        notes=list(_notes((baseline, other), sides, budget)),
    )


def _sides(baseline: Sequence[Partition], other: Sequence[Partition]) -> Pair:
    own_names = [
        layer_names(part.layers for partition in side for part in partition.parts)
        for side in (baseline, other)
    ]
    names = common_names(*own_names)
    return side_work(baseline, names), side_work(other, names)


def _rows(
    sides: Pair,
    groups: Mapping[Budget, Groups],
    way: Chosen,
    budget: Budget,
    headline_ns: float | None,
    overheads_ns: Sequence[float] | None,
) -> dict[str, list[LevelRow]]:
    """The rows of each level: those of the budget that explains the headline, then the other's."""
    found: dict[str, list[LevelRow]] = {}
    for each in sorted(BUDGETS, key=lambda each: each != budget):
        works = [side.of(each) for side in sides]
        if each != budget and not any(works):
            continue
        whole_ns, profiler_ns = (headline_ns, overheads_ns) if each == budget else (None, None)
        for level, place_of in _places(sides, groups[each], way, each):
            rows = level_rows(cells(sides, works, place_of), each, whole_ns, profiler_ns)
            found.setdefault(level, []).extend(rows)
    on_device = [device_works(side.works) for side in sides]
    group_of = None if way.fallback else groups["device"].of
    place_of = by_kernel(on_device, _phases(sides), group_of)
    share_of = headline_ns if budget == "device" else None
    found["kernel"] = level_rows(cells(sides, on_device, place_of), "device", share_of, None)
    return found


def _places(
    sides: Pair, groups: Groups, way: Chosen, budget: Budget
) -> Iterator[tuple[Level, PlaceOf]]:
    phases = _phases(sides)
    yield "phase", by_phase
    yield "layer", by_phase_and_category(phases) if way.fallback else by_layer(groups)
    yield "category", by_category
    yield "op", by_op((work for side in sides for work in side.of(budget)), phases)


def _phases(sides: Pair) -> bool:
    return all(side.phases_known for side in sides)


def _unaligned_ratio(way: Chosen, rows: Iterable[LevelRow], budget: Budget) -> float | None:
    """The part of both sides' work in rows of one side, unless the way of aligning says more."""
    if way.unaligned_ratio is not None:
        return way.unaligned_ratio
    work = [row for row in rows if row.budget == budget and row.kind in ("work", "unmapped")]
    alone = [row for row in work if row.baseline_ns is None or row.other_ns is None]
    whole_ns, alone_ns = (
        sum((row.baseline_ns or 0.0) + (row.other_ns or 0.0) for row in some)
        for some in (work, alone)
    )
    return alone_ns / whole_ns if whole_ns else None


def _notes(partitions: Sequence[Sequence[Partition]], sides: Pair, budget: Budget) -> Iterator[str]:
    """What the reader of the rows must know beside the alignment."""
    unmarked = [not all(each.marked for each in side) for side in partitions]
    if any(unmarked):
        which = "neither side marks" if all(unmarked) else "one side does not mark"
        yield f"{which} steps: a whole recording counts as one step there"
    known = [side.phases_known for side in sides]
    if not all(known):
        yield "one side names no phases" if any(known) else "neither side names phases"
    if budget == "host" and any(side.of("device") for side in sides):
        yield "one side alone has a device: what is compared is the hosts' time"
    devices = [max(len(each.devices) for each in side) for side in partitions]
    if max(devices) > 1:
        counts = " and ".join(wording.counted(number, "device") for number in devices)
        yield f"times of devices are means over {counts}"
