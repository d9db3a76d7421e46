"""What went wrong with the runs of a comparison: missing ones, disturbed ones, their warnings."""

from collections.abc import Iterator
from pathlib import Path

from analysis import alike, trust_text, wording
from analysis.comparison import rounds
from analysis.comparison.record import Comparison
from analysis.comparison.values import interval, times
from analysis.layout import shown_path, tied
from profilers.summaries import Ratio

Rounds = list[list[int]]
"""Of each side the rounds of some of its runs."""


def missing(record: Comparison, directory: Path) -> Iterator[str]:
    """What was asked for and is not there: sides, runs, rounds."""
    for side in record.compared:
        if side.not_run is not None:
            yield wording.plain(f"{side.label} was not run: {side.not_run.rstrip('.')}.")
    for side in record.compared:
        for run in side.runs:
            if run.problem:
                left = shown_path(rounds.path_of(directory, run))
                text = f"{side.label}, round {run.round}: {run.problem}; what is left is in {left}"
                yield wording.plain(text)
    begun = {run.round for side in record.compared for run in side.runs}
    if begun and len(begun) < record.rounds:
        yield f"{len(begun)} of {wording.counted(record.rounds, 'round')} were begun."


def flagged(record: Comparison) -> Iterator[str]:
    """Which runs were disturbed and by what, and what the others alone say."""
    runs, found = _complete(record), _flagged(record)
    counts = [sum(map(len, rounds_of)) for rounds_of in (found, runs)]
    if not counts[0]:
        return
    if counts[0] == counts[1]:
        whose = {1: "the run is", 2: "both runs are"}.get(counts[1], f"all {counts[1]} runs are")
        yield f"{whose} flagged: {_each_flag(record, runs)}"
        return
    told = f"{counts[0]} of {wording.counted(counts[1], 'run')} flagged: {_each_flag(record, [])}"
    clean = [
        f"{each.other} {_clean(ratio)}" if len(record.evidence) > 1 else _clean(ratio)
        for each in record.evidence
        if (ratio := each.clean_ratio) is not None
    ]
    if clean:
        told += f"; without {'it' if counts[0] == 1 else 'them'} {wording.listed(clean)}"
    yield told


def all_flagged(record: Comparison) -> Iterator[str]:
    """A sentence that stands beside the answer where no run was left undisturbed."""
    if any(_complete(record)) and _flagged(record) == _complete(record):
        yield from (f"{text[:1].upper()}{text[1:]}." for text in flagged(record))


def warnings(record: Comparison) -> Iterator[str]:
    """Each warning once, with the sides and runs it is of where these are not all."""
    rounds_of: dict[str, Rounds] = {}
    for warned in record.warned:
        skeleton = alike.skeleton(warned.text)
        known = rounds_of.setdefault(skeleton, [[] for _ in warned.rounds])
        rounds_of[skeleton] = [
            sorted({*old, *new}) for old, new in zip(known, warned.rounds, strict=True)
        ]
    told = []
    for skeleton, texts in alike.grouped(warned.text for warned in record.warned).items():
        everyone = rounds_of[skeleton] == _complete(record)
        whose = "" if everyone else _named(record, rounds_of[skeleton])
        told.append((whose, alike.ranged(texts)))
    yield from trust_text.headed("warning", told)


def _complete(record: Comparison) -> Rounds:
    return [[run.round for run in side.complete] for side in record.compared]


def _flagged(record: Comparison) -> Rounds:
    return [[run.round for run in side.complete if run.flags] for side in record.compared]


def _clean(ratio: Ratio) -> str:
    ends = interval(ratio.low, ratio.high)
    return tied(f"{times(ratio.estimate)} ×") + (f" ({ends})" if ends else "")


def _each_flag(record: Comparison, implied: Rounds) -> str:
    """What disturbed runs, with the runs in brackets of which each is said.

    Args:
        record: the comparison.
        implied: runs that need not be named.
    """
    rounds_of: dict[str, Rounds] = {}
    flags: list[str] = []
    for number, side in enumerate(record.compared):
        for run in side.complete:
            for flag in run.flags:
                flags.append(flag)
                known = rounds_of.setdefault(alike.skeleton(flag), [[] for _ in record.compared])
                known[number] += [run.round] if run.round not in known[number] else []
    reasons: dict[str, list[str]] = {}
    for skeleton, texts in alike.grouped(flags).items():
        unnamed = rounds_of[skeleton] == implied
        whose = "" if unnamed else f"{_named(record, rounds_of[skeleton])}, "
        reasons.setdefault(whose, []).append(alike.ranged(texts))
    return "; ".join(f"{whose}{' and '.join(found)}" for whose, found in reasons.items())


def _named(record: Comparison, rounds_of: Rounds) -> str:
    """Sides, and where these are not all of a side's, the runs."""
    parts = [
        (label, "" if some == every else wording.numbered("run", some))
        for label, some, every in zip(record.sides, rounds_of, _complete(record), strict=True)
        if some
    ]
    if len(parts) > 1 and any(runs for _, runs in parts):
        return wording.listed(f"{label} ({runs or 'all runs'})" for label, runs in parts)
    return wording.listed(" ".join(filter(None, part)) for part in parts)
