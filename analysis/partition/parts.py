"""Sums by what events are -> parts: their texts, category, canonical op and layers."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from analysis.blocks import DEVICE_KINDS, NONE, Kind, Strings
from analysis.categories.rules import Category, Meaning
from analysis.folds.categories import first_meaning, made_by_compiler
from analysis.keyed_sums import LARGEST
from analysis.partition.record import ANY_LAYER, Budget, Part, PartKind

GAP, IDLE = len(Kind), len(Kind) + 1
"""What stands for the kind where nothing is active."""
SPANNING_PHASES = ("", "forward", "backward")
"""Phases in which work that was fused may be of several layers."""


COMPUTING = (Kind.OP, Kind.KERNEL)
"""Kinds that may be made of several ops."""


class Key(NamedTuple):
    """What events of a part share: a kind, string numbers, and whether a graph launched them.

    `several` are two layers or more, joined by commas, where `layer` is none.
    """

    kind: int
    phase: int
    layer: int
    launcher: int = NONE
    name: int = NONE
    several: int = NONE
    of_graph: int = 0


class Values(NamedTuple):
    """What is added up; `begun` began, `counted` of them have operations, `moving` also bytes."""

    begun: int = 0
    time_ns: int = 0
    active_ns: int = 0
    counted: int = 0
    flops: int = 0
    moving: int = 0
    bytes: int = 0


def parts_of(keys: Iterable[list[int]], sums: Iterable[list[int]], strings: Strings) -> list[Part]:
    """The parts, the longest of each budget first; the host's go first."""
    found: dict[Part, Values] = {}
    for key, values in zip(keys, sums, strict=True):
        part = _part(Key(*key), strings)
        before = found.get(part, Values())
        found[part] = Values(*map(sum, zip(before, values, strict=True)))
    parts = [_with_sums(part, values) for part, values in found.items()]
    return sorted(parts, key=_largest_first)


def _part(key: Key, strings: Strings) -> Part:
    phase, layer = strings[key.phase], strings[key.layer]
    if key.kind in (GAP, IDLE):
        budget: Budget = "host" if key.kind == GAP else "device"
        kind: PartKind = "gap" if key.kind == GAP else "idle"
        return Part(budget=budget, kind=kind, phase=phase, layers=(layer,) if layer else ())
    names = [strings[number] for number in (key.launcher, key.name) if number >= 0]
    known = first_meaning(phase, layer, names, Kind(key.kind).name.lower())
    return Part(
        budget="device" if key.kind in DEVICE_KINDS else "host",
        kind=_kind(key.kind),
        phase=phase,
        layers=(layer,) if layer else _unnamed(key, strings[key.several], phase, names, known),
        category=known.category.value if known else None,
        op=known.op if known else "",
        name=strings[key.name],
        launcher=strings[key.launcher],
    )


def _kind(kind: int) -> PartKind:
    match kind:
        case Kind.OP:
            return "op"
        case Kind.PYTHON:
            return "python"
        case Kind.KERNEL:
            return "kernel"
        case Kind.MEMCPY | Kind.MEMSET:
            return "copy"
    return "runtime"


def _unnamed(
    key: Key, several: str, phase: str, names: list[str], known: Meaning | None
) -> tuple[str, ...]:
    """The layers of work that has no single one: any if it was made of ops whose are not named."""
    if several:
        return tuple(several.split(","))
    if phase not in SPANNING_PHASES or key.kind not in COMPUTING:
        return ()
    is_fused = key.of_graph or (known is not None and known.category == Category.FUSED)
    return (ANY_LAYER,) if is_fused or any(map(made_by_compiler, names)) else ()


def _with_sums(part: Part, values: Values) -> Part:
    has_work, all_move = values.counted > 0, values.moving == values.counted
    return msgspec.structs.replace(
        part,
        count=values.begun,
        time_ns=values.time_ns,
        active_ns=values.active_ns,
        flops=values.flops if has_work and values.flops < LARGEST else None,
        bytes=values.bytes if has_work and all_move and values.bytes < LARGEST else None,
    )


def _largest_first(part: Part) -> tuple[bool, int, tuple[str, ...]]:
    texts = (part.kind, part.phase, *part.layers, part.launcher, part.name)
    return part.budget == "device", -part.time_ns, texts
