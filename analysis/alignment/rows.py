"""Rows of a level: times of both sides, their difference, and what it is made of."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from analysis.alignment.kernel_names import cut
from analysis.alignment.places import DEVICE_IDLE, HOST_GAP, OVERHEAD, UNMAPPED, Place, PlaceOf
from analysis.alignment.record import LevelRow
from analysis.alignment.work import SideWork, Work
from analysis.comparison.ratios import FEWEST_PAIRS, sample
from analysis.partition.record import Budget

MOST_NAMES = 5
LAST = (HOST_GAP.kind, DEVICE_IDLE.kind, UNMAPPED.kind, OVERHEAD.kind)
COUNTED = ("op", "kernel", "copy")


@dataclass
class Cell:
    """One side of a row: ns a step of each run, and sums over the runs of the rest."""

    times_ns: list[float]
    active_ns: float = 0.0
    flops: float = 0.0
    bytes: float = 0.0
    counts: dict[bool, float] = field(default_factory=lambda: defaultdict(float))
    names: Counter[str] = field(default_factory=Counter)

    def take(self, work: Work) -> None:
        """Add some work of a run."""
        self.times_ns[work.run] += work.time_ns
        self.active_ns += work.active_ns
        self.flops += work.flops
        self.bytes += work.bytes
        self.counts[work.part.kind in COUNTED] += work.count
        if work.part.name:
            self.names[cut(work.part.name)] += round(work.time_ns)

    @property
    def mean_ns(self) -> float:
        """A mean over the runs."""
        return sum(self.times_ns) / len(self.times_ns)

    @property
    def count(self) -> float:
        """Operations or kernels a step; of calls and frames where there is nothing else."""
        return (self.counts[True] or self.counts[False]) / len(self.times_ns)

    @property
    def work(self) -> tuple[float | None, float | None]:
        """Operations and bytes a step; None where none are known."""
        runs = len(self.times_ns)
        return self.flops / runs or None, self.bytes / runs or None

    @property
    def concurrency(self) -> float | None:
        """How many events were active at once in the time of the row."""
        time_ns = sum(self.times_ns)
        return self.active_ns / time_ns if time_ns and self.active_ns else None

    @property
    def most_names(self) -> list[str]:
        """The names with the most time."""
        ordered = sorted(self.names.items(), key=lambda item: (-item[1], item[0]))
        return [name for name, _ in ordered[:MOST_NAMES]]


Cells = dict[Place, list[Cell | None]]


def cells(sides: Sequence[SideWork], works: Sequence[Iterable[Work]], place_of: PlaceOf) -> Cells:
    """The rows of some work, by place, a cell for each side that has the row."""
    found: Cells = defaultdict(lambda: [None] * len(sides))
    for number, (side, some) in enumerate(zip(sides, works, strict=True)):
        for work in some:
            row = found[place_of(work)]
            cell = row[number] = row[number] or Cell([0.0] * side.runs)
            cell.take(work)
    return found


def level_rows(
    found: Cells, budget: Budget, headline_ns: float | None, overheads_ns: Sequence[float] | None
) -> list[LevelRow]:
    """The rows of a level for one budget, the largest difference first, then what is no work.

    Shares are of the headline, where that is given. `overheads_ns` are what the profiler adds to a
    step of each side: the row that takes them off again.
    """
    rows = [_row(place, pair, budget, headline_ns) for place, pair in found.items()]
    if overheads_ns is not None:
        baseline_ns, other_ns = (-overhead_ns for overhead_ns in overheads_ns)
        difference_ns = other_ns - baseline_ns
        rows.append(
            LevelRow(
                key=OVERHEAD.key,
                budget=budget,
                kind=OVERHEAD.kind,
                baseline_ns=baseline_ns,
                other_ns=other_ns,
                difference_ns=difference_ns,
                share=_share(difference_ns, headline_ns),
            )
        )
    return sorted(rows, key=_order)


def _row(
    place: Place, pair: list[Cell | None], budget: Budget, headline_ns: float | None
) -> LevelRow:
    baseline, other = pair
    times_ns = [cell.mean_ns if cell else None for cell in pair]
    difference_ns = (times_ns[1] or 0.0) - (times_ns[0] or 0.0)
    low_ns, high_ns = _interval(baseline, other) or (None, None)
    flops, moved = zip(*(cell.work if cell else (None, None) for cell in pair), strict=True)
    return LevelRow(
        key=place.key,
        budget=budget,
        kind=place.kind,
        phase=place.phase,
        layer=place.layer,
        category=place.category,
        baseline_ns=times_ns[0],
        other_ns=times_ns[1],
        difference_ns=difference_ns,
        low_ns=low_ns,
        high_ns=high_ns,
        share=_share(difference_ns, headline_ns),
        names=(baseline.most_names if baseline else [], other.most_names if other else []),
        counts=(baseline.count if baseline else None, other.count if other else None),
        concurrency=(
            baseline.concurrency if baseline else None,
            other.concurrency if other else None,
        ),
        flops=flops,
        bytes=moved,
    )


def _interval(baseline: Cell | None, other: Cell | None) -> tuple[float, float] | None:
    """That of the difference over pairs of runs, from three pairs on."""
    one, two = baseline.times_ns if baseline else None, other.times_ns if other else None
    pairs = zip(one or [0.0] * len(two or []), two or [0.0] * len(one or []), strict=False)
    found = sample([right - left for left, right in pairs])
    return found.interval() if found and found.pairs >= FEWEST_PAIRS else None


def _share(difference_ns: float, headline_ns: float | None) -> float | None:
    return difference_ns / headline_ns if headline_ns else None


def _order(row: LevelRow) -> tuple[int, float, float, str]:
    place = 1 + LAST.index(row.kind) if row.kind in LAST else 0
    size_ns = max(row.baseline_ns or 0.0, row.other_ns or 0.0)
    return place, -abs(row.difference_ns), -size_ns, row.key
