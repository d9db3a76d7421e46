"""Whether two sides did the same work under the same conditions, by what their runs recorded."""

import math
from collections.abc import Callable, Iterable, Sequence

from analysis import statistics, wording
from analysis.comparison.record import SameWork
from analysis.summary import Measured

LOSS_TOLERANCES = {"fp32": 1e-4, "tf32": 1e-2, "fp16": 1e-2, "bf16": 5e-2}
"""How far losses of step 0 may lie apart, as a part of the loss: rounding stays far below it."""

LOSSES = "step-0 losses"


def same_work(baseline: Sequence[Measured], other: Sequence[Measured]) -> SameWork:
    """Compare what was trained: workload, weights, data, batches as consumed, first loss.

    Args:
        baseline: complete runs of one side.
        other: those of the other side.
    """
    runs = [*baseline, *other]
    found: dict[str, bool | None] = {
        "workload": _alike(run.record.settings.workload for run in runs),
        "weights": _alike(run.result.weights_sha256 for run in runs if run.result),
        "data": _alike(run.result.data_sha256 for run in runs if run.result),
        "batches": _same_batches(runs),
    }
    difference = _loss_difference(baseline, other)
    training = runs[0].record.settings.mode == "train"
    if difference is None and training:
        found[LOSSES] = None
    elif difference is not None:
        precision = runs[0].record.settings.precision
        found[LOSSES] = difference <= LOSS_TOLERANCES.get(
            precision, LOSS_TOLERANCES["fp32"]
        ) * _scale(runs)
    return SameWork(
        same=tuple(name for name, alike in found.items() if alike),
        differing=tuple(name for name, alike in found.items() if alike is False),
        unknown=tuple(name for name, alike in found.items() if alike is None),
        loss_difference=difference,
    )


def _alike(values: Iterable[object]) -> bool | None:
    """Whether there is one value alone; None where there is none."""
    distinct = set(values)
    return len(distinct) == 1 if distinct else None


def _same_batches(runs: Sequence[Measured]) -> bool | None:
    """Digests of one phase over as many steps must agree; None where no two runs share one."""
    digests: dict[tuple[str, int], list[str]] = {}
    for run in runs:
        for digest in run.result.batches if run.result else ():
            digests.setdefault((digest.phase, digest.steps), []).append(digest.sha256)
    shared = [found for found in digests.values() if len(found) == len(runs)]
    differing = any(len(set(found)) > 1 for found in digests.values())
    return False if differing else True if shared else None


def _first_losses(runs: Sequence[Measured]) -> list[float]:
    rows = [statistics.rows_of(run.steps, "first_step") for run in runs]
    losses = [found[0].loss if found else None for found in rows]
    return [loss for loss in losses if loss is not None and math.isfinite(loss)]


def _loss_difference(baseline: Sequence[Measured], other: Sequence[Measured]) -> float | None:
    """The largest between any two runs of both sides; None where a run has no loss."""
    losses, others = _first_losses(baseline), _first_losses(other)
    if not losses or not others or len(losses) + len(others) < len(baseline) + len(other):
        return None
    return max(abs(left - right) for left in losses for right in others)


def _scale(runs: Sequence[Measured]) -> float:
    return max(1.0, *map(abs, _first_losses(runs)))


def sentence(work: SameWork) -> str:
    """What agrees, in words, or what does not."""
    if work.differing:
        text = f"not the same work: {wording.listed(work.differing)} differ"
        apart = f" (by {_power(work.loss_difference)})" if LOSSES in work.differing else ""
        return text + apart
    said = [name for name in work.same if name not in ("workload", LOSSES)]
    texts = [", ".join(said)] if said else []
    if LOSSES in work.same:
        equal = work.loss_difference == 0
        texts.append(
            f"{LOSSES} are equal" if equal else f"{LOSSES} agree to {_power(work.loss_difference)}"
        )
    if work.unknown:
        texts.append(f"not compared: {', '.join(work.unknown)}")
    return "; ".join(texts)


def _power(value: float | None) -> str:
    """One digit and a power of ten, as 3e-8."""
    if value is None:
        return wording.MISSING
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit}e{int(exponent)}"


def conditions(baseline: Sequence[Measured], other: Sequence[Measured]) -> str:
    """What differs between the machines and settings of two sides, or the word "same"."""
    found = []
    for name, value in CONDITIONS.items():
        left, right = (_values(runs, value) for runs in (baseline, other))
        if left and right and left != right:
            verb = "differ" if name == "threads" else "differs"
            found.append(f"{name} {verb}: {' or '.join(left)} and {' or '.join(right)}")
    return "; ".join(found) if found else "same"


def _values(runs: Sequence[Measured], value: Callable[[Measured], object]) -> list[str]:
    """The values that a side has, each once and in order; without those that are not known."""
    return sorted({str(each) for each in map(value, runs) if each is not None})


def _threads(run: Measured) -> object:
    """As the framework reports them, else as asked for."""
    reported = run.environment.threads if run.environment else {}
    return reported.get("intra_op", run.record.settings.threads)


def _gpu(run: Measured) -> object:
    names = [device.get("name") for device in run.environment.devices] if run.environment else []
    return next(filter(None, names), None)


CONDITIONS: dict[str, Callable[[Measured], object]] = {
    "device": lambda run: run.record.settings.device,
    "device name": _gpu,
    "threads": _threads,
    "precision": lambda run: run.record.settings.precision,
    "batch size": lambda run: run.record.settings.batch_size,
    "optimizer": lambda run: run.record.settings.optimizer,
    "CPU model": lambda run: run.environment.cpu_model if run.environment else None,
}
