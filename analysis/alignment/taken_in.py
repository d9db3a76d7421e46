"""Which layers a fused operation took in although its source names only the last of them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from analysis.alignment.layer_order import by_number
from analysis.alignment.work import Atom, Work
from analysis.folds.categories import name_meaning
from analysis.partition.record import ANY_LAYER

ACTIVATION = "activation"
NUMBER = re.compile(r"\d+")

Place = tuple[str, str]
"""A canonical operation and a phase."""


def taken_in(sides: Sequence[Iterable[Work]]) -> Iterator[tuple[Atom, ...]]:
    """The layers of each fused operation, as atoms that belong together.

    An operation with an activation inside stands in the activation's layer alone. The layer it
    began with has this operation on the other side and not on its own. Where there are as many of
    one as of the other, each kind with names that differ in numbers only, they correspond in the
    order of these; else nothing tells them apart.
    """
    layers = [_layers(works) for works in sides]
    for own, other in (layers, layers[::-1]):
        for place, found in own.items():
            fused = {layer for layer, is_fused in found.items() if is_fused} - other[place].keys()
            begun = other[place].keys() - found.keys()
            if fused and begun:
                yield from _paired(sorted(fused), sorted(begun), place[1])


def _layers(works: Iterable[Work]) -> dict[Place, dict[str, bool]]:
    """By operation and phase the layers with it, and whether it is fused with an activation."""
    found: dict[Place, dict[str, bool]] = defaultdict(dict)
    fused: dict[str, bool] = {}
    for work in works:
        part = work.part
        name = part.launcher or part.name
        if name not in fused:
            meaning = name_meaning(name, part.kind)
            fused[name] = meaning is not None and ACTIVATION in meaning.parts
        for layer in work.layers:
            if part.op and layer != ANY_LAYER:
                place = found[part.op, part.phase]
                place[layer] = place.get(layer, False) or fused[name]
    return found


def _paired(fused: list[str], begun: list[str], phase: str) -> Iterator[tuple[Atom, ...]]:
    kinds = [{NUMBER.sub("", name) for name in names} for names in (fused, begun)]
    if len(fused) == len(begun) and all(len(kind) == 1 for kind in kinds):
        pairs = zip(sorted(fused, key=by_number), sorted(begun, key=by_number), strict=True)
        yield from (((first, phase), (last, phase)) for last, first in pairs)
    else:
        yield tuple((layer, phase) for layer in (*begun, *fused))
