"""Which array of a torch model is which of a Keras model: by what they are, their shapes, order."""

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from profilers.description import OTHER, Description, Slot, Unit
from workloads.layers import Shape
from workloads.native_model import MappedArray, MappedLayer, Place
from workloads.spec import WorkloadError

SHOWN = 6
MODEL = "model"
LOOSE = (OTHER, "embedding", "norm", "prelu")
"""Families whose arrays are laid out alike, so that one may stand for another by its shape."""
APPLIED = ("relu", "tanh", "sigmoid")
"""Activations inside a Keras layer that can be applied to what torch's layer gives."""

Given = Mapping[str, tuple[str, Shape | None]]
Pair = tuple[Place, Place]


@dataclass
class Agreement:
    """What two models have in common; `warnings` keep them from being trained alike."""

    arrays: list[MappedArray] = field(default_factory=list)
    layers: list[MappedLayer] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def alone(model: Description) -> Agreement:
    """The arrays and layers of one model that is not compared with another."""
    made = Agreement()
    side = "torch" if model.framework == "torch" else "keras"
    for place, unit, slot in _slots(model):
        made.arrays.append(
            MappedArray(
                name=_name(unit, slot),
                layer=unit.owner or MODEL,
                shape=slot.shape,
                trainable=slot.trainable,
                **{side: place, f"{side}_name": slot.native},  # type: ignore[arg-type]
            )
        )
    for number in _owners(model).values():
        owner = model.units[number].owner
        made.layers.append(
            MappedLayer(name=owner, **{side: number, f"{side}_name": owner})  # type: ignore[arg-type]
        )
    return made


def agree(torch: Description, keras: Description, given: Given, file: str) -> Agreement:
    """Pair every array of both models.

    Units of one family with arrays of the same shapes are paired by the last part of their names
    where these are the same on both sides, and otherwise in the order in which they run. What the
    user said in WEIGHTS goes first.

    Raises:
        WorkloadError: something is left over, outputs differ in shape, or WEIGHTS names what is not
            there.
    """
    _check_outputs(torch, keras, file)
    pairs = _given_pairs(torch, keras, given, file)
    _pair_units(torch, keras, pairs)
    _pair_loose(torch, keras, pairs)
    _check_complete(torch, keras, pairs, file)
    made = Agreement()
    for (unit_number, slot_number), place in sorted(pairs.items()):
        unit, slot = torch.units[unit_number], torch.units[unit_number].slots[slot_number]
        other = keras.units[place[0]]
        twin = other.slots[place[1]]
        _, said = given.get(slot.native, ("", None))
        image = _image(unit, other, slot, said, made.notes)
        made.arrays.append(
            MappedArray(
                name=_name(unit, slot),
                layer=unit.owner or MODEL,
                shape=slot.shape,
                trainable=slot.trainable,
                torch=(unit_number, slot_number),
                keras=place,
                torch_name=slot.native,
                keras_name=twin.native,
                image=image,
            )
        )
        if slot.trainable != twin.trainable:
            trained, frozen = ("torch", "Keras") if slot.trainable else ("Keras", "torch")
            made.warnings.append(
                f"{slot.native} ({twin.native}) is trained in {trained} and frozen in {frozen}, so "
                "the models do not train alike; freeze it in both or in none."
            )
    made.layers = list(_layers(torch, keras, pairs))
    made.notes = list(dict.fromkeys(made.notes))
    return made


def _slots(model: Description) -> Iterator[tuple[Place, Unit, Slot]]:
    for number, unit in enumerate(model.units):
        for position, slot in enumerate(unit.slots):
            yield (number, position), unit, slot


def _name(unit: Unit, slot: Slot) -> str:
    return f"{unit.owner}.{slot.role}" if unit.owner else slot.role


def _check_outputs(torch: Description, keras: Description, file: str) -> None:
    one, other = torch.output_shape, keras.output_shape
    if one == other:
        return
    hint = "make the last layers alike"
    if len(one) == 4 and (one[0], one[2], one[3], one[1]) == other:
        hint = "end the torch model with permute(0, 2, 3, 1), so that the classes come last in both"
    raise WorkloadError(
        f"{file}: for {one[0]} samples build_torch's model gives {_shape(one)} and build_keras's "
        f"{_shape(other)}; {hint}."
    )


