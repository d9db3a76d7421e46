"""The order and the words in which several layers are named."""

import re
from collections.abc import Sequence

DIGITS = re.compile(r"(\d+)")
MOST_NAMED = 3


def by_number(name: str) -> list[tuple[int, int, str]]:
    """Sorts `conv2` before `conv10`."""
    parts = DIGITS.split(name)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]


def called(layers: Sequence[str]) -> str:
    """What some layers are called together."""
    if len(layers) <= MOST_NAMED:
        return " + ".join(layers)
    return f"{layers[0]} and {len(layers) - 1} others"
