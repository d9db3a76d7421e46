"""Categories of work, and tables of rules that say which name belongs to which."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Category(StrEnum):
    """Kinds of work; the value stands in tables and files."""

    MATMUL = "matmul"
    CONVOLUTION = "convolution"
    ATTENTION = "attention"
    RECURRENT = "recurrent"
    NORMALISATION = "normalisation"
    ACTIVATION = "activation"
    POOLING = "pooling"
    EMBEDDING = "embedding"
    LOSS = "loss"
    OPTIMIZER = "optimizer"
    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"
    SEARCH = "search"
    ALGEBRA = "algebra"
    RANDOM = "random"
    LAYOUT = "layout"
    DATA = "data"
    COMMUNICATION = "communication"
    FUSED = "fused"
    RUNTIME = "runtime"


TITLES: Mapping[Category, str] = {
    Category.MATMUL: "Matmul",
    Category.CONVOLUTION: "Convolution",
    Category.ATTENTION: "Attention",
    Category.RECURRENT: "Recurrent",
    Category.NORMALISATION: "Normalisation",
    Category.ACTIVATION: "Activation",
    Category.POOLING: "Pooling",
    Category.EMBEDDING: "Embedding",
    Category.LOSS: "Softmax and loss",
    Category.OPTIMIZER: "Optimizer update",
    Category.ELEMENTWISE: "Element-wise",
    Category.REDUCTION: "Reduction",
    Category.SEARCH: "Sort and search",
    Category.ALGEBRA: "Linear algebra and FFT",
    Category.RANDOM: "Random numbers",
    Category.LAYOUT: "Copies and layout",
    Category.DATA: "Data loading",
    Category.COMMUNICATION: "Communication",
    Category.FUSED: "Fused kernels",
    Category.RUNTIME: "Runtime",
}
"""What a category is called where people read it."""


class Meaning(NamedTuple):
    """What a name stands for.

    `op` is the canonical operation, the same for every framework; "" where only the category is
    known. `parts` is what else the work has in it: a bias, an activation, which gradient it gives,
    or what a fused kernel was made of.
    """

    category: Category
    op: str
    parts: tuple[str, ...] = ()


Rows = Mapping[tuple[Category, str] | tuple[Category, str, str], str]
"""(category, canonical op, parts) -> names, all parted by spaces; * and ? stand for any text."""


class Rules:
    """The rules of one source of names: exact names first, then patterns in the order given."""

    def __init__(self, rows: Rows) -> None:
        self.names: dict[str, Meaning] = {}
        self._wildcards: list[tuple[str, Meaning]] = []
        for (category, op, *parts), text in rows.items():
            meaning = Meaning(category, op, tuple(parts[0].split()) if parts else ())
            for name in text.split():
                if set("*?") & set(name):
                    self._wildcards.append((name, meaning))
                else:
                    self.names.setdefault(name, meaning)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Meaning]]:
        return [(_pattern(name), meaning) for name, meaning in self._wildcards]

    def find(self, name: str) -> Meaning | None:
        """What a name stands for, None if no rule knows it."""
        known = self.names.get(name)
        if known:
            return known
        return next((found for pattern, found in self._patterns if pattern.fullmatch(name)), None)


def _pattern(text: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(each, re.escape(each)) for each in text), re.DOTALL)


class Search:
    """Rules for long names: the first pattern that stands anywhere in the name decides."""

    def __init__(self, rows: Iterable[tuple[str, Meaning]]) -> None:
        self._rows = tuple(rows)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Meaning]]:
        return [(re.compile(pattern), meaning) for pattern, meaning in self._rows]

    def find(self, name: str) -> Meaning | None:
        """What a name stands for, None if no pattern is in it."""
        return next((found for pattern, found in self._patterns if pattern.search(name)), None)


MOST_WORDS = 8
"""Words that the name of one op is made of at most."""


def made_of(text: str, known: Mapping[str, Meaning]) -> Iterator[Meaning]:
    """The ops whose names, joined by underscores, are `text`: the longest known name each time.

    What is no known name is passed over up to the next underscore.
    """
    words = text.split("_")
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + MOST_WORDS), at, -1):
            meaning = known.get("_".join(words[at:end]))
            if meaning:
                yield meaning
                at = end
                break
        else:
            at += 1


def fused(parts: Iterable[Meaning]) -> Meaning:
    """What a kernel made of several ops stands for; one that is made of a single op is that op."""
    ops = dict.fromkeys(parts)
    if len(ops) == 1:
        return next(iter(ops))
    return Meaning(Category.FUSED, "fused", tuple(dict.fromkeys(each.op for each in ops)))
