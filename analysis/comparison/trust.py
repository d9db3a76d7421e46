"""How far a comparison can be trusted: runs that are missing, pairs, coverage, warnings."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis import wording
from analysis.comparison import rounds
from analysis.comparison.record import ComparedProcess, Comparison, Evidence, Warned
from analysis.comparison.values import interval, ranges, times
from analysis.layout import shown_path, tied
from analysis.sides import Shown
from analysis.trust_text import NO_PROFILE, REMEDY
from profilers import rundir
from profilers.summaries import Ratio

SAME_LENGTH_RATIO = 0.01
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def troubles(record: Comparison, directory: Path) -> Iterator[str]:
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


def sentences(record: Comparison, shown: Shown, directory: Path) -> Iterator[str]:
    """What the profiler cost, what the tables leave out, and what the ratios stand on."""
    overheads = [ranges(record, "overhead_ratio")[number] for number in shown.numbers]
    if any(overheads):
        told = _listed([found.median if found else None for found in overheads], " ×")
        yield f"profiler {told}: phases are of profiled steps, the steps in the table are not"
    yield from _coverage(record, shown)
    yield from _recorded(record, shown)
    yield from flagged(record)
    yield from _pairs(record, shown, directory)
    yield from _training(record, shown)
    yield from repeats(record)


def brief(record: Comparison, shown: Shown) -> Iterator[str]:
    """The same in few lines, for a terminal: the report has all of it."""
    overheads = [ranges(record, "overhead_ratio")[number] for number in shown.numbers]
    cost = ""
    if any(overheads):
        ratios = _listed([found.median if found else None for found in overheads], " ×")
        cost = f"profiler {ratios}; "
    known = [found for number in shown.numbers if (found := record.profiles[number])]
    if known:
        phases = [found.phase_ratio for found in known]
        mapped = _listed([None if ratio is None else 100 * ratio for ratio in phases], " %")
        dropped = wording.counted(sum(found.dropped for found in known), "event")
        yield f"{cost}{mapped} of the operations' time mapped; {tied(f'{dropped} dropped')}"
    elif not record.stamp:
        yield NO_PROFILE
    yield from _thin(record, shown)
    yield from flagged(record)
    yield from _brief_pairs(record, shown)
    yield from _training(record, shown)
    yield from repeats(record)


def _brief_pairs(record: Comparison, shown: Shown) -> Iterator[str]:
    counts = {len(each.pairs) for each in _evidence(record, shown)}
    if counts - {0}:
        pairs = wording.counted(max(counts), "pair")
        order = "" if record.order_seed is not None else ", not interleaved by one command"
        told = f"; intervals of {tied('95 %')}, Student's t" if max(counts) > 1 else ""
        yield f"{pairs} of fresh processes{order}{told}"
    yield from _dropped(record, shown)


def flagged(record: Comparison) -> Iterator[str]:
    """Which runs were disturbed and by what, and what the others alone say."""
    runs = [(side.label, run) for side in record.compared for run in side.complete]
    found = [(label, run) for label, run in runs if run.flags]
    if not found:
        return
    if len(found) == len(runs):
        whose = {1: "the run is", 2: "both runs are"}.get(len(runs), "all runs are")
        yield f"{whose} flagged: {_each_flag(found)}"
        return
    told = f"{len(found)} of {wording.counted(len(runs), 'run')} flagged: {_each_flag(found)}"
    clean = [
        f"{each.other} {_clean(ratio)}" if len(record.evidence) > 1 else _clean(ratio)
        for each in record.evidence
        if (ratio := each.clean_ratio) is not None
    ]
    if clean:
        told += f"; without {'it' if len(found) == 1 else 'them'} {wording.listed(clean)}"
    yield told


def _clean(ratio: Ratio) -> str:
    ends = interval(ratio.low, ratio.high)
    return tied(f"{times(ratio.estimate)} ×") + (f" ({ends})" if ends else "")


def _each_flag(found: Sequence[tuple[str, ComparedProcess]]) -> str:
    """The runs of each side, and what disturbed them: what differs in numbers alone once."""
    by_side: dict[str, list[ComparedProcess]] = {}
    for label, run in found:
        by_side.setdefault(label, []).append(run)
    texts = []
    for label, runs in by_side.items():
        reasons: dict[str, str] = {}
        for flag in (flag for run in runs for flag in run.flags):
            reasons.setdefault(NUMBER.sub("#", flag), flag)
        numbers = wording.numbered("run", [run.round for run in runs])
        texts.append(f"{label} {numbers}, {' and '.join(reasons.values())}")
    return "; ".join(texts)


def _evidence(record: Comparison, shown: Shown) -> list[Evidence]:
    """What is known of the sides that are shown."""
    return [
        each
        for number, each in zip(record.others, record.evidence, strict=True)
        if number in shown.numbers
    ]


def _listed(values: Sequence[float | None], unit: str) -> str:
    """A figure of each side, in the order of the columns; one that is all the same once."""
    texts = [
        wording.MISSING if value is None else tied(wording.number(value) + unit) for value in values
    ]
    return texts[0] if len(set(texts)) == 1 else wording.listed(texts)


def _coverage(record: Comparison, shown: Shown) -> Iterator[str]:
    profiles = [record.profiles[number] for number in shown.numbers]
    known = [found for found in profiles if found is not None]
    if not known:
        yield NO_PROFILE
        return
    phases = [found.phase_ratio if found else None for found in profiles]
    layers = [found.layer_ratio if found else None for found in profiles]
    percents = [
        _listed([None if ratio is None else 100 * ratio for ratio in ratios], " %")
        for ratios in (phases, layers)
    ]
    dropped = wording.counted(sum(found.dropped for found in known), "event")
    yield (
        f"{percents[0]} of the operations' self time mapped to a phase, {percents[1]} to a layer; "
        f"{tied(f'{dropped} dropped')}"
    )


def _recorded(record: Comparison, shown: Shown) -> Iterator[str]:
    """How many operations were recorded of those in the graph, and which profiles thin out."""
    profiles = [record.profiles[number] for number in shown.numbers]
    texts = {
        label: tied(
            f"{wording.count(round(found.recorded_ops))} operations recorded per step of "
            f"{wording.counted(round(found.graph_ops), 'node')}"
        )
        for label, found in zip(shown.labels, profiles, strict=True)
        if found and found.recorded_ops is not None and found.graph_ops is not None
    }
    if texts:
        sides = (f"{tied(label)}: {text}" for label, text in texts.items())
        yield f"{'; '.join(sides)} in the traced graph before it is optimised"
    yield from _thin(record, shown)


def _thin(record: Comparison, shown: Shown) -> Iterator[str]:
    """Sides whose profiles lose operations towards their end."""
    profiles = [record.profiles[number] for number in shown.numbers]
    thin = [
        label
        for label, found in zip(shown.labels, profiles, strict=True)
        if found and found.thinned
    ]
    if thin:
        yield (
            f"{wording.listed(thin)}: the last steps of a profile have fewer operations than the "
            f"first; {REMEDY}"
        )


def _pairs(record: Comparison, shown: Shown, directory: Path) -> Iterator[str]:
    """How many pairs, in which order they ran, and which rounds gave none."""
    evidence = _evidence(record, shown)
    counts = [len(each.pairs) for each in evidence]
    pairs = wording.counted(counts[0], "pair")
    if len(set(counts)) > 1:
        pairs = f"{wording.listed(counts)} pairs"
    intervals = "intervals of 95 %, Student's t; " if max(counts) > 1 else ""
    order = f"in an order drawn with seed {record.order_seed}"
    if record.order_seed is None:
        order = "in the order in which they ran, not interleaved by one command"
    yield (
        f"{pairs} of fresh processes, {order}; {intervals}"
        f"all figures: {shown_path(directory / rundir.COMPARISON)}"
    )
    if sum(each.p_value is not None for each in evidence) > 1:
        yield "verdicts on several sides are held to Holm's thresholds"
    yield from _dropped(record, shown)


def _dropped(record: Comparison, shown: Shown) -> Iterator[str]:
    """Rounds without a pair, and why."""
    told = {run.round for side in record.compared for run in side.runs if run.problem}
    reasons: dict[str, list[int]] = {}
    for each in _evidence(record, shown):
        for dropped in each.dropped:
            reason = "see above" if dropped.round in told else wording.plain(dropped.reason)
            numbers = reasons.setdefault(reason, [])
            numbers += [dropped.round] if dropped.round not in numbers else []
    for reason, numbers in reasons.items():
        yield f"no pair in {wording.numbered('round', numbers)}: {reason}"


def _training(record: Comparison, shown: Shown) -> Iterator[str]:
    """Sides that train for the same time get to different accuracies by that alone."""
    trained = [ranges(record, "trained_steps")[number] for number in shown.numbers]
    medians = [found.median for found in trained if found]
    if medians and max(medians) > (1 + SAME_LENGTH_RATIO) * min(medians):
        steps = wording.listed(wording.count(round(median)) for median in medians)
        yield f"test accuracy is after {steps} steps; with --steps or --epochs all train alike"


def repeats(record: Comparison) -> Iterator[str]:
    """What more runs would show."""
    kinds = {each.kind for each in record.evidence}
    needed = max((each.repeats_needed or 0 for each in record.evidence), default=0)
    if "one pair" in kinds:
        yield "one pair of runs has no interval: add --repeats 5"
    elif needed:
        yield f"runs that spread like these show such a difference with --repeats {max(needed, 3)}"
    elif "two pairs" in kinds:
        yield "two pairs of runs allow no verdict: add --repeats 5"


def warnings(record: Comparison) -> Iterator[str]:
    """Each warning once, with the sides and rounds it is of where these are not all."""
    alike: dict[str, list[Warned]] = {}
    for warned in record.warned:
        alike.setdefault(NUMBER.sub("#", warned.text), []).append(warned)
    for group in alike.values():
        rounds_of = [
            sorted(set().union(*each)) for each in zip(*(w.rounds for w in group), strict=True)
        ]
        more = " (and alike with other numbers)" if len(group) > 1 else ""
        yield f"warning{_whose(record, rounds_of)}: {group[0].text}{more}"


def _whose(record: Comparison, rounds_of: Sequence[Sequence[int]]) -> str:
    """The sides, and where these are not all of a side's, the rounds."""
    complete = [[run.round for run in side.complete] for side in record.compared]
    if all(len(some) == len(every) for some, every in zip(rounds_of, complete, strict=True)):
        return ""
    parts = [
        label if len(some) == len(every) else f"{label} {wording.numbered('round', some)}"
        for label, some, every in zip(record.sides, rounds_of, complete, strict=True)
        if some
    ]
    return f", {', '.join(parts)}"
