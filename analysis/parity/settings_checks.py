"""Checks of the settings that both frameworks' own objects have, in one vocabulary."""

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

from analysis import wording
from analysis.parity import effects, tolerances
from analysis.parity.check import Check, Group, Value
from analysis.parity.forms import KNOWN_LOSS, one_takes_probabilities
from analysis.parity.numbers import number_distance
from analysis.parity.reader import Pair
from profilers.parity_record import ParityRecord, Setting

RUNNING_VARIANCE = "running_variance"
PADDING = "padding"
PADDED_ELSEWHERE = "The outputs of the layer agree all the same: one side pads before it."
TF32 = "tf32"
OWN_NAMES = {
    "optimizer": frozenset(effects.OPTIMIZER),
    "loss": frozenset(effects.LOSS),
    "precision": frozenset(effects.PRECISION),
    "layout": frozenset(("images",)),
    "threads": frozenset(("intra_op", "inter_op")),
}
"""Settings of what is no layer, told by them from those of a layer that is called the same."""


class Owned(NamedTuple):
    """A setting's name; `of_layer` says that its group is a layer of the model."""

    of_layer: bool
    group: str
    name: str


def checks(pair: Pair) -> Iterator[Check]:
    """One check for each setting that either side has, in the order of the left one."""
    kinds = _kinds(pair.right.record) | _kinds(pair.left.record)
    left, right = (_owned(side.record.audit, kinds) for _, side in pair.both)
    for key in dict.fromkeys(chain(left, right)):
        if key not in left or key not in right:
            yield _one_sided(pair, key, left.get(key), right.get(key))
        else:
            kind = kinds[key.group] if key.of_layer else None
            yield _compared(pair, key, left[key], right[key], kind)


def _kinds(record: ParityRecord) -> dict[str, str]:
    """The layers of a model, and of what kind they are."""
    owners = dict.fromkeys((parameter.layer for parameter in record.parameters), "")
    return owners | {layer.name: layer.kind for layer in record.layers}


def _owned(audit: Iterable[Setting], layers: Container[str]) -> dict[Owned, Setting]:
    """The settings by what they belong to; those of a layer come after one of the same name."""
    found: dict[Owned, Setting] = {}
    for setting in audit:
        own = Owned(False, setting.group, setting.name)
        listed = setting.name in OWN_NAMES.get(setting.group, ())
        of_layer = setting.group in layers and (not listed or own in found)
        found[own._replace(of_layer=of_layer)] = setting
    return found


def _one_sided(pair: Pair, key: Owned, left: Setting | None, right: Setting | None) -> Check:
    return Check(
        name=_name(key),
        kind="information",
        group="information",
        subject=key.group,
        of_layer=key.of_layer,
        left=left.value if left else None,
        right=right.value if right else None,
        same=None,
        effect=f"Only {pair.names[0] if left else pair.names[1]} has such a setting.",
    )


def _compared(
    pair: Pair, key: Owned, left: Setting, right: Setting, layer_kind: str | None
) -> Check:
    same = alike(left.value, right.value)
    group = _group(pair, key, left, right)
    return Check(
        name=_name(key),
        kind="information" if group == "information" else "arithmetic",
        group=group,
        subject=key.group,
        of_layer=key.of_layer,
        left=left.value,
        right=right.value,
        same=same,
        effect="" if same else effects.effect(left, layer_kind),
    )


def _name(key: Owned) -> str:
    return wording.plain(f"{key.group}: {key.name}")


def _group(pair: Pair, key: Owned, left: Setting, right: Setting) -> Group:
    """Which settings decide: those of layers, optimizer and loss, and TF32 on one side alone.

    Threads and number formats are conditions of the run, which are compared by themselves. A loss
    that trying did not recognise is known by its name alone.
    """
    if key.of_layer:
        return "information" if key.name == RUNNING_VARIANCE else "setting"
    if key.group == "optimizer":
        modes = {side.record.settings.optimizer_parity for _, side in pair.both}
        return "stock" if key.name in effects.STOCK and modes == {"stock"} else "setting"
    if key.group == "loss":
        if key.name == "kind" and not left.value == right.value == KNOWN_LOSS:
            return "information"
        if key.name == "softmax" and one_takes_probabilities(pair):
            return "information"
        return "setting"
    return "setting" if key.group == "precision" and TF32 in key.name else "information"


def alike(left: Value, right: Value) -> bool:
    """Whether two values are the same; numbers may part by what float32 rounds."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        if left == right:
            return True
        try:
            return number_distance(float(left), float(right)) <= tolerances.SETTING
        except OverflowError:
            return False
    return left == right


def weighed(checks: Sequence[Check]) -> list[Check]:
    """The same checks, with the padding of a layer whose outputs agree as information.

    What one side pads in the layer, the other may pad before it.
    """
    agreeing = {check.subject for check in checks if check.group == "layer" and check.same}
    return [
        msgspec.structs.replace(check, kind="information", effect=PADDED_ELSEWHERE)
        if check.group == "setting"
        and check.of_layer
        and check.same is False
        and check.subject in agreeing
        and check.name.partition(": ")[2] == PADDING
        else check
        for check in checks
    ]
