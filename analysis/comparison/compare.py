"""Sets the runs of several sides side by side: figures, verdicts, and where they differ."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from analysis import alike, cost_text, wording
from analysis.alignment.levels import levels
from analysis.alignment.record import Levels
from analysis.anatomy.anatomy import anatomy
from analysis.comparison import figures
from analysis.comparison.evidence import held_against
from analysis.comparison.record import ComparedSide, Comparison, Evidence, Warned
from analysis.comparison.rounds import SideRuns
from analysis.finish import Finished
from analysis.measured import Measured
from analysis.partition.merged import merged
from analysis.partition.record import Partition


@dataclass(frozen=True)
class Compared:
    """A comparison: where it lies, what was found, and those of its runs that count.

    `partitions` are the parted profiles of each side; a comparison of traces has no runs.
    """

    directory: Path
    record: Comparison
    runs: list[Finished]
    partitions: list[list[Partition]]

    @property
    def comparable(self) -> bool:
        """Whether no certificate says that two sides are not the same model."""
        return all(each.parity is None or each.parity.comparable for each in self.record.evidence)


def compare(
    directory: Path,
    sides: Sequence[SideRuns],
    *,
    rounds: int,
    order_seed: int | None,
    exclude_flagged: bool = False,
) -> Compared:
    """What the runs of some sides say of each other.

    Args:
        directory: where the comparison lies, as it is to be named.
        sides: in their order; the first one with a complete run is the baseline.
        rounds: how many were asked for.
        order_seed: what the order of the runs was drawn with, None where it was not drawn.
        exclude_flagged: whether rounds with a flagged run are left out of all figures.
    """
    baseline = next((number for number, side in enumerate(sides) if side.complete), 0)
    others = [side for number, side in enumerate(sides) if number != baseline]
    evidence, summaries = held_against(
        str(directory), sides[baseline], others, exclude_flagged=exclude_flagged
    )
    counted = [_unflagged(sides[baseline], side) if exclude_flagged else side for side in sides]
    complete = [side.complete for side in counted]
    partitions = [partitions_of(side) for side in counted]
    record = Comparison(
        id=directory.name,
        sides=[side.label for side in sides],
        comparisons=summaries,
        rounds=rounds,
        order_seed=order_seed,
        baseline=baseline,
        compared=list(map(_side, sides)),
        evidence=evidence,
        figures=figures.figures(complete, baseline),
        profiles=[figures.profile(list(runs.values())) for runs in complete],
        anatomies=[
            anatomy(merged(list(found.values()))) if found else None for found in partitions
        ],
        levels=_all_levels(counted, baseline, evidence),
        warned=_warned(sides),
        cost_notes=_each_once(sides, cost_text.missing),
        cost_methods=_each_once(sides, cost_text.methods),
    )
    runs = [run for side in sides for run in side.complete.values()]
    return Compared(directory, record, runs, [list(found.values()) for found in partitions])


def _unflagged(baseline: SideRuns, side: SideRuns) -> SideRuns:
    """A side in the rounds in which neither its own run nor that of the baseline is flagged."""
    flagged = {
        number
        for each in (baseline, side)
        for number, process in each.processes.items()
        if process.flags
    }
    complete = {number: run for number, run in side.complete.items() if number not in flagged}
    return replace(side, complete=complete)


def partitions_of(side: SideRuns) -> dict[int, Partition]:
    """The parted profiles of a side's complete runs, by round."""
    return {
        number: run.profile.partition
        for number, run in side.complete.items()
        if run.profile is not None and run.profile.partition.steps
    }


def _all_levels(
    sides: Sequence[SideRuns], baseline: int, evidence: Sequence[Evidence]
) -> list[Levels | None]:
    others = [side for number, side in enumerate(sides) if number != baseline]
    return [
        _levels(sides[baseline], other, each) for other, each in zip(others, evidence, strict=True)
    ]


def _levels(baseline: SideRuns, other: SideRuns, evidence: Evidence) -> Levels | None:
    """Over the rounds in which both sides have a profile; None where the work is not the same."""
    if evidence.parity is not None and not evidence.parity.comparable:
        return None
    left, right = partitions_of(baseline), partitions_of(other)
    shared = sorted(left.keys() & right.keys())
    if not shared:
        return None
    steps_ns = [
        [step.median * 1e6 for number in shared if (step := side.complete[number].summary.step_ms)]
        for side in (baseline, other)
    ]
    return levels(
        [left[number] for number in shared],
        [right[number] for number in shared],
        (steps_ns[0], steps_ns[1]) if all(map(len, steps_ns)) else None,
        certified=evidence.parity is not None,
    )


def _side(found: SideRuns) -> ComparedSide:
    measured = found.last.measured if found.last else None
    return ComparedSide(
        label=found.label,
        framework=found.side.framework,
        execution=found.side.execution,
        not_run=found.not_run,
        runs=[found.processes[number] for number in sorted(found.processes)],
        settings=measured.record.settings if measured else None,
        data=measured.record.data if measured else None,
        environment=measured.environment if measured else None,
        usable_cpus=cost_text.usable_cpus(measured) if measured else None,
    )


def _warned(found: Sequence[SideRuns]) -> list[Warned]:
    """Warnings of complete runs, each once, with the rounds in which a side gave it."""
    rounds_of: dict[str, list[list[int]]] = {}
    for number, side in enumerate(found):
        for round_number, run in sorted(side.complete.items()):
            for text in run.summary.warnings:
                rounds_of.setdefault(text, [[] for _ in found])[number].append(round_number)
    return [Warned(text, numbers) for text, numbers in rounds_of.items()]


def _each_once(found: Sequence[SideRuns], told: Callable[[Measured], Iterable[str]]) -> list[str]:
    """What is told of each side's last run, once; of some sides alone with their names.

    What differs in numbers alone has their ranges.
    """
    known = {side.label: list(told(side.last.measured)) for side in found if side.last is not None}
    texts = []
    for skeleton, alike_texts in alike.grouped(chain.from_iterable(known.values())).items():
        labels = [label for label, own in known.items() if skeleton in map(alike.skeleton, own)]
        whose = "" if len(labels) == len(known) else f" ({wording.listed(labels)})"
        texts.append(f"{alike.ranged(alike_texts)}{whose}")
    return texts