def _given_pairs(
    torch: Description, keras: Description, given: Given, file: str
) -> dict[Place, Place]:
    """The pairs in WEIGHTS. A Keras name may be without the model's own name before it."""
    torch_places = {slot.native: place for place, _, slot in _slots(torch)}
    keras_places = {slot.native: place for place, _, slot in _slots(keras)}
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
        shapes = [_slot(torch, pair[0]).shape, _slot(keras, pair[1]).shape]
        if shapes[0] != shapes[1]:
            raise WorkloadError(
                f"{file}: WEIGHTS pairs {torch_name} ({_shape(shapes[0])} in Keras' layout) with "
                f"{keras_name} ({_shape(shapes[1])}); pair arrays of one shape."
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


def _slot(model: Description, place: Place) -> Slot:
    return model.units[place[0]].slots[place[1]]


def _free(model: Description, taken: Iterable[Place]) -> dict[int, list[int]]:
    """Units that nothing of is paired yet, in the order in which they run, with their slots."""
    used = {unit for unit, _ in taken}
    numbers = [number for number in range(len(model.units)) if number not in used]
    last = len(model.units)

    def order(number: int) -> tuple[int, int]:
        ran = model.units[number].order
        return (last * 2 if ran is None else ran, number)

    return {n: list(range(len(model.units[n].slots))) for n in sorted(numbers, key=order)}


def _pair_units(torch: Description, keras: Description, pairs: dict[Place, Place]) -> None:
    """Whole units of the same kind and shapes, if both models have as many of them."""
    groups = _grouped(torch, _free(torch, pairs)), _grouped(keras, _free(keras, pairs.values()))
    for signature, ours in groups[0].items():
        theirs = groups[1].get(signature, [])
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


def _pair_loose(torch: Description, keras: Description, pairs: dict[Place, Place]) -> None:
    """What is left, array by array, where a shape has as many on both sides."""
    sides = []
    for model, taken in ((torch, set(pairs)), (keras, set(pairs.values()))):
        left: dict[Shape, list[Place]] = {}
        for unit, slots in _free(model, ()).items():
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


def _check_complete(
    torch: Description, keras: Description, pairs: Mapping[Place, Place], file: str
) -> None:
    sides = (("torch", torch, set(pairs)), ("Keras", keras, set(pairs.values())))
    left = {
        title: [
            f"{slot.native} ({unit.kind}) {_shape(slot.shape)}"
            for place, unit, slot in _slots(model)
            if place not in taken
        ]
        for title, model, taken in sides
    }
    if not any(left.values()):
        return
    told = "; ".join(f"{title}: {_listed(names)}" for title, names in left.items())
    raise WorkloadError(
        f"{file}: these weights have no counterpart, shapes being in Keras' layout: {told}. Make "
        'the models alike, or say in WEIGHTS = {"torch name": "keras name"} which belong together.'
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more if names else "none"


def _shape(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "a number"


def _image(
    unit: Unit, other: Unit, slot: Slot, said: Shape | None, notes: list[str]
) -> Shape | None:
    """The image that was flattened into an array's rows, if torch has them in another order."""
    if said is not None:
        return said or None
    seen, theirs = unit.image, other.image
    if seen is not None and theirs is None:
        theirs = (seen[1], seen[2], seen[0])
    if theirs is None or slot.shape[:1] != (math.prod(theirs),):
        return None
    if seen == theirs and seen != (theirs[2], theirs[0], theirs[1]):
        return None
    if theirs[2] == 1 or theirs[:2] == (1, 1):
        return None
    notes.append(
        f"{slot.native} ({other.owner} in Keras) follows a flattened image of {_shape(theirs)}; "
        "its rows are in torch's order, channels first, in the one, and channels last in the other."
    )
    return theirs


def _owners(model: Description) -> dict[str, int]:
    """The layers with one unit, by name, in the order in which they run."""
    numbers = list(_free(model, ()))
    owners = [model.units[number].owner for number in numbers]
    return {
        owner: number
        for owner, number in zip(owners, numbers, strict=True)
        if owner and owners.count(owner) == 1
    }


def _layers(
    torch: Description, keras: Description, pairs: Mapping[Place, Place]
) -> Iterator[MappedLayer]:
    """Torch's layers in their order, with the layer of Keras that has the same arrays."""
    partners: dict[int, set[int]] = {}
    for (one, _), (found, _) in pairs.items():
        partners.setdefault(one, set()).add(found)
    theirs = set(_owners(keras).values())
    for owner, number in _owners(torch).items():
        met = partners.get(number, set())
        single = next(iter(met)) if len(met) == 1 else None
        if single is None or single not in theirs:
            yield MappedLayer(name=owner, torch=number, torch_name=owner)
            continue
        unit, other = torch.units[number], keras.units[single]
        inside = other.activation
        yield MappedLayer(
            name=owner,
            torch=number,
            keras=single,
            torch_name=owner,
            keras_name=other.owner,
            turn=_turn(unit, other.output),
            activation=inside if inside in APPLIED else None,
        )


def _turn(unit: Unit, other: Shape | None) -> str | None:
    """How an output of torch is laid out as Keras lays it out; None where that is not known."""
    one = unit.output
    if one is None or other is None or len(one) != len(other):
        return None
    if len(one) == 4:
        return "images" if (one[0], one[2], one[3], one[1]) == other else None
    channels_first = unit.family.startswith("conv") or unit.kind.startswith("BatchNorm")
    if len(one) == 3 and channels_first:
        return "channels" if (one[0], one[2], one[1]) == other else None
    return "same" if one == other else None
