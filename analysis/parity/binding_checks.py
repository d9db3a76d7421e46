"""Checks that tie each run to its probe: what was certified is what was timed."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from analysis import statistics, wording
from analysis.measured import Measured
from analysis.parity import run_checks, tolerances
from analysis.parity.check import Check, Value
from analysis.parity.numbers import LossDistance, band, loss_distance
from analysis.parity.reader import Pair, Probed
from analysis.parity.run_checks import TEST_LOSS
from profilers.records import Settings

REMEDY = "run this one again with --parity."
ASKED = (
    "framework",
    "workload",
    "options",
    "data",
    "seed",
    "batch_size",
    "optimizer",
    "optimizer_parity",
    "precision",
    "threads",
    "workload_sha256",
    "model",
)
"""The settings that a probe shares with its runs. It is always one of training, run plainly."""

COMPLETE, LOSSES = "run complete", "first losses of the run and its probe"
REQUIRED = (COMPLETE, LOSSES, TEST_LOSS)
"""Checks of runs without which nothing is certified."""


class Bound(NamedTuple):
    """What one run says of itself, and whether its probe says the same; None where unknown."""

    value: Value
    same: bool | None
    effect: str = ""
    difference: float | None = None
    tolerance: float | None = None


def checks(pair: Pair) -> Iterator[Check]:
    """One check for each thing that ties runs to probes; none where there are no runs."""
    if pair.left.run is None and pair.right.run is None:
        return
    for name, bind in BINDINGS.items():
        left, right = (
            bind(label, side, side.run) if side.run is not None else None
            for label, side in pair.both
        )
        if left is not None or right is not None:
            yield _check(name, left, right)
    yield from run_checks.checks(pair)


def _check(name: str, left: Bound | None, right: Bound | None) -> Check:
    found = [each for each in (left, right) if each is not None]
    answers = [each.same for each in found]
    worst = max(found, key=lambda each: (each.difference or 0.0) / (each.tolerance or 1.0))
    return Check(
        name=name,
        group="binding",
        left=left.value if left else None,
        right=right.value if right else None,
        same=False if False in answers else None if None in answers else True,
        effect=" ".join(each.effect for each in found if each.effect and not each.same),
        difference=worst.difference,
        tolerance=worst.tolerance,
    )


def _completed(label: str, side: Probed, run: Measured) -> Bound:
    if run.complete:
        return Bound(run.record.status, True)
    effect = (
        f"The run of {label} did not get to its end, so what it did is not known; run it again."
    )
    return Bound(run.record.status, None, effect)


def _settings(label: str, side: Probed, run: Measured) -> Bound:
    other = [
        f"{name.replace('_', ' ')} {_asked(run.record.settings, name)}, "
        f"not {_asked(side.record.settings, name)}"
        for name in ASKED
        if getattr(run.record.settings, name) != getattr(side.record.settings, name)
    ]
    own, probed = run.record.settings, side.record.settings
    if (own.weights_from is None) != (probed.weights_from is None):  # which ones is checked below
        sources = _asked(own, "weights_from"), _asked(probed, "weights_from")
        other.append(f"weights from {sources[0]}, not {sources[1]}")
    if not other:
        return Bound("as probed", True)
    effect = (
        f"The run of {label} had {wording.listed(other)}, so the probe is not its own: {REMEDY}"
    )
    return Bound("; ".join(other), False, effect)


def _asked(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return "nothing" if value is None else wording.plain(str(value))


def _weights(label: str, side: Probed, run: Measured) -> Bound:
    if run.result is None:
        return Bound(None, None, f"The run of {label} recorded no weights.")
    found = run.result.weights_sha256
    same = found == side.record.weights_sha256
    return Bound(
        found, same, f"The run of {label} began with other weights than its probe: {REMEDY}"
    )


def _data(label: str, side: Probed, run: Measured) -> Bound:
    probed = side.record.data_sha256
    if run.result is None or probed is None:
        return Bound(None, None, f"The data of the run of {label} or its probe are not known.")
    found = run.result.data_sha256
    return Bound(
        found, found == probed, f"The run of {label} had other data than its probe: {REMEDY}"
    )


def _batches(label: str, side: Probed, run: Measured) -> Bound | None:
    """The samples of the first ten steps of each phase, against the order that was probed."""
    if not run_checks.trains(run):
        return None
    found = [
        digest
        for digest in (run.result.batches if run.result else ())
        if digest.steps == tolerances.COMPARED_STEPS
    ]
    if not found:
        return Bound(None, None, f"The run of {label} has no record of its first ten batches.")
    other = [digest for digest in found if digest.sha256 != side.record.batches_sha256]
    if not other:
        return Bound(found[0].sha256, True)
    effect = (
        f"The {wording.listed([each.phase for each in other])} steps of {label} were given other "
        f"samples than its probe: {REMEDY}"
    )
    return Bound(other[0].sha256, False, effect)


def _losses(label: str, side: Probed, run: Measured) -> Bound | None:
    """The first losses of the step function that was timed, against those of the probe."""
    if not run_checks.trains(run):
        return None
    reference = side.record.reference
    if not reference.losses:
        return Bound(None, None, f"The probe of {label} recorded no steps of training.")
    losses = first_losses(run)
    if not losses:
        return Bound(None, None, f"The run of {label} has no losses of single steps.")
    least = tolerances.least_band(run.record.settings.precision)
    distance = loss_distance(losses, reference.losses, band(least, reference))
    steps = wording.counted(distance.steps, "step")
    return Bound(
        steps,
        distance.same,
        _losses_effect(label, distance),
        distance.difference if distance.steps else None,
        distance.tolerance if distance.steps else None,
    )


def _losses_effect(label: str, distance: LossDistance) -> str:
    if distance.apart is not None:
        return (
            f"The timed steps of {label} compute something else than its probe from step "
            f"{distance.apart} on: other batches, another precision, or a fault of the mode."
        )
    if distance.one_sided or distance.broken != (None, None):
        at = min(each for each in distance.broken if each is not None)
        return f"The losses of {label} are no finite numbers from step {at} on."
    return ""


def first_losses(run: Measured) -> list[float | None]:
    """Losses of the first ten steps that have rows of their own; None is no finite number.

    They are the timed ones or, where those were timed by windows, the first step and the warm-up.
    """
    timed = statistics.rows_of(run.steps, "timed")
    warm_up = [
        row for phase in ("first_step", "warmup") for row in statistics.rows_of(run.steps, phase)
    ]
    for rows in (timed, warm_up):
        by_index = {row.index: row for row in rows if row.count == 1}
        losses: list[float | None] = []
        while len(losses) < tolerances.COMPARED_STEPS and len(losses) in by_index:
            loss = by_index[len(losses)].loss
            if loss is None:
                break
            losses.append(loss if math.isfinite(loss) else None)
        if losses:
            return losses
    return []


BINDINGS: dict[str, Callable[[str, Probed, Measured], Bound | None]] = {
    COMPLETE: _completed,
    "settings of the run and its probe": _settings,
    "weights of the run and its probe": _weights,
    "data of the run and its probe": _data,
    "first batches as consumed": _batches,
    LOSSES: _losses,
}
