"""Sentences that differ in numbers alone, told as one that has the range of each number."""

import re
from collections.abc import Iterable, Sequence

NUMBER = re.compile(r"(?<![\w./:+-])\d+(?:,\d{3})*(?:\.\d+)?(?!\w|[.,/:-]\d)")
"""A figure; the numbers in names, versions, paths and times of day are none."""


def grouped(texts: Iterable[str]) -> dict[str, list[str]]:
    """The texts that differ in numbers alone, by what they have in common, in their first order."""
    found: dict[str, list[str]] = {}
    for text in texts:
        found.setdefault(skeleton(text), []).append(text)
    return found


def skeleton(text: str) -> str:
    """The text without its numbers."""
    return NUMBER.sub("#", text)


def ranged(texts: Sequence[str]) -> str:
    """Texts of one skeleton as one: "8 to 12 of 20 steps"."""
    columns = iter(zip(*(NUMBER.findall(text) for text in texts), strict=True))
    return NUMBER.sub(lambda _: _range(next(columns)), texts[0])


def _range(numbers: Sequence[str]) -> str:
    low, high = (end(numbers, key=_value) for end in (min, max))
    return low if _value(low) == _value(high) else f"{low} to {high}"


def _value(number: str) -> float:
    return float(number.replace(",", ""))
