"""Shortens names to a width on the screen, so that names that differ can still be told apart."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from rich.cells import cell_len, get_character_cell_size

from analysis import wording

GAP = "…"
HEAD_CELLS = 12
CONTEXT = 8
NAMESPACES = re.compile(r"^void |(?:\b(?!const::)[A-Za-z_]\w*::|\(anonymous namespace\)::)+")
"""What each kernel of a library begins with, and again each of its template arguments."""
SIGNATURE_ENDS = (")", ">")
"""A kernel's signature ends so, and says more in its beginning."""
MAX_PARTS = 3
"""How many differing parts of a name are shown, beside its beginning."""
WORD_SIGNS: tuple[tuple[str, ...], ...] = (("_",), ())
"""What belongs to a word beside letters and digits: where that makes it too long, nothing."""


def told_apart(names: Sequence[str], width: int) -> list[str]:
    """The names without control characters, each in `width` cells of a terminal at most.

    A longer name loses the namespaces of C++, then its middle, or the end of a signature. Those
    that would read alike by that show where they part; should even that not be enough, they are
    numbered.
    """
    plain = [wording.plain(name) for name in names]
    full = _without_namespaces(plain, width)
    short = _shortened(full.values(), width)
    return [short[full[name]] for name in plain]


def _without_namespaces(names: Iterable[str], width: int) -> dict[str, str]:
    """Each name, without namespaces if it is too long and stays one of its own without them."""
    bare = {name: NAMESPACES.sub("", name) if _is_long_cpp(name, width) else name for name in names}
    times = Counter(bare.values())
    return {name: text if times[text] == 1 else name for name, text in bare.items()}


def _is_long_cpp(name: str, width: int) -> bool:
    return "::" in name and ("<" in name or "(" in name) and cell_len(name) > width


def _shortened(names: Iterable[str], width: int) -> dict[str, str]:
    places: dict[str, tuple[int, ...]] = dict.fromkeys(names, ())
    short = {name: _cut(name, (), width) for name in places}
    for _ in range(MAX_PARTS):
        for group in _alike(short):
            for name, place in _partings(group):
                places[name] = tuple(sorted({*places[name], place}))
                short[name] = _cut(name, places[name], width)
    for group in _alike(short):
        for number, name in enumerate(sorted(group), start=1):
            mark = f" #{number}"
            short[name] = _cut(name, (), width - len(mark)) + mark
    return short


def padded(text: str, width: int) -> str:
    """The text with blanks behind it, up to `width` cells."""
    return text + " " * (width - cell_len(text))


def _alike(short: dict[str, str]) -> list[list[str]]:
    """The names that share a short form, by this form."""
    groups = defaultdict(list)
    for name, form in short.items():
        groups[form].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _partings(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each name, and where it parts from the one that is most like it from the left."""
    ordered = sorted(names)
    common = [_common(one, other) for one, other in pairwise(ordered)]
    for name, before, behind in zip(ordered, [0, *common], [*common, 0], strict=True):
        yield name, max(before, behind)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    differing = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))


def _cut(name: str, places: Sequence[int], width: int) -> str:
    """The name's beginning, and its end or what stands at these places."""
    if cell_len(name) <= width:
        return name
    if not places:
        tail = 0 if name.endswith(SIGNATURE_ENDS) else (width - 1) // 2
        return f"{_first(name, width - 1 - tail)}{GAP}{_last(name, tail)}"
    room = width - len(places) - 1
    head = min(HEAD_CELLS, room // (len(places) + 1))
    cells = (room - head) // len(places)
    parts = [(0, len(_first(name, head)))]
    for place in places:
        begin = min(_word_start(name, place, cells // 3), len(name) - len(_last(name, cells)))
        begin = max(begin, parts[-1][1])
        if place + CONTEXT <= parts[-1][1] + cells:
            begin = parts[-1][1]
        end = begin + len(_first(name[begin:], cells))
        if begin == parts[-1][1]:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((begin, end))
    text = GAP.join(name[begin:end] for begin, end in parts)
    return text if parts[-1][1] == len(name) else text + GAP


def _word_start(name: str, place: int, reach: int) -> int:
    """Where the word at this place begins, if that is near."""
    for signs in WORD_SIGNS:
        begin = place
        while begin and (name[begin - 1].isalnum() or name[begin - 1] in signs):
            begin -= 1
            if place - begin > reach:
                break
        else:
            return begin
    return place


def _first(text: str, cells: int) -> str:
    """As many of the first characters as fit into so many cells."""
    for at, letter in enumerate(text):
        cells -= get_character_cell_size(letter)
        if cells < 0:
            return text[:at]
    return text


def _last(text: str, cells: int) -> str:
    """As many of the last characters as fit into so many cells."""
    return _first(text[::-1], cells)[::-1]
