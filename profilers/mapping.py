"""Which array of a torch model is which of a Keras model: by what they are, their shapes, order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from profilers import layer_pairs
from profilers.description import Description, Slot, Unit
from profilers.pairing import (
    SHOWN,
    Given,
    given_pairs,
    pair_loose,
    pair_units,
    shown,
    slot_at,
    slots_of,
)
from workloads.layers import Shape
from workloads.native_model import MappedArray, MappedLayer, Place
from workloads.spec import WorkloadError

MODEL = "model"


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
    for place, unit, slot in slots_of(model):
        made.arrays.append(
            MappedArray(
                name=_name(unit, slot),
                layer=unit.owner or MODEL,
                shape=slot.shape,
                trainable=slot.trainable,
                **{side: place, f"{side}_name": slot.native},  # type: ignore[arg-type]
            )
        )
    for number in layer_pairs.owners(model).values():
        unit = model.units[number]
        layer = MappedLayer(name=unit.owner, kind=unit.family)
        placed = {side: number, f"{side}_name": unit.owner}
        made.layers.append(msgspec.structs.replace(layer, **placed))
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
    pairs = given_pairs(torch, keras, given, file)
    pair_units(torch, keras, pairs)
    pair_loose(torch, keras, pairs)
    _check_complete(torch, keras, pairs, file)
    made = Agreement()
    for ours, theirs in sorted(pairs.items()):
        made.arrays.append(_paired(torch, keras, ours, theirs, given, made.notes))
        slot, twin = slot_at(torch, ours), slot_at(keras, theirs)
        if slot.trainable != twin.trainable:
            trained, frozen = ("torch", "Keras") if slot.trainable else ("Keras", "torch")
            made.warnings.append(
                f"{slot.native} ({twin.native}) is trained in {trained} and frozen in {frozen}, so "
                "the models do not train alike; freeze it in both or in none."
            )
    made.layers = list(layer_pairs.layers(torch, keras, pairs))
    made.notes = list(dict.fromkeys(made.notes))
    return made


def _paired(
    torch: Description,
    keras: Description,
    ours: Place,
    theirs: Place,
    given: Given,
    notes: list[str],
) -> MappedArray:
    unit, slot = torch.units[ours[0]], slot_at(torch, ours)
    _, said = given.get(slot.native, ("", None))
    return MappedArray(
        name=_name(unit, slot),
        layer=unit.owner or MODEL,
        shape=slot.shape,
        trainable=slot.trainable,
        torch=ours,
        keras=theirs,
        torch_name=slot.native,
        keras_name=slot_at(keras, theirs).native,
        image=_image(unit, keras.units[theirs[0]], slot, said, notes),
    )


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
        f"{file}: for {one[0]} samples build_torch's model gives {shown(one)} and build_keras's "
        f"{shown(other)}; {hint}."
    )


def _check_complete(
    torch: Description, keras: Description, pairs: Mapping[Place, Place], file: str
) -> None:
    sides = (("torch", torch, set(pairs)), ("Keras", keras, set(pairs.values())))
    left = {
        title: [
            f"{slot.native} ({unit.kind}) {shown(slot.shape)}"
            for place, unit, slot in slots_of(model)
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
        f"{slot.native} ({other.owner} in Keras) follows a flattened image of {shown(theirs)}; "
        "its rows are in torch's order, channels first, in the one, and channels last in the other."
    )
    return theirs
