"""Checks of the settings that both frameworks' own objects have, in one vocabulary."""

from collections.abc import Iterator
from itertools import chain

from analysis import wording
from analysis.parity import effects, tolerances
from analysis.parity.check import Check, CheckClass, Group, Value
from analysis.parity.numbers import number_distance
from analysis.parity.reader import Pair
from profilers.parity_record import ParityRecord, Setting

INFORMATION = ("layout", "execution")
CONDITIONS = ("threads",)
RUNNING_VARIANCE = "running_variance"
TF32 = "tf32"


def checks(pair: Pair) -> Iterator[Check]:
    """One check for each setting that either side has, in the order of the left one."""
    left, right = (
        {(each.group, each.name): each for each in side.record.audit} for _, side in pair.both
    )
    kinds = {layer.name: layer.kind for layer in pair.left.record.layers}
    for key in dict.fromkeys(chain(left, right)):
        if key not in left or key not in right:
            yield _one_sided(pair, left.get(key), right.get(key))
        else:
            yield _compared(pair, left[key], right[key], kinds.get(key[0], ""))


def _one_sided(pair: Pair, left: Setting | None, right: Setting | None) -> Check:
    setting, name = (left, pair.names[0]) if left else (right, pair.names[1])
    assert setting is not None
    return Check(
        name=_name(setting),
        kind="information",
        group="information",
        subject=setting.group,
        left=left.value if left else None,
        right=right.value if right else None,
        same=None,
        effect=f"Only {name} has such a setting.",
    )


def _compared(pair: Pair, left: Setting, right: Setting, layer_kind: str) -> Check:
    same = alike(left.value, right.value)
    kind, group = _class_of(left, pair.left.record, pair.right.record)
    return Check(
        name=_name(left),
        kind=kind,
        group=group,
        subject=left.group,
        left=left.value,
        right=right.value,
        same=same,
        effect="" if same else effects.effect(left, layer_kind),
    )


def _name(setting: Setting) -> str:
    return wording.plain(f"{setting.group}: {setting.name}")


def _class_of(
    setting: Setting, left: ParityRecord, right: ParityRecord
) -> tuple[CheckClass, Group]:
    """TF32 on one side alone is other arithmetic; other differences of precision are conditions."""
    if setting.group in INFORMATION or setting.name == RUNNING_VARIANCE:
        return "information", "information"
    if setting.group in CONDITIONS:
        return "conditions", "conditions"
    if setting.group == "precision" and TF32 not in setting.name:
        return "conditions", "conditions"
    stock = left.settings.optimizer_parity == right.settings.optimizer_parity == "stock"
    if setting.group == "optimizer" and setting.name in effects.STOCK and stock:
        return "arithmetic", "stock"
    return "arithmetic", "setting"


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
