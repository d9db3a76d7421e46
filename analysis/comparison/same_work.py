"""Whether two sides did the same work under the same conditions, by what their runs recorded."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from analysis import statistics, wording
from analysis.comparison.record import SameWork
from analysis.summary import Measured

LOSS_TOLERANCES = {"fp32": 1e-4, "tf32": 1e-2, "fp16": 1e-2, "bf16": 5e-2}
"""How far losses may lie apart, as a part of the loss: rounding stays far below it."""

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
    tolerance = LOSS_TOLERANCES.get(settings.precision, LOSS_TOLERANCES["fp32"])
    found: dict[str, bool | None] = {
        "workload": _alike(_workload(run) for run in runs),
        "weights": _alike(run.result.weights_sha256 for run in runs if run.result),
        "data": _alike(run.result.data_sha256 for run in runs if run.result),
        "batches": _same_batches(runs),
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


def _workload(run: Measured) -> tuple[str, str | None]:
    """Its name, and what was in its file if it came from one."""
    return run.record.settings.workload_name, run.record.settings.workload_sha256


def _warm_up_loss(run: Measured, number: int) -> float | None:
    """The loss of this step of the warm-up, if it has a row of its own."""
    rows = statistics.rows_of(run.steps, "warmup")
    return next((row.loss for row in rows if row.index == number and row.count == 1), None)


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
    agreed = f"to {_power(work.loss_difference)}"
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
    return f", those of step {work.later_step} to {_power(work.later_difference)}"


def _apart(work: SameWork) -> str:
    """How far losses that differ lie apart."""
    if not {LOSSES, TEST_LOSS} & set(work.differing):
        return ""
    if work.loss_difference is None:
        return " (not a finite number on one side)"
    return f" (by {_power(work.loss_difference)})"


def _power(value: float | None) -> str:
    """One digit and a power of ten, as 3e-8."""
    if value is None:
        return wording.MISSING
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit}e{int(exponent)}"


def conditions(baseline: Sequence[Measured], other: Sequence[Measured]) -> str:
    """What differs between the machines and settings of two sides, or the word "same".

    Framework and execution mode are what a comparison is of, so they are none of its conditions.
    What one side does not know is not compared.
    """
    found = []
    for name, value in CONDITIONS.items():
        left, right = (_values(runs, value) for runs in (baseline, other))
        if left and right and _differ(name, left, right):
            verb = "differ" if name == "threads" else "differs"
            found.append(f"{name} {verb}: {' or '.join(left)} and {' or '.join(right)}")
    return "; ".join(found) if found else "same"


def _values(runs: Sequence[Measured], value: Callable[[Measured], object]) -> list[str]:
    """The values that a side has, each once and in order; without those that are not known."""
    return sorted({str(each) for each in map(value, runs) if each is not None})


def _differ(name: str, left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether two sides have other values; versions are compared as far as both sides tell them."""
    if name not in VERSIONS:
        return left != right
    length = min(len(version.split(".")) for version in (*left, *right))
    cut = [{tuple(each.split(".")[:length]) for each in versions} for versions in (left, right)]
    return cut[0] != cut[1]


def _threads(run: Measured) -> object:
    """As the framework reports them, else as asked for."""
    reported = run.environment.threads if run.environment else {}
    return reported.get("intra_op", run.record.settings.threads)


def _gpu(run: Measured) -> object:
    names = [device.get("name") for device in run.environment.devices] if run.environment else []
    return next(filter(None, names), None)


def _version(run: Measured, key: str) -> str | None:
    found = run.environment.versions.get(key) if run.environment else None
    return _cudnn(found) if key == "cudnn" and found else found


def _cudnn(version: str) -> str | None:
    """9.10.2 for 91002 and 8.9.7 for 8907, as the library writes itself; what has dots stays."""
    if not version.isascii() or not version.isdigit() or len(version) < 4:
        return version if version[:1].isdigit() else None
    number, major = int(version), 10_000 if len(version) > 4 else 1000
    return f"{number // major}.{number % major // 100}.{number % 100}"


VERSIONS = {"driver": "driver", "CUDA": "cuda", "cuDNN": "cudnn"}
"""What each is called, and its key among an environment's versions."""

CONDITIONS: dict[str, Callable[[Measured], object]] = {
    "device": lambda run: run.record.settings.device,
    "device name": _gpu,
    "threads": _threads,
    "precision": lambda run: run.record.settings.precision,
    "batch size": lambda run: run.record.settings.batch_size,
    "optimizer": lambda run: run.record.settings.optimizer,
    "CPU model": lambda run: run.environment.cpu_model if run.environment else None,
    **{name: partial(_version, key=key) for name, key in VERSIONS.items()},
}
