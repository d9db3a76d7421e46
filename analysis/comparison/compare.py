"""Sets the runs of a comparison side by side, and writes what it finds: compare.json."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import conditions, cost_text, finish
from analysis.comparison import figures, parity, ratios, rounds, same_work
from analysis.comparison.ratios import Sample, Verdict
from analysis.comparison.record import ComparedSide, Comparison, Evidence, SameWork, Warned
from analysis.comparison.rounds import SideRuns
from analysis.finish import Finished
from analysis.summary import Measured
from profilers import rundir
from profilers.records import ComparisonSummary, RoundsRecord, RunRecord
from profilers.rundir import ProfileError


@dataclass(frozen=True)
class Compared:
    """A comparison: where it lies, what was found, and those of its runs that count."""

    directory: Path
    record: Comparison
    runs: list[Finished]


@dataclass(frozen=True)
class Outcome:
    """What became of runs and comparisons; `alone` are the runs that no comparison names."""

    runs: list[Finished]
    alone: list[Finished]
    comparisons: list[Compared]
    problems: list[str]


def finish_all(targets: Sequence[Path]) -> Outcome:
    """Finish runs and the runs of comparisons, each once, then compare.

    Raises:
        ProfileError: one of the folders is neither a run nor a comparison, or a rounds.json is
            damaged; nothing was written then.
    """
    records = {each: rounds.read(each) for each in targets if (each / rundir.ROUNDS).exists()}
    singles = [each for each in targets if each not in records]
    for run in singles:
        rundir.read_json(run / rundir.RUN, RunRecord)
    named = [rounds.path_of(each, run) for each in records for run in records[each].runs]
    readable, problems = _readable(named)
    once = {os.path.realpath(run): run for run in (*singles, *readable)}
    done, failed = finish.finish_all(list(once.values()))
    runs = {os.path.realpath(run.measured.run): run for run in done}
    comparisons = [_compared(directory, records[directory], runs) for directory in records]
    for compared in comparisons:
        problems += _write(compared)
    in_comparisons = set(map(os.path.realpath, named))
    alone = [run for path, run in runs.items() if path not in in_comparisons]
    return Outcome(done, alone, comparisons, [*problems, *failed])


def _readable(runs: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The runs that have a run.json, and sentences on the others."""
    readable, problems = [], []
    for run in runs:
        try:
            rundir.read_json(run / rundir.RUN, RunRecord)
        except ProfileError as error:
            problems.append(str(error))
        else:
            readable.append(run)
    return readable, problems


def _compared(directory: Path, record: RoundsRecord, runs: Mapping[str, Finished]) -> Compared:
    paths = {run.path: os.path.realpath(rounds.path_of(directory, run)) for run in record.runs}
    found = {path: runs[place] for path, place in paths.items() if place in runs}
    comparison = compare(directory, record, found)
    complete = [run.path for side in comparison.compared for run in side.complete]
    return Compared(directory, comparison, [found[path] for path in complete])


def _write(compared: Compared) -> list[str]:
    """Write compare.json; a sentence if it can't be."""
    path = compared.directory / rundir.COMPARISON
    try:
        rundir.write_json(path, compared.record)
    except OSError as error:
        return [f"{path} can't be written ({error.strerror}); free some space, then run it again."]
    return []


def compare(directory: Path, record: RoundsRecord, finished: Mapping[str, Finished]) -> Comparison:
    """What the runs of a comparison say.

    Args:
        directory: where the comparison lies, as it is to be named.
        record: its rounds.json.
        finished: runs by their path in rounds.json; one that can't be read is not there.
    """
    found = rounds.side_runs(record, finished)
    baseline = next((number for number, side in enumerate(found) if side.complete), 0)
    others = [side for number, side in enumerate(found) if number != baseline]
    evidence, summaries = _held_against(str(directory), found[baseline], others)
    complete = [side.complete for side in found]
    return Comparison(
        id=record.id,
        sides=[side.label for side in found],
        comparisons=summaries,
        rounds=record.rounds,
        order_seed=record.order_seed,
        baseline=baseline,
        compared=list(map(_side, found)),
        evidence=evidence,
        figures=figures.figures(complete, baseline),
        profiles=[figures.profile(list(runs.values())) for runs in complete],
        warned=_warned(found),
        cost_notes=_cost_notes(found),
    )


def _held_against(
    path: str, baseline: SideRuns, others: Sequence[SideRuns]
) -> tuple[list[Evidence], list[ComparisonSummary]]:
    """For each other side what the comparison stands on, and its row."""
    paired = [rounds.pairs(baseline, other) for other in others]
    samples = [ratios.sample([pair.log_ratio for pair in found]) for found, _ in paired]
    evidence, summaries = [], []
    for other, (found, dropped), sample, verdict in zip(
        others, paired, samples, ratios.verdicts(samples), strict=True
    ):
        work = _same_work(baseline, other)
        evidence.append(
            Evidence(
                other=other.label,
                kind=verdict.kind,
                pairs=found,
                dropped=dropped,
                mean_log_ratio=sample.mean if sample else None,
                deviation=sample.deviation if sample else None,
                p_value=verdict.p_value,
                holm_threshold=verdict.threshold,
                repeats_needed=verdict.repeats_needed,
                same_work=work,
                parity=parity.parity(baseline, other),
            )
        )
        summaries.append(_summary(path, baseline, other, sample, verdict, evidence[-1]))
    return evidence, summaries


def _summary(
    path: str,
    baseline: SideRuns,
    other: SideRuns,
    sample: Sample | None,
    verdict: Verdict,
    evidence: Evidence,
) -> ComparisonSummary:
    runs = [[run.measured for run in side.complete.values()] for side in (baseline, other)]
    warnings = [
        f"{side.label} was not run: {side.not_run}" for side in (baseline, other) if side.not_run
    ]
    if evidence.parity is not None and not evidence.parity.comparable:
        warnings.append(evidence.parity.reason)
    elif evidence.same_work is not None and evidence.same_work.differing:
        warnings.append(same_work.sentence(evidence.same_work))
    warnings += [f"round {each.round} has no pair: {each.reason}" for each in evidence.dropped]
    return ComparisonSummary(
        baseline=baseline.label,
        other=other.label,
        ratio=ratios.ratio(sample) if sample else None,
        verdict=verdict.text,
        parity=evidence.parity.verdict if evidence.parity else None,
        conditions=_conditions(*runs) if all(runs) else None,
        path=path,
        warnings=warnings,
    )


def _conditions(baseline: Sequence[Measured], other: Sequence[Measured]) -> str:
    known = [[conditions.of_run(run) for run in side] for side in (baseline, other)]
    return conditions.sentence(conditions.between(*known))


def _same_work(baseline: SideRuns, other: SideRuns) -> SameWork | None:
    runs = [[run.measured for run in side.complete.values()] for side in (baseline, other)]
    return same_work.same_work(*runs) if all(runs) else None


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
    """Flags and warnings of complete runs, each once, with the rounds in which a side gave it."""
    rounds_of: dict[str, list[list[int]]] = {}
    for number, side in enumerate(found):
        for round_number, run in sorted(side.complete.items()):
            for text in (*run.summary.flags, *run.summary.warnings):
                rounds_of.setdefault(text, [[] for _ in found])[number].append(round_number)
    return [Warned(text, numbers) for text, numbers in rounds_of.items()]


def _cost_notes(found: Sequence[SideRuns]) -> list[str]:
    """Why figures of GPU, power and energy are missing; each reason once."""
    last = [side.last.measured for side in found if side.last is not None]
    return list(dict.fromkeys(note for run in last for note in cost_text.missing(run)))
