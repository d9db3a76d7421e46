"""Whether a model gives logits or probabilities, and which of them its loss takes."""

from analysis.parity import tolerances
from analysis.parity.arrays import is_sampled
from analysis.parity.numbers import array_distance
from analysis.parity.reader import Pair, Probed
from profilers.parity_record import ArrayRecord, SettingValue

KNOWN_LOSS = "cross-entropy"


def gives_probabilities(side: Probed) -> bool:
    """Whether outputs lie between 0 and 1 and add up to 1 over their last axis."""
    record = side.record.outputs
    classes = record.shape[-1] if record.shape else 0
    values = side.array(record)
    if classes < 2 or is_sampled(record) or not values.size:
        return False
    rows = values.reshape(-1, classes)
    sums = abs(rows.sum(axis=1) - 1)
    return bool(((rows >= 0) & (rows <= 1)).all() and (sums <= tolerances.PROBABILITY_SUM).all())


def takes_probabilities(side: Probed) -> bool:
    """Whether a model gives probabilities and its loss is not known to take logits."""
    kind, softmaxes = _loss(side, "kind"), _loss(side, "softmax")
    takes = softmaxes == 0 if softmaxes is not None else kind not in (None, KNOWN_LOSS)
    return takes and gives_probabilities(side)


def one_takes_probabilities(pair: Pair) -> bool:
    """Whether outputs are of two forms, and each is the one that its own loss takes."""
    left, right = (gives_probabilities(side) for _, side in pair.both)
    one = pair.left if left else pair.right
    return left != right and takes_probabilities(one)


def is_given(side: Probed, array: ArrayRecord | None) -> bool:
    """Whether the output of a layer is that of the model."""
    outputs = side.record.outputs
    if array is None or array.shape != outputs.shape:
        return False
    distance = array_distance(side.array(array), side.array(outputs))
    return distance <= tolerances.DOUBLE_OUTPUT


def _loss(side: Probed, name: str) -> SettingValue:
    """A setting of the loss, which comes before those of a layer that is called so."""
    found = (each.value for each in side.record.audit if (each.group, each.name) == ("loss", name))
    return next(found, None)
