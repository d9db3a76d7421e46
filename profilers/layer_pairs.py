"""Which layer of a torch model is which of a Keras model, once their arrays are paired."""

from collections.abc import Iterator, Mapping

from profilers.description import PLAIN, Description, Unit
from profilers.pairing import in_order
from workloads.layers import Shape
from workloads.native_model import MappedLayer, Place

APPLIED = (
    *("elu", "gelu", "leaky_relu", "mish", "relu", "relu6", "selu", "sigmoid", "silu"),
    *("softplus", "softsign", "tanh"),
)
"""Keras' own activations that can be applied to what torch's layer gives."""
IMAGES, CHANNELS, SAME = "images", "channels", "same"
LAST = ("attention", "embedding", "gru", "linear", "lstm", "rnn")
"""Families whose values lie along the last axis in both frameworks."""


def owners(model: Description) -> dict[str, int]:
    """The layers with one unit, by name, in the order in which they run.

    Without arrays only those that ran once: of others it is not known which output is meant.
    """
    numbers = list(in_order(model, ()))
    names = [model.units[number].owner for number in numbers]
    return {
        name: number
        for name, number in zip(names, numbers, strict=True)
        if name
        and names.count(name) == 1
        and (model.units[number].slots or model.units[number].order is not None)
    }


def layers(
    torch: Description, keras: Description, pairs: Mapping[Place, Place]
) -> Iterator[MappedLayer]:
    """Torch's layers in their order, with the layer of Keras that has the same arrays.

    Layers without arrays are there if they have a partner; dropout is there in any case, as it
    must be told that it draws.
    """
    met: dict[int, set[int]] = {}
    for (one, _), (found, _) in pairs.items():
        met.setdefault(one, set()).add(found)
    partners = {one: next(iter(found)) for one, found in met.items() if len(found) == 1}
    partners |= _plain_partners(torch, keras, partners)
    ours, theirs = owners(torch), owners(keras)
    for name, number in ours.items():
        partner = partners.get(number)
        if partner is not None and partner in theirs.values():
            yield _paired(name, number, torch.units[number], partner, keras.units[partner])
        elif torch.units[number].family not in PLAIN or torch.units[number].family == "dropout":
            family = torch.units[number].family
            yield MappedLayer(name=name, kind=family, torch=number, torch_name=name)
    paired = set(partners.values())
    for name, number in theirs.items():
        unit = keras.units[number]
        if unit.family == "dropout" and number not in paired and name not in ours:
            yield MappedLayer(name=name, kind=unit.family, keras=number, keras_name=name)


def _paired(name: str, number: int, unit: Unit, partner: int, other: Unit) -> MappedLayer:
    inside = other.activation
    known = inside is None or inside in APPLIED
    turn = _turn(unit, other.output) if known else None
    if not unit.slots and (unit.image is not None or other.image is not None):
        turn = None  # a flattened image, whose values are in another order in torch
    return MappedLayer(
        name=name,
        kind=unit.family,
        torch=number,
        keras=partner,
        torch_name=name,
        keras_name=other.owner,
        turn=turn,
        activation=inside if known else None,
    )


Segments = dict[tuple[int | None, int | None], list[int]]


def _plain_partners(
    torch: Description, keras: Description, partners: Mapping[int, int]
) -> dict[int, int]:
    """Units without arrays that run between the same two units with arrays, of a family each.

    Only if there is one of the family on both sides, and their order is the same; else one that
    is a function in the other model could be taken for its neighbour.
    """
    found: dict[int, int] = {}
    theirs = _segments(keras)
    for (before, after), ours in _segments(torch).items():
        ends = [each if each is None else partners.get(each, -1) for each in (before, after)]
        others = theirs.get((ends[0], ends[1]), [])
        one, other = _single(torch, ours), _single(keras, others)
        shared = [family for family in one if family in other]
        if shared == [family for family in other if family in one]:
            found |= {one[family]: other[family] for family in shared}
    return found


def _segments(model: Description) -> Segments:
    """Units without arrays, by the units with arrays that ran before and after them."""
    made: Segments = {}
    before: int | None = None
    waiting: list[int] = []
    for number in in_order(model, ()):
        unit = model.units[number]
        if unit.order is None:
            continue
        if not unit.slots:
            waiting.append(number)
            continue
        made[before, number] = waiting
        before, waiting = number, []
    made[before, None] = waiting
    return made


def _single(model: Description, numbers: list[int]) -> dict[str, int]:
    """The units that are the only ones of their family among these, in their order."""
    families = [model.units[number].family for number in numbers]
    return {
        family: number
        for family, number in zip(families, numbers, strict=True)
        if families.count(family) == 1
    }


def _turn(unit: Unit, other: Shape | None) -> str | None:
    """How an output of torch is laid out as Keras lays it out; None where that is not known."""
    one = unit.output
    if one is None or other is None or len(one) != len(other):
        return None
    name = {3: CHANNELS, 4: IMAGES}.get(len(one))
    same = SAME if one == other else None
    if name is None or unit.family in LAST:
        return same
    turned = name if (one[0], *one[2:], one[1]) == other else None
    if unit.family.startswith(("conv", "pool")) or unit.kind.startswith("BatchNorm"):
        return turned
    return None if same and turned else same or turned
