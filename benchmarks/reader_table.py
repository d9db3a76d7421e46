"""Measurements of readers as Markdown: costs, ratios of medians with their ranges, targets."""

import importlib.util
import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.reader_cost import Cost, Failure

OURS = ("ops", "ops-full")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Found:
    """What a side says it found, to see whether two sides did the same."""

    rows: int
    events: int
    total_us: float


def found(printed: str) -> Found | None:
    """What a side printed: a peer's last line, or the document of `analysis ops --format json`.

    The latter counts in nanoseconds. None if it is neither.
    """
    lines = printed.strip().splitlines() or [""]
    for text in (printed, lines[-1]):
        try:
            answer = json.loads(text)
            if "total_us" in answer:
                return Found(answer["rows"], answer["events"], answer["total_us"])
            rows = answer["rows"]
            total_us = sum(row["total_ns"] for row in rows) / 1000
            return Found(len(rows), sum(row["count"] for row in rows), total_us)
        except (ValueError, LookupError, TypeError):
            continue
    return None


@dataclass
class Measured:
    """What one side cost on one input, by round; `failure` ends the rounds."""

    source: str
    format: str
    megabytes: int
    side: str
    costs: list[Cost] = field(default_factory=list)
    found: Found | None = None
    failure: Failure | None = None

    @property
    def input(self) -> str:
        """The input's name."""
        return f"{self.source}, {self.megabytes} MB"


@dataclass(frozen=True)
class Ratio:
    """The ratio of two medians, and the lowest and highest ratio within a round."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.1f} ({self.low:.1f} to {self.high:.1f})"


@dataclass(frozen=True)
class Target:
    """At least so many times less than a peer; None where nothing is aimed at."""

    cpu: float | None = None
    memory: float | None = None


XPROF_CPU_RATIO = 5 if importlib.util.find_spec("numba") else 3
TARGETS = {
    ("torch", 250, "ops", "hta"): Target(15, 20),
    ("torch", 250, "ops", "traceinsight"): Target(15, 20),
    ("torch", 250, "ops", "tracelens"): Target(12, 25),
    ("torch", 250, "ops", "pandas"): Target(15, 12),
    ("xplane", 50, "ops", "xprof"): Target(XPROF_CPU_RATIO, 3),
}
FULL_CPU_RATIO = 2.0
GROWTH_CPU_RATIO = {"torch": 4.5, "xplane": 10.0}
PEAK_TARGETS_MB = {
    ("ops-full", "torch", 250): 120,
    ("ops", "torch", 1000): 130,
    ("ops", "xplane", 500): 300,
}
"""Of the peak for torch; of memory of its own, without mapped pages, for xplane."""


def cpu_s(cost: Cost) -> float:
    """CPU seconds, as a ratio's quantity."""
    return cost.cpu_s


def rss(cost: Cost) -> float:
    """Peak memory, as a ratio's quantity."""
    return cost.rss_peak_bytes


def ratio(over: Sequence[float], under: Sequence[float]) -> Ratio:
    """Of medians, with the range over rounds that both have."""
    rounds = [a / b for a, b in zip(over, under, strict=False)]
    estimate = statistics.median(over) / statistics.median(under)
    return Ratio(estimate, min(rounds), max(rounds))


def ratios(over: Measured, under: Measured) -> tuple[Ratio, Ratio]:
    """Of CPU time and of peak memory."""
    cpu = ratio([*map(cpu_s, over.costs)], [*map(cpu_s, under.costs)])
    return cpu, ratio([*map(rss, over.costs)], [*map(rss, under.costs)])


def costs_table(measured: Iterable[Measured]) -> str:
    """A row for each input and side; one that failed has its reason."""
    head = ("input", "side", "CPU, s", "wall, s", "peak memory, MB", "its own", "of files")
    return table((*head, "rows", "events", "total, ms"), map(_cost_row, measured))


