"""How a check is told in a sentence: its values, how far they part, whose setting it is."""

from collections.abc import Sequence

from analysis import wording
from analysis.parity import effects
from analysis.parity.check import Check, Value

OWNERS = {
    "optimizer": "the optimizer",
    "loss": "the loss",
    "precision": "the device",
    "layout": "the layout",
    "threads": "the threads",
}
"""What settings belong to that belong to no layer."""


def told(check: Check) -> str:
    """That a thing differs, with both values and what that does."""
    values = f"{shown(check.left)} and {shown(check.right)}"
    return f"The {check.name.removeprefix('asked: ')} differs: {values}. {check.effect}".rstrip()


def setting_told(check: Check) -> str:
    """That a setting differs, with its owner, both values and what that does."""
    setting = check.name.partition(": ")[2].replace("_", " ")
    values = f"{shown(check.left)} and {shown(check.right)}"
    return f"The {setting} of {owner(check)} differs: {values}. {check.effect}".rstrip()


def owner(check: Check) -> str:
    """What a setting belongs to."""
    named = None if check.of_layer else OWNERS.get(check.subject)
    return named or f'layer "{check.subject}"'


def is_optimizer_kind(check: Check) -> bool:
    """Whether it is of what kind the optimizer is."""
    return check.name == "optimizer: kind" and not check.of_layer


def stock_name(checks: Sequence[Check], check: Check) -> str:
    """As "Adam's epsilon"."""
    kind = next((str(each.left) for each in checks if is_optimizer_kind(each)), "optimizer")
    return effects.STOCK[check.name.partition(": ")[2]].format(
        kind=wording.plain(kind.capitalize())
    )


def measured(check: Check) -> str:
    """How far the sides part, in brackets; nothing where that was not measured."""
    if check.difference is None or check.tolerance is None:
        return ""
    return (
        f" (largest difference {wording.magnitude(check.difference)}, "
        f"tolerance {wording.magnitude(check.tolerance)})"
    )


def shown(value: Value) -> str:
    """A value of either side as a sentence shows it."""
    if value is None:
        return wording.MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return wording.magnitude(value)
    return wording.plain(str(value))


def lowered(sentence: str) -> str:
    """A sentence as it stands after a colon."""
    return sentence[:1].lower() + sentence[1:]
