"""What the comparison of a side with the baseline stands on, and its row for others to read."""

from collections.abc import Sequence
from statistics import median

from analysis import conditions
from analysis.anatomy.break_even import break_even
from analysis.anatomy.record import BreakEven
from analysis.comparison import parity, ratios, rounds, same_work
from analysis.comparison.ratios import Kind, Sample, Verdict
from analysis.comparison.record import DroppedRound, Evidence, Pair, SameWork
from analysis.comparison.rounds import SideRuns
from analysis.measured import Measured
from profilers.summaries import ComparisonSummary, Ratio


def held_against(
    path: str, baseline: SideRuns, others: Sequence[SideRuns], *, exclude_flagged: bool = False
) -> tuple[list[Evidence], list[ComparisonSummary]]:
    """For each other side what the comparison stands on, and its row.

    Args:
        path: where the comparison lies, as it is to be named.
        baseline: the side that the others are held against.
        others: these.
        exclude_flagged: whether rounds with a flagged run are left out.
    """
    paired = [rounds.pairs(baseline, other) for other in others]
    clean = [
        _unflagged(baseline, other, found) for other, (found, _) in zip(others, paired, strict=True)
    ]
    cleaned = _judged([found for found, _ in clean])
    if exclude_flagged:
        paired = [
            (found, [*dropped, *flagged])
            for (found, flagged), (_, dropped) in zip(clean, paired, strict=True)
        ]
    judged = _judged([found for found, _ in paired])
    evidence, summaries = [], []
    for number, (other, (found, dropped)) in enumerate(zip(others, paired, strict=True)):
        sample, verdict = judged[number]
        some_flagged = 0 < len(clean[number][0]) < len(found)
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
                same_work=_same_work(baseline, other),
                parity=parity.parity(baseline, other),
                clean_ratio=_ratio(cleaned[number][0]) if some_flagged else None,
                clean_verdict=cleaned[number][1].text if some_flagged else "",
                break_even=_break_even(baseline, other, verdict.kind),
            )
        )
        summaries.append(_summary(path, baseline, other, sample, verdict, evidence[-1]))
    return evidence, summaries


def _judged(pairs: Sequence[Sequence[Pair]]) -> list[tuple[Sample | None, Verdict]]:
    """Of each side the sample of its pairs and the verdict, Holm's thresholds among all of them."""
    samples = [ratios.sample([pair.log_ratio for pair in found]) for found in pairs]
    return list(zip(samples, ratios.verdicts(samples), strict=True))


def _ratio(found: Sample | None) -> Ratio | None:
    return ratios.ratio(found) if found else None


def _unflagged(
    baseline: SideRuns, other: SideRuns, pairs: Sequence[Pair]
) -> tuple[list[Pair], list[DroppedRound]]:
    """The pairs without a flagged run, and why the others are none: never for their values."""
    clean, dropped = [], []
    for pair in pairs:
        flags = [
            f"{side.label} is flagged: {'; '.join(side.processes[pair.round].flags)}"
            for side in (baseline, other)
            if side.processes[pair.round].flags
        ]
        if flags:
            dropped.append(DroppedRound(pair.round, " and ".join(flags)))
        else:
            clean.append(pair)
    return clean, dropped


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
        ratio=_ratio(sample),
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


def _break_even(baseline: SideRuns, other: SideRuns, kind: Kind) -> BreakEven | None:
    """From the medians over each side's complete runs, None where one is not known."""
    first_ms, step_ms = [], []
    for side in (baseline, other):
        found = [run.summary for run in side.complete.values()]
        first_ms.append([each.first_step_ms for each in found if each.first_step_ms is not None])
        step_ms.append([each.step_ms.median for each in found if each.step_ms is not None])
    if not all(first_ms) or not all(step_ms):
        return None
    made = break_even(
        (baseline.label, other.label),
        (median(first_ms[0]), median(first_ms[1])),
        (median(step_ms[0]), median(step_ms[1])),
    )
    if made is None or kind == "different":
        return made
    sentence = f"If the medians are right: {made.sentence}"
    return BreakEven(made.first_ms, made.steps, sentence)
