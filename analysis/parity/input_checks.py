"""Checks of what must be alike before two models compute anything: workload, weights, samples."""

import math
from collections.abc import Iterator

from analysis.parity.check import Check, Group, Value
from analysis.parity.reader import Pair
from profilers.parity_record import ParityRecord


def checks(pair: Pair) -> Iterator[Check]:
    """Workload, weights, samples, what was asked for, the models' sizes, and layers that draw."""
    yield from _inputs(pair)
    yield from _structure(pair)
    yield from _random(pair)


def equal(name: str, group: Group, left: Value, right: Value, effect: str) -> Check:
    """A check of two values that are alike or not; `effect` is told if they are not."""
    same = left == right
    return Check(
        name=name, group=group, left=left, right=right, same=same, effect="" if same else effect
    )


def _inputs(pair: Pair) -> Iterator[Check]:
    left, right = pair.left.record, pair.right.record
    rows: tuple[tuple[str, Group, str, str, str], ...] = (
        (
            "workload",
            "workload",
            left.workload_sha256,
            right.workload_sha256,
            "The models are described otherwise, so their times say nothing of the frameworks.",
        ),
        (
            "initial weights",
            "weights",
            left.weights_sha256,
            right.weights_sha256,
            "Both must begin with the same weights: give both the same --seed, or the same --from.",
        ),
        (
            "probe samples",
            "samples",
            left.samples_sha256,
            right.samples_sha256,
            "Other samples or labels give other losses: use the same --data for both.",
        ),
        (
            "probe batches",
            "batches",
            left.batches_sha256,
            right.batches_sha256,
            "The samples come in another order: use the same --seed and --batch-size for both.",
        ),
    )
    for row in rows:
        yield equal(*row)
    yield from _asked(left, right)


def _asked(left: ParityRecord, right: ParityRecord) -> Iterator[Check]:
    """Settings of the runs that decide what is computed."""
    effect = "The runs were asked for other work: give both the same."
    for name, field in ASKED.items():
        value, other = getattr(left.settings, field), getattr(right.settings, field)
        if field == "work_options":
            value, other = str(sorted(value.items())), str(sorted(other.items()))
        yield equal(f"asked: {name}", "asked", value, other, effect)
    yield equal("probe batch size", "asked", left.batch_size, right.batch_size, effect)


ASKED = {
    "batch size": "batch_size",
    "seed": "seed",
    "optimizer": "optimizer",
    "optimizer parity": "optimizer_parity",
    "options": "work_options",
}
"""What a setting is called, and its field."""


def _structure(pair: Pair) -> Iterator[Check]:
    left, right = pair.left.record, pair.right.record
    effect = "The models do not have the same size, so they are not the same model."
    counts = _parameter_count(left), _parameter_count(right)
    yield equal("number of parameters", "structure", *counts, effect)
    shapes = str(list(left.output_shape)), str(list(right.output_shape))
    yield equal("output shape", "structure", *shapes, effect)
    if left.classes is not None or right.classes is not None:
        yield equal("classes", "structure", left.classes, right.classes, effect)
    names = [{parameter.name for parameter in record.parameters} for record in (left, right)]
    for name in sorted(names[0] ^ names[1]):
        has, lacks = pair.names if name in names[0] else pair.names[::-1]
        yield Check(
            name=f"parameter {name}",
            group="structure",
            subject=name,
            left=name in names[0],
            right=name in names[1],
            same=False,
            effect=f"{has} trains it, {lacks} does not have it.",
        )


def _parameter_count(record: ParityRecord) -> int:
    return sum(math.prod(parameter.gradient.shape) for parameter in record.parameters)


def _random(pair: Pair) -> Iterator[Check]:
    """Layers that draw random numbers: what they compute can't be compared."""
    found = [", ".join(each.name for each in side.record.random) for _, side in pair.both]
    remedies = dict.fromkeys(each.remedy for _, side in pair.both for each in side.record.random)
    if any(found):
        yield Check(
            name="random layers",
            group="random",
            left=found[0] or None,
            right=found[1] or None,
            same=None if all(found) else False,
            effect=f"They draw other numbers in each run. {' '.join(remedies)}".rstrip(),
        )
