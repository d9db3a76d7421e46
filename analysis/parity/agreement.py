"""What is the same, and what could not be compared, in few lines: like checks are told together."""

from collections.abc import Iterator, Sequence

from analysis import wording
from analysis.parity.check import Check, Group
from analysis.parity.phrases import owner

NAMED: tuple[Group, ...] = ("workload", "weights", "samples", "batches", "structure", "asked")
"""Groups of checks that are told by their names."""

FOLDED: dict[Group, tuple[str, str]] = {
    "layer": ("output", "layer"),
    "gradient": ("gradient", "parameter"),
    "single gradient": ("gradient", "parameter"),
}
"""Groups with a check for each layer or parameter: what was compared, and of what."""

SETTINGS: tuple[Group, ...] = ("setting", "stock")
CONDITIONS: tuple[Group, ...] = ("conditions", "information")
LISTED = 3
"""More names than that are counted."""


def agreeing(checks: Sequence[Check]) -> Iterator[str]:
    """One line for what agrees of each kind of check."""
    same = [check for check in checks if check.same]
    named = [check.name.removeprefix("asked: ") for check in same if check.group in NAMED]
    if named:
        yield ", ".join(named)
    for group, (what, of) in FOLDED.items():
        yield from _folded(same, checks, group, what, of)
    for check in same:
        if check.group not in (*NAMED, *FOLDED, *SETTINGS, *CONDITIONS) and _agreed([check]):
            yield check.name + _agreed([check])
    binding = [check.name for check in same if check.group == "binding" and not _agreed([check])]
    if binding:
        yield ", ".join(binding)
    settings = [check for check in same if check.group in SETTINGS]
    if settings:
        yield f"{wording.counted(len(settings), 'setting')} of {_owners(settings)}"
    for group, title in (("conditions", "conditions"), ("information", "for information")):
        names = [check.name for check in same if check.group == group]
        if names:
            yield f"{title}: {', '.join(names)}"


def not_compared(checks: Sequence[Check]) -> Iterator[tuple[str, str]]:
    """What could not be compared, and why: a name, or several that share a reason."""
    reasons: dict[str, list[str]] = {}
    for check in checks:
        if check.same is None and check.group != "random":
            reasons.setdefault(check.effect, []).append(check.name)
    for reason, names in reasons.items():
        if len(names) > LISTED:
            rest = f"{len(names) - LISTED} more"
            yield wording.listed([*names[:LISTED], rest]), reason
        else:
            yield wording.listed(names), reason


def _owners(settings: Sequence[Check]) -> str:
    """What the settings belong to; layers are counted."""
    named = dict.fromkeys(owner(check) for check in settings if not check.of_layer)
    layers = len({check.subject for check in settings if check.of_layer})
    return wording.listed([*named, wording.counted(layers, "layer")] if layers else [*named])


def _folded(
    same: Sequence[Check], checks: Sequence[Check], group: Group, what: str, of: str
) -> Iterator[str]:
    """As "outputs of 12 layers, float64: agree to 4e-16", with how many there are if more."""
    found = [check for check in same if check.group == group]
    if not found:
        return
    total = sum(check.group == group and check.same is not None for check in checks)
    precision = found[0].name.rpartition(", ")[2]
    count = wording.counted(total, of)
    some = count if len(found) == total else f"{len(found)} of {count}"
    yield f"{what}s of {some}, {precision}{_agreed(found)}"


def _agreed(checks: Sequence[Check]) -> str:
    """How close the furthest of them are; nothing where nothing was measured."""
    measured = [check.difference for check in checks if check.difference is not None]
    if not measured:
        return ""
    furthest = max(measured)
    return ": equal" if furthest == 0 else f": agree to {wording.power(furthest)}"
