"""What two sides' profiles have in common and where they differ, level by level."""

from typing import Literal

import msgspec

from analysis.partition.record import Budget

Level = Literal["phase", "layer", "category", "op", "kernel"]
LEVELS: tuple[Level, ...] = ("phase", "layer", "category", "op", "kernel")
RowKind = Literal["work", "gap", "idle", "unmapped", "overhead"]
AlignedBy = Literal["layers", "modules", "sequence", "category"]


class LevelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a level: nanoseconds a step of both sides, other less baseline.

    A side that does not have the row is None there and counts as nothing in the difference.
    `low_ns` and `high_ns` are the 95 % interval of the difference over pairs of runs, None for a
    single profile. `share` is the part of the headline difference, None where there is none.
    `names` are the source's own of both sides, the most time first; `counts` events a step;
    `concurrency` how many events were active at once. `flops` and `bytes` are of a step, as far as
    they are known; work of a device is mostly known of the operations that launched it, so of the
    host's row.
    """

    key: str
    budget: Budget
    kind: RowKind = "work"
    phase: str = ""
    layer: str = ""
    category: str | None = None
    baseline_ns: float | None
    other_ns: float | None
    difference_ns: float
    low_ns: float | None = None
    high_ns: float | None = None
    share: float | None = None
    names: tuple[list[str], list[str]] = ([], [])
    counts: tuple[float | None, float | None] = (None, None)
    concurrency: tuple[float | None, float | None] = (None, None)
    flops: tuple[float | None, float | None] = (None, None)
    bytes: tuple[float | None, float | None] = (None, None)


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of two sides, at every level.

    `budget` is the one that explains the headline: the device's where both sides have one. The rows
    of that budget of each level but kernel, the overhead's among them, add up to `headline_ns`, the
    difference of the unprofiled steps (of the profiled ones where those are not known; there is no
    row of overhead then). `unaligned_ratio` is the part of the time that has no counterpart by the
    chosen way. `fallback` says why layers can't be told apart, `stamp` what the reader must know
    first, `dominated` that the profiler costs more than half of the difference. `pairs` is how many
    pairs of profiles the rows are means of.
    """

    rows: dict[str, list[LevelRow]]
    budget: Budget
    headline_ns: float | None
    aligned_by: AlignedBy
    unaligned_ratio: float | None
    pairs: int
    fallback: str = ""
    stamp: str = ""
    dominated: bool = False
    notes: list[str] = []
