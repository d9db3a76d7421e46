"""Pairs the arrays of two models: those that the user named, whole units, and what is left."""

import difflib
from collections.abc import Iterable, Iterator, Mapping

from profilers.description import OTHER, Description, Slot, Unit
from workloads.layers import Shape
from workloads.native_model import Place
from workloads.spec import WorkloadError

SHOWN = 6
LOOSE = (OTHER, "embedding", "norm", "prelu")
"""Families whose arrays are laid out alike, so that one may stand for another by its shape."""

Given = Mapping[str, tuple[str, Shape | None]]


def slots_of(model: Description) -> Iterator[tuple[Place, Unit, Slot]]:
    """Every array with its place and its unit."""
    for number, unit in enumerate(model.units):
        for position, slot in enumerate(unit.slots):
            yield (number, position), unit, slot


def given_pairs(
    torch: Description, keras: Description, given: Given, file: str
) -> dict[Place, Place]:
    """The pairs in WEIGHTS. A Keras name may be without the model's own name before it."""
    torch_places = {slot.native: place for place, _, slot in slots_of(torch)}
    keras_places = {slot.native: place for place, _, slot in slots_of(keras)}
    short: dict[str, list[str]] = {}
    for name in keras_places:
        short.setdefault(name.partition("/")[2], []).append(name)
    pairs: dict[Place, Place] = {}
    for torch_name, (keras_name, _) in given.items():
        if torch_name not in torch_places:
            raise _unknown(file, "torch", torch_name, torch_places)
        names = [keras_name] if keras_name in keras_places else short.get(keras_name, [])
        if len(names) != 1:
            raise _unknown(file, "Keras", keras_name, keras_places)
        pair = torch_places[torch_name], keras_places[names[0]]
        shapes = [slot_at(torch, pair[0]).shape, slot_at(keras, pair[1]).shape]
        if shapes[0] != shapes[1]:
            raise WorkloadError(
                f"{file}: WEIGHTS pairs {torch_name} ({shown(shapes[0])} in Keras' layout) with "
                f"{keras_name} ({shown(shapes[1])}); pair arrays of one shape."
            )
        if pair[1] in pairs.values():
            raise WorkloadError(f"{file}: WEIGHTS has {keras_name} twice; each has one partner.")
        pairs[pair[0]] = pair[1]
    return pairs


def _unknown(file: str, side: str, name: str, known: Iterable[str]) -> WorkloadError:
    names = list(known)
    near = difflib.get_close_matches(name, names, 3, 0.5) or names[:SHOWN]
    return WorkloadError(
        f'{file}: WEIGHTS names "{name}", which the {side} model has not, or has several of; it '
        f"has {', '.join(near)}."
    )


def slot_at(model: Description, place: Place) -> Slot:
    """The array in this place."""
    return model.units[place[0]].slots[place[1]]


def in_order(model: Description, taken: Iterable[Place]) -> dict[int, list[int]]:
    """Units that nothing of is paired yet, in the order in which they run, with their slots."""
    used = {unit for unit, _ in taken}
    numbers = [number for number in range(len(model.units)) if number not in used]
    last = len(model.units)

    def order(number: int) -> tuple[int, int]:
        ran = model.units[number].order
        return (last * 2 if ran is None else ran, number)

    return {n: list(range(len(model.units[n].slots))) for n in sorted(numbers, key=order)}


def pair_units(torch: Description, keras: Description, pairs: dict[Place, Place]) -> None:
    """Whole units of the same kind and shapes, if both models have as many of them."""
    found = _grouped(keras, in_order(keras, pairs.values()))
    for signature, ours in _grouped(torch, in_order(torch, pairs)).items():
        theirs = found.get(signature, [])
        if len(ours) != len(theirs):
            continue
        for one, other in _matched(torch, keras, ours, theirs):
            roles = [slot.role for slot in keras.units[other].slots]
            known = keras.units[other].family != OTHER
            for position, slot in enumerate(torch.units[one].slots):
                partner = roles.index(_role(slot.role)) if known else position
                pairs[one, position] = other, partner


def _role(role: str) -> str:
    """A part's name without the number of the layer: torch has several layers in one module."""
    return role.partition("_l")[0] if "_l" in role else role


def _grouped(model: Description, units: Iterable[int]) -> dict[object, list[int]]:
    groups: dict[object, list[int]] = {}
    for number in units:
        unit = model.units[number]
        known = unit.family != OTHER
        parts = [(_role(slot.role) if known else "", slot.shape) for slot in unit.slots]
        arrays = tuple(sorted(parts) if known else parts)
        groups.setdefault((unit.family, arrays), []).append(number)
    return groups


def _matched(
    torch: Description, keras: Description, ours: list[int], theirs: list[int]
) -> Iterator[tuple[int, int]]:
    """By the last part of the owners' names where both sides have the same ones, else in order."""
    names = {_last(torch.units[number].owner): number for number in ours}
    others = {_last(keras.units[number].owner): number for number in theirs}
    if names.keys() == others.keys() and len(names) == len(ours) == len(theirs):
        return iter([(number, others[name]) for name, number in names.items()])
    return iter(list(zip(ours, theirs, strict=True)))


def _last(owner: str) -> str:
    return owner.replace("/", ".").rpartition(".")[2].lower()


def pair_loose(torch: Description, keras: Description, pairs: dict[Place, Place]) -> None:
    """What is left, array by array, where a shape has as many on both sides."""
    sides = []
    for model, taken in ((torch, set(pairs)), (keras, set(pairs.values()))):
        left: dict[Shape, list[Place]] = {}
        for unit, slots in in_order(model, ()).items():
            if model.units[unit].family in LOOSE:
                for slot in slots:
                    if (unit, slot) not in taken:
                        shape = model.units[unit].slots[slot].shape
                        left.setdefault(shape, []).append((unit, slot))
        sides.append(left)
    for shape, ours in sides[0].items():
        theirs = sides[1].get(shape, [])
        loose = any(torch.units[unit].family == OTHER for unit, _ in ours) or any(
            keras.units[unit].family == OTHER for unit, _ in theirs
        )
        if loose and len(ours) == len(theirs):
            pairs.update(zip(ours, theirs, strict=True))


def shown(shape: Shape) -> str:
    """3×3×16×32."""
    return "×".join(map(str, shape)) or "a number"
