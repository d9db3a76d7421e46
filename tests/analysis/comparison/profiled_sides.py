"""Comparisons of sides with profiles, and how their text says where the steps go."""

from collections.abc import Sequence

import msgspec

from analysis.alignment.record import LevelRow, Levels, RowKind
from analysis.anatomy.record import Anatomy, Limit, Limited
from analysis.comparison import where
from analysis.comparison.record import ComparedProcess, ComparedSide, Comparison, Figure, Range
from analysis.partition.record import Budget
from analysis.sides import Shown

SHOWN = Shown([0, 1], ["PyTorch eager", "TensorFlow function"], ["●", "◆"], ["red", "blue"])
GAP, OVERHEAD, IDLE = "host gap", "profiler overhead", "device idle"
KINDS: dict[str, RowKind] = {GAP: "gap", OVERHEAD: "overhead", IDLE: "idle", "unmapped": "unmapped"}

Times = tuple[float | None, float | None]
STEPS: dict[str, Times] = {
    "backward": (900_000, 1_800_000),
    "forward": (300_000, 200_000),
    GAP: (800_000, 1_500_000),
    OVERHEAD: (0, -500_000),
}
"""Columns that add up to 2 and 3 ms."""


def levels(
    times_ns: dict[str, Times], budget: Budget = "host", level: str = "phase", **others: object
) -> Levels:
    """The levels of two sides; only one has rows."""
    rows = [
        LevelRow(
            key=key,
            budget=budget,
            kind=KINDS.get(key, "work"),
            phase=key if level == "phase" and key not in KINDS else "",
            category=key if level == "category" and key not in KINDS else None,
            baseline_ns=left,
            other_ns=right,
            difference_ns=(right or 0.0) - (left or 0.0),
        )
        for key, (left, right) in times_ns.items()
    ]
    values: dict[str, object] = {
        "rows": {name: rows if name == level else [] for name in ("phase", "category")},
        "budget": budget,
        "headline_ns": sum(row.difference_ns for row in rows),
        "aligned_by": "layers",
        "unaligned_ratio": 0.0,
        "pairs": 1,
    }
    return msgspec.convert(values | others, Levels)


def anatomy(
    limit: Limit | None = None, idle_ns: float | None = None, **phases_ns: float
) -> Anatomy:
    """A step of 2 ms, of which 0.8 ms are gaps."""
    return Anatomy(
        step_ns=2_000_000,
        phases_ns=phases_ns or {"forward": 300_000, "backward": 900_000},
        host_gap_ns=800_000,
        device_idle_ns=idle_ns,
        limited=Limited(limit, []),
    )


def comparison(
    found: Levels | None,
    anatomies: Sequence[Anatomy | None] = (anatomy(), anatomy()),
    steps_ms: Sequence[float] = (2.0, 3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0),
) -> Comparison:
    """One run of each side, with the unprofiled steps of these."""
    sides = [f"side {number}" for number in range(len(anatomies))]
    run = ComparedProcess(round=1, order=0, id="run", path="../run", complete=True)
    steps = [Range(step_ms, step_ms, step_ms, 1) for step_ms in steps_ms[: len(sides)]]
    return Comparison(
        id="compare-1",
        sides=sides,
        comparisons=[],
        rounds=1,
        order_seed=7,
        baseline=0,
        compared=[
            ComparedSide(label=side, framework="torch", execution="eager", runs=[run])
            for side in sides
        ],
        evidence=[],
        figures=[Figure(key="step_ms", kind="ratio", ranges=list(steps), changes=[])],
        profiles=[None for _ in sides],
        anatomies=list(anatomies),
        levels=[found, *(None for _ in sides[2:])],
        warned=[],
        cost_notes=[],
    )


def several(count: int) -> Shown:
    marks = "●◆○◇□△▽▷"[:count]
    return Shown(list(range(count)), list(marks), list(marks), [""] * count)


def text(record: Comparison, shown: Shown = SHOWN) -> list[str]:
    return [line.text for line in where.lines(record, shown)]


def value(cell: str) -> float:
    """The number in a cell."""
    return float(cell.replace("−", "-").replace(",", ""))
