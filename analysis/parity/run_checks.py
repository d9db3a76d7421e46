"""Checks of two runs against each other: mode, data, batches, and the loss of those that infer."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from analysis import wording
from analysis.batches import same_batches
from analysis.measured import Measured
from analysis.parity import tolerances
from analysis.parity.check import Check
from analysis.parity.numbers import number_distance
from analysis.parity.reader import Pair, Probed
from profilers.records import BatchDigest, Result

TEST_LOSS = "loss over the test data"


def trains(run: Measured) -> bool:
    """Whether a run is one of training, whose steps have losses."""
    return run.record.settings.mode == "train"


def checks(pair: Pair) -> Iterator[Check]:
    """What two runs share; of one run beside a bare probe, what could not be compared."""
    runs = [side.run for _, side in pair.both if side.run is not None]
    if not all(map(trains, runs)):
        yield _test_loss(pair)
    if len(runs) == 2:
        yield _mode(*runs)
        yield _data(*runs)
        yield _batches(*runs)


def _mode(left: Measured, right: Measured) -> Check:
    modes = left.record.settings.mode, right.record.settings.mode
    same = modes[0] == modes[1]
    return Check(
        name="asked: mode",
        group="asked",
        left=modes[0],
        right=modes[1],
        same=same,
        effect="" if same else "A step of training is other work: give both the same --mode.",
    )


def _test_loss(pair: Pair) -> Check:
    """Nothing is trained, so this loss is what ties both runs to the same computation."""
    losses = _loss(pair.left), _loss(pair.right)
    precisions = {side.record.settings.precision for _, side in pair.both}
    tolerance = max(map(tolerances.run_loss, precisions))
    missing = [name for name, loss in zip(pair.names, losses, strict=True) if loss is None]
    distance = number_distance(*losses, 1.0)
    same = None if missing else distance <= tolerance
    effect = "" if same else "What was timed computes something else on one side."
    if missing:
        effect = f"{wording.listed(missing)} recorded no finite loss of it."
    return Check(
        name=TEST_LOSS,
        group="binding",
        left=losses[0],
        right=losses[1],
        same=same,
        effect=effect,
        difference=None if missing else distance,
        tolerance=None if missing else tolerance,
    )


def _loss(side: Probed) -> float | None:
    found = side.run.result.test_loss if side.run and side.run.result else None
    return found if found is not None and math.isfinite(found) else None


def _data(left: Measured, right: Measured) -> Check:
    hashes = [run.result.data_sha256 if run.result else None for run in (left, right)]
    same = None if None in hashes else hashes[0] == hashes[1]
    effects = {
        True: "",
        False: "The runs read other data: use the same --data for both.",
        None: "A run without a result has no record of its data.",
    }
    return Check(
        name="data of the runs",
        group="binding",
        left=hashes[0],
        right=hashes[1],
        same=same,
        effect=effects[same],
    )


def _batches(left: Measured, right: Measured) -> Check:
    """All digests over as many steps; told is one that differs, else the one over most steps."""
    same = same_batches((left.result, right.result))
    shared = sorted(
        _shared(left.result, right.result),
        key=lambda each: (each.left.sha256 != each.right.sha256, each.left.steps),
    )
    told = shared[-1] if shared else None
    effects = {
        True: "",
        False: "The runs were given other samples in a step: use the same --seed for both.",
        None: "The runs have no record over as many steps; give both the same --steps.",
    }
    return Check(
        name=f"batches as consumed{f' ({told.covered})' if told else ''}",
        group="binding",
        left=told.left.sha256 if told else _first(left.result),
        right=told.right.sha256 if told else _first(right.result),
        same=same,
        effect=effects[same],
    )


class _Shared(NamedTuple):
    """Digests of one phase over as many steps, and which steps these are."""

    left: BatchDigest
    right: BatchDigest
    covered: str


def _shared(left: Result | None, right: Result | None) -> Iterator[_Shared]:
    mine, others = (result.batches if result else [] for result in (left, right))
    for one in mine:
        for other in others:
            if (one.phase, one.steps) == (other.phase, other.steps):
                more = any(
                    each.phase == one.phase and each.steps > one.steps for each in (*mine, *others)
                )
                steps = wording.counted(one.steps, "step")
                yield _Shared(one, other, f"{one.phase}, {'the first ' if more else ''}{steps}")


def _first(result: Result | None) -> str | None:
    return result.batches[0].sha256 if result and result.batches else None
