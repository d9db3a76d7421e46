"""How far a comparison can be trusted: what its profiles cover, what its intervals stand on."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis import wording
from analysis.comparison import troubles
from analysis.comparison.record import Comparison, Evidence
from analysis.comparison.values import ranges
from analysis.layout import shown_path, tied
from analysis.sides import Shown
from analysis.trust_text import NO_PROFILE, REMEDY
from profilers import rundir

SAME_LENGTH_RATIO = 0.01


def sentences(record: Comparison, shown: Shown, directory: Path) -> Iterator[str]:
    """What the profiler cost, what the tables leave out, and what the ratios stand on."""
    overheads = [ranges(record, "overhead_ratio")[number] for number in shown.numbers]
    if any(overheads):
        told = _listed([found.median if found else None for found in overheads], " ×")
        yield f"profiler {told}: phases are of profiled steps, the steps in the table are not"
    yield from _coverage(record, shown)
    yield from _recorded(record, shown)
    yield from troubles.flagged(record)
    yield from _pairs(record, shown, directory)
    yield from _training(record, shown)
    yield from repeats(record)


def brief(record: Comparison, shown: Shown) -> Iterator[str]:
    """The same in few lines, for a terminal: the report has all of it.

    What stands beside the settings is left out: `method`, and that all runs are flagged.
    """
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
    if not any(troubles.all_flagged(record)):
        yield from troubles.flagged(record)
    yield from _brief_pairs(record, shown)
    yield from _training(record, shown)
    yield from repeats(record)


def method(record: Comparison, shown: Shown) -> str:
    """What the intervals are; nothing where there are none."""
    several = any(len(each.pairs) > 1 for each in _evidence(record, shown))
    return "intervals of 95 %, Student's t" if several else ""


def _brief_pairs(record: Comparison, shown: Shown) -> Iterator[str]:
    """How many pairs, where the number of runs beside the settings does not say it."""
    counts = {len(each.pairs) for each in _evidence(record, shown)}
    runs = {len(record.compared[number].complete) for number in shown.numbers}
    if counts - {0} and (counts != runs or record.order_seed is None):
        pairs = wording.counted(max(counts), "pair")
        order = "" if record.order_seed is not None else ", not interleaved by one command"
        yield f"{pairs} of fresh processes{order}"
    yield from _dropped(record, shown)


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
