"""Whether two sides did the same work, by what their runs recorded."""

import math
from collections.abc import Iterable, Sequence

from analysis import statistics, wording
from analysis.batches import same_batches
from analysis.comparison.record import SameWork
from analysis.measured import Measured
from analysis.parity import tolerances
from profilers.records import Settings

LOSSES, TEST_LOSS = "step-0 losses", "test loss"
SINGULAR = ("workload", TEST_LOSS)


def same_work(baseline: Sequence[Measured], other: Sequence[Measured]) -> SameWork:
    """Compare what was done: workload, weights, data, batches as consumed, and a loss.

    That is the loss of step 0 or, where nothing is trained, the one over the test data.

    Args:
        baseline: complete runs of one side.
        other: those of the other side.
    """
    runs = [*baseline, *other]
    settings = runs[0].record.settings
    name, loss = (LOSSES, _first_loss) if settings.mode == "train" else (TEST_LOSS, _test_loss)
    losses, others = list(map(loss, baseline)), list(map(loss, other))
    difference = _difference(losses, others)
    tolerance = tolerances.run_loss(settings.precision)
    found: dict[str, bool | None] = {
        "workload": _alike(_workload(run.record.settings) for run in runs),
        "weights": _alike(run.result.weights_sha256 for run in runs if run.result),
        "data": _alike(run.result.data_sha256 for run in runs if run.result),
        "batches": same_batches(run.result for run in runs),
        name: _same_losses(losses, others, difference, tolerance),
    }
    return SameWork(
        same=tuple(name for name, alike in found.items() if alike),
        differing=tuple(name for name, alike in found.items() if alike is False),
        unknown=tuple(name for name, alike in found.items() if alike is None),
        loss_difference=difference,
        later_step=settings.warmup or None,
        later_difference=_difference(
            [_warm_up_loss(run, settings.warmup) for run in baseline],
            [_warm_up_loss(run, settings.warmup) for run in other],
        ),
    )


def _workload(settings: Settings) -> tuple[object, ...]:
    """The workload with its options, and what was in its file if it came from one."""
    options = sorted(settings.work_options.items())
    return settings.workload_name, settings.workload_sha256, *options


def _warm_up_loss(run: Measured, number: int) -> float | None:
    """The loss of this step of the warm-up, if it has a row of its own."""
    rows = statistics.rows_of(run.steps, "warmup")
    return next((row.loss for row in rows if row.index == number and row.count == 1), None)


def _alike(values: Iterable[object]) -> bool | None:
    """Whether there is one value alone; None where there is none."""
    distinct = set(values)
    return len(distinct) == 1 if distinct else None


def _first_loss(run: Measured) -> float | None:
    rows = statistics.rows_of(run.steps, "first_step")
    return rows[0].loss if rows else None


def _test_loss(run: Measured) -> float | None:
    return run.result.test_loss if run.result else None


def _difference(losses: Sequence[float | None], others: Sequence[float | None]) -> float | None:
    """The largest between any two runs of both sides; None where a run has no finite loss."""
    left, right = _finite(losses), _finite(others)
    if len(left) + len(right) < len(losses) + len(others):
        return None
    return max((abs(one - another) for one in left for another in right), default=None)


def _same_losses(
    losses: Sequence[float | None],
    others: Sequence[float | None],
    difference: float | None,
    tolerance: float,
) -> bool | None:
    """Whether no two losses lie further apart than that; a loss that broke on one side differs."""
    if _broken(losses) != _broken(others):
        return False
    if difference is None:
        return None
    return difference <= tolerance * max(1.0, *map(abs, _finite([*losses, *others])))


def _finite(losses: Iterable[float | None]) -> list[float]:
    return [loss for loss in losses if loss is not None and math.isfinite(loss)]


def _broken(losses: Iterable[float | None]) -> bool:
    """Whether a loss that was recorded is no number, or infinite."""
    return any(loss is not None and not math.isfinite(loss) for loss in losses)


def sentence(work: SameWork) -> str:
    """What agrees, in words, or what does not."""
    if work.differing:
        verb = "differs" if work.differing in [(name,) for name in SINGULAR] else "differ"
        text = f"not the same work: {wording.listed(work.differing)} {verb}"
        return text + _apart(work)
    said = [name for name in work.same if name not in ("workload", LOSSES, TEST_LOSS)]
    texts = [", ".join(said)] if said else []
    agreed = f"to {wording.power(work.loss_difference)}"
    if LOSSES in work.same:
        are = "are equal" if work.loss_difference == 0 else f"agree {agreed}"
        texts.append(f"{LOSSES} {are}{_later(work)}")
    if TEST_LOSS in work.same:
        texts.append(
            f"{TEST_LOSS} {'is equal' if work.loss_difference == 0 else f'agrees {agreed}'}"
        )
    if work.unknown:
        texts.append(f"not compared: {', '.join(work.unknown)}")
    return "; ".join(texts)


def _later(work: SameWork) -> str:
    """How far the losses have parted since: stock optimizers differ in their constants."""
    if work.later_step is None or work.later_difference is None:
        return ""
    apart = f"to {wording.power(work.later_difference)}" if work.later_difference else "too"
    return f", those of step {work.later_step} {apart}"


def _apart(work: SameWork) -> str:
    """How far losses that differ lie apart."""
    if not {LOSSES, TEST_LOSS} & set(work.differing):
        return ""
    if work.loss_difference is None:
        return " (not a finite number on one side)"
    return f" (by {wording.power(work.loss_difference)})"
