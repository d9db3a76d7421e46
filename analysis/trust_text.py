"""How far the figures of a run can be trusted, in sentences, and what it warns of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from statistics import median

from analysis import alike, wording
from analysis.finish import Finished
from analysis.folds.recorded import quarters, thinned
from analysis.summary import INDICATIVE
from profilers.summaries import RunSummary

STEADY_RATIO = 0.95
REMEDY = "profile fewer steps"
NO_PROFILE = "no profile could be read, so that nothing is said of phases, layers and operations"


def sentences(run: Finished, runs: int) -> Iterator[str]:
    """What the profiler cost, what the tables leave out, and how well was sampled.

    Args:
        run: the run that the figures and tables are shown of.
        runs: how many runs of its settings there are.
    """
    if run.summary.overhead_ratio is not None:
        yield _overhead(run.summary.overhead_ratio)
    yield from _build(run)
    if run.profile is None:
        yield NO_PROFILE
    else:
        covered = run.profile.coverage
        yield (
            f"{wording.percent(covered.phase_ratio, None)} of the operations' self time mapped to "
            f"a phase, {wording.percent(covered.layer_ratio, None)} to a layer; "
            f"{wording.counted(covered.dropped, 'event')} dropped"
        )
        yield from _recorded(run)
    figures = run.measured.figures
    if figures is not None:
        late = ""
        if figures.lag_median_ns is not None:
            late = f"; {wording.number(figures.lag_median_ns / 1e6)} ms late in the middle"
        yield (
            f"{wording.counted(figures.samples, 'sample')} of resources, "
            f"{wording.count(figures.missed)} missed{late}"
        )
    if runs == 1:
        yield "1 run has no interval: add --repeats 5"


def _recorded(run: Finished) -> Iterator[str]:
    """How many operations were recorded, where it is known how many a step should have."""
    nodes = graph_ops(run)
    counts = run.profile.ops_per_step if run.profile else []
    if nodes is not None and counts:
        yield (
            f"{wording.count(round(median(counts)))} operations recorded per step; the traced "
            f"graph has {wording.count(nodes)} nodes before it is optimised"
        )
    if thinned(counts):
        first, last = (wording.count(round(each)) for each in quarters(counts))
        yield (
            f"the last steps of the profile have fewer operations ({last}) than the first "
            f"({first}): {REMEDY}"
        )


def graph_ops(run: Finished) -> int | None:
    """How many nodes the traced graph of the profiled steps has; None where there is no graph."""
    return next((row.graph_ops for row in run.measured.steps if row.graph_ops), None)


def warnings(runs: Sequence[RunSummary]) -> Iterator[str]:
    """What disturbed runs and what they warn of, each once, with the runs where not all are."""
    yield from _told("flagged", runs, [run.flags for run in runs])
    yield from _told("warning", runs, [run.warnings for run in runs])


def _told(what: str, runs: Sequence[RunSummary], texts: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each text once, those that differ in numbers alone with the numbers' ranges."""
    repeats: dict[str, set[int]] = {}
    for run, told in zip(runs, texts, strict=True):
        for text in told:
            repeats.setdefault(alike.skeleton(text), set()).add(run.repeat)
    told_of: list[tuple[str, str]] = []
    for skeleton, found in alike.grouped(chain.from_iterable(texts)).items():
        numbers = sorted(repeats[skeleton])
        whose = "" if len(numbers) == len(runs) else wording.numbered("run", numbers)
        told_of.append((whose, alike.ranged(found)))
    yield from headed(what, told_of)


def headed(what: str, told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Sentences behind what they are and whose; whose is empty where it is everyone's.

    What makes the times of operations indicative is one sentence, at the place of the first.
    """
    causes: dict[str, list[str]] = {}
    texts: list[tuple[str, str]] = []
    for whose, text in told:
        cause = text.removesuffix(f"; {INDICATIVE}")
        if cause == text:
            texts.append((whose, text))
            continue
        if not causes:
            texts.append(("", INDICATIVE))
        causes.setdefault(whose, []).append(cause)
    for whose, text in texts:
        if text == INDICATIVE:
            whose, text = _indicative(causes)
        yield f"{what}{f', {whose}' if whose else ''}: {text}"


def _indicative(causes: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """(whose, sentence) of what all makes times indicative: of one cause as it was told."""
    parts = {whose: "; ".join(found) for whose, found in causes.items()}
    if len(parts) > 1:
        each = (f"{whose}: {part}" if whose else part for whose, part in parts.items())
        return "", f"{INDICATIVE}: {'; '.join(each)}"
    [(whose, found)] = causes.items()
    if len(found) == 1:
        return whose, f"{found[0]}; {INDICATIVE}"
    return whose, f"{INDICATIVE}: {parts[whose]}"


def _build(run: Finished) -> Iterator[str]:
    """How the build with the profiler's marks compares, unless a warning says it already."""
    result = run.measured.result
    if result is None or result.profiled_build_ratio is None:
        return
    text = (
        f"the build that was profiled takes {result.profiled_build_ratio:.2f} × as long per "
        "unprofiled step as the timed one"
    )
    if not any(text in warning for warning in run.summary.warnings):
        yield text


def _overhead(ratio: float) -> str:
    text = f"profiler {wording.number(ratio)} ×: "
    if ratio < STEADY_RATIO:
        return text + "profiled steps were shorter than the others, the machine was not steady"
    if ratio < 1 / STEADY_RATIO:
        return text + "operation times are about those in the step above"
    return (
        text + "operation times are larger than in the step above, those of small operations most"
    )
