"""Which layer names of two sides stand for one layer: by path segments and suffixes."""

import re
from collections.abc import Collection, Iterable, Mapping

from analysis.partition.record import ANY_LAYER

PARTING = re.compile(r"[/.]")
SUFFIX = re.compile(r"_\d+$")
MOST_SEGMENTS = 100
"""Longer paths than any model has stay as they are: comparing their parts takes too long."""


def common_names(baseline: Collection[str], other: Collection[str]) -> dict[str, str]:
    """The common name of each layer of either side; a name without a counterpart stays itself.

    A name that both sides have is authoritative. One that the other side lacks is a layer of that
    side whose name lies whole within its path segments, the longest first, or which it names but
    for a suffix `_N`. So `net/block1/conv` is `block1/conv` if there is one, else `block1`, and
    `relu_1` is `relu`, unless the other side has a layer called `relu_1`.
    """
    sides = (set(baseline), set(other))
    either = sides[0] | sides[1]
    by_segments = tuple({_segments(name): name for name in sorted(side)} for side in sides)
    step: dict[str, str] = {}
    for own, theirs, paths in zip(sides, sides[::-1], by_segments[::-1], strict=True):
        step |= {name: _counterpart(name, paths) or name for name in own - theirs}
    return {name: _last(name, step) for name in either}


def resolved(layers: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """The common names of some layers, each once."""
    return tuple(dict.fromkeys(names.get(layer, layer) for layer in layers))


def layer_names(layers: Iterable[tuple[str, ...]]) -> set[str]:
    """All names in some lists of layers."""
    return {name for each in layers for name in each} - {ANY_LAYER}


def _counterpart(name: str, others: Mapping[tuple[str, ...], str]) -> str | None:
    segments = _segments(name)
    if len(segments) > MOST_SEGMENTS:
        return None
    stripped = (*segments[:-1], SUFFIX.sub("", segments[-1]))
    return _within(segments, others) or (
        _within(stripped, others) if stripped != segments else None
    )


def _within(segments: tuple[str, ...], others: Mapping[tuple[str, ...], str]) -> str | None:
    """The name with the most of these segments in a row, the last of those; not numbers alone."""
    for length in range(len(segments), 0, -1):
        for begin in range(len(segments) - length, -1, -1):
            part = segments[begin : begin + length]
            if part in others and not all(segment.isdigit() for segment in part):
                return others[part]
    return None


def _segments(name: str) -> tuple[str, ...]:
    return tuple(PARTING.split(name))


def _last(name: str, step: Mapping[str, str]) -> str:
    """Where a name leads to; each step has a shorter one, but for separators, so it ends."""
    seen = {name}
    while (following := step.get(name, name)) not in seen:
        seen.add(following)
        name = following
    return min(seen) if following != name else name