def _cost_row(measured: Measured) -> tuple[str, ...]:
    if measured.failure or not measured.costs:
        reason = measured.failure.reason if measured.failure else "not run"
        return measured.input, measured.side, plain(reason)
    costs, found = measured.costs, measured.found
    answer = (
        (f"{found.rows:,}", f"{found.events:,}", f"{found.total_us / 1000:,.0f}")
        if found
        else ("not understood",)
    )
    return (
        measured.input,
        measured.side,
        _spread([cost.cpu_s for cost in costs], ".2f"),
        _spread([cost.wall_s for cost in costs], ".2f"),
        _spread([cost.rss_peak_bytes / MEGABYTE for cost in costs], ",.0f"),
        _megabytes([cost.anonymous_bytes for cost in costs]),
        _megabytes([cost.mapped_bytes for cost in costs]),
        *answer,
    )


def ratios_table(measured: Sequence[Measured]) -> str:
    """How many times less CPU time and memory this project's sides take than each peer."""
    head = ("input", "side", "against", "times less CPU", "target", "times less memory", "target")
    return table(head, _ratio_rows(measured))


def _ratio_rows(measured: Sequence[Measured]) -> Iterator[tuple[str, ...]]:
    with_figures = [one for one in measured if one.costs]
    for ours in with_figures:
        for peer in with_figures:
            if ours.side not in OURS or peer.side in OURS or peer.input != ours.input:
                continue
            cpu, memory = ratios(peer, ours)
            target = TARGETS.get((ours.format, ours.megabytes, ours.side, peer.side), Target())
            yield (
                *(ours.input, ours.side, peer.side, str(cpu)),
                _verdict(target.cpu, cpu.estimate),
                str(memory),
                _verdict(target.memory, memory.estimate),
            )


def growth_table(measured: Sequence[Measured]) -> str:
    """This project's sides against each other, and against themselves on a smaller input."""
    head = ("input", "side", "against", "times the CPU", "at most", "times the memory", "peak, MB")
    return table(head, _growth_rows(measured))


def _growth_rows(measured: Sequence[Measured]) -> Iterator[tuple[str, ...]]:
    for one in measured:
        if one.side not in OURS or not one.costs:
            continue
        smaller = [m for m in measured if (m.source, m.side) == (one.source, one.side) and m.costs]
        smaller = [m for m in smaller if m.megabytes < one.megabytes]
        leaner = [m for m in measured if (m.input, m.side) == (one.input, "ops") and m.costs]
        against = smaller[-1:] + (leaner if one.side == "ops-full" else [])
        for other in against:
            cpu, memory = ratios(one, other)
            limit: float | None = None
            if other.input == one.input:
                limit = FULL_CPU_RATIO
            elif (one.format, one.megabytes) in (("torch", 1000), ("xplane", 500)):
                limit = GROWTH_CPU_RATIO[one.format]
            yield (
                *(one.input, one.side, f"{other.side}, {other.megabytes} MB", str(cpu)),
                _verdict(limit, cpu.estimate, at_most=True),
                str(memory),
                _peak(one),
            )


def _peak(measured: Measured) -> str:
    """What a target on memory is held against, in MB, and the target."""
    limit = PEAK_TARGETS_MB.get((measured.side, measured.format, measured.megabytes))
    own = [cost.anonymous_bytes for cost in measured.costs if cost.anonymous_bytes is not None]
    peaks = own if measured.format == "xplane" and own else [*map(rss, measured.costs)]
    peak = statistics.median(peaks) / MEGABYTE
    return f"{peak:,.0f}" + (f", {_verdict(limit, peak, at_most=True)}" if limit else "")


def _verdict(target: float | None, value: float, at_most: bool = False) -> str:
    if target is None:
        return ""
    met = value <= target if at_most else value >= target
    return f"{target:g}: {'met' if met else 'missed'}"


def _spread(values: Sequence[float], form: str) -> str:
    low, middle, high = (format(f(values), form) for f in (min, statistics.median, max))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def _megabytes(values: Sequence[int | None]) -> str:
    known = [value / MEGABYTE for value in values if value is not None]
    return f"{statistics.median(known):,.0f}" if known else "–"


def plain(text: str) -> str:
    """Text without what would end its cell or its row."""
    return " ".join(text.replace("|", "/").split())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a row that is too short ends in empty cells."""
    rows = [*rows] or [["none"]]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        filled = [*row, *[""] * (len(head) - len(row))]
        lines.append(f"| {' | '.join(filled)} |")
    return "\n".join(lines)
