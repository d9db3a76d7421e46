"""The colours of charts and report, light and dark: who ran, which part of a step, which work.

Charts are drawn in the light colours. No two names share a light colour, so that a colour in a
drawing says which name it stands for.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from analysis.categories.rules import Category


class Shade(NamedTuple):
    """One colour as #rrggbb, on a light and on a dark page."""

    light: str
    dark: str


class SideColours(NamedTuple):
    """Of areas and lines (3:1 against the page), and of words (4.5:1)."""

    fill: Shade
    text: Shade


INK: Mapping[str, Shade] = {
    "page": Shade("#ffffff", "#15171b"),
    "panel": Shade("#faf9f7", "#1c1f24"),
    "text": Shade("#1d1f23", "#e8e6e1"),
    "muted": Shade("#5c6169", "#a2a7b0"),
    "rule": Shade("#e3e0da", "#33373e"),
    "good": Shade("#1e7043", "#6fce97"),
    "warn": Shade("#8a5a00", "#e2b04a"),
    "bad": Shade("#b3261e", "#ff8a80"),
    "label": Shade("#1c1e22", "#f4f2ee"),
    "shade": Shade("#f5f3ef", "#1e2126"),
    "shade-timed": Shade("#e9e6df", "#2d313a"),
    "idle": Shade("#f0eeea", "#23262b"),
    "hatch": Shade("#c9c5bd", "#4a4f58"),
}
"""Everything that stands for no side and no kind of work; "label" is text on such a kind."""

SIDES: Mapping[str, SideColours] = {
    "torch": SideColours(Shade("#dd6b33", "#ff9a6b"), Shade("#b1400f", "#ff9a6c")),
    "tensorflow": SideColours(Shade("#1b4f96", "#4a8be0"), Shade("#1a4e95", "#7fb3f7")),
    "onnxruntime": SideColours(Shade("#4b9aa2", "#8adbeb"), Shade("#1f6f78", "#8adbec")),
    "litert": SideColours(Shade("#7d2638", "#ab616d"), Shade("#7c2638", "#d58f9b")),
    "torch-2": SideColours(Shade("#7d340a", "#ad5f18"), Shade("#7c340a", "#db8c48")),
    "tensorflow-2": SideColours(Shade("#2d8ff0", "#7191b0"), Shade("#1668b8", "#9db6cf")),
    "onnxruntime-2": SideColours(Shade("#305068", "#3074a4"), Shade("#2f5068", "#7fb9e0")),
    "litert-2": SideColours(Shade("#bc7361", "#e3b4a7"), Shade("#93503f", "#e3b4a8")),
    "spare-1": SideColours(Shade("#5d7a1a", "#fad456"), Shade("#52690f", "#fad457")),
    "spare-2": SideColours(Shade("#2e295d", "#a070ff"), Shade("#2e295c", "#b3a7f0")),
    "spare-3": SideColours(Shade("#a0559b", "#d98ad3"), Shade("#8a4486", "#d98ad4")),
    "spare-4": SideColours(Shade("#5d6a62", "#93a598"), Shade("#4d5952", "#a9b9ae")),
}
"""By framework; a framework's second side and what has no colour of its own take from the rest."""

PHASES: Mapping[str, Shade] = {
    "data": Shade("#979ca5", "#4a4a5e"),
    "forward": Shade("#8fcdb9", "#2d7a5f"),
    "loss": Shade("#c47ca6", "#96567f"),
    "backward": Shade("#a79bd3", "#6a5ca3"),
    "optimizer": Shade("#d8c162", "#7a6518"),
    "": Shade("#cfcbc3", "#4c5057"),
}
"""Parts of a step, in their order; "" is a time of which no part is known."""

CATEGORIES: Mapping[str, Shade] = {
    Category.MATMUL: Shade("#9488c7", "#534b84"),
    Category.CONVOLUTION: Shade("#c2c5fa", "#306ba4"),
    Category.ATTENTION: Shade("#82b4f2", "#0c3e74"),
    Category.RECURRENT: Shade("#6fdcc8", "#394034"),
    Category.NORMALISATION: Shade("#bddeff", "#2c586b"),
    Category.ACTIVATION: Shade("#3fa185", "#207467"),
    Category.POOLING: Shade("#adbdaa", "#375948"),
    Category.EMBEDDING: Shade("#cfb776", "#72541e"),
    Category.LOSS: Shade("#d67f8f", "#83588f"),
    Category.OPTIMIZER: Shade("#dadf99", "#4a4605"),
    Category.ELEMENTWISE: Shade("#83b57d", "#486a31"),
    Category.REDUCTION: Shade("#fccde1", "#4f354b"),
    Category.SEARCH: Shade("#b3e6bf", "#8f4051"),
    Category.ALGEBRA: Shade("#6aa0b3", "#294c27"),
    Category.RANDOM: Shade("#e3a5da", "#552e61"),
    Category.LAYOUT: Shade("#e3c4a6", "#6c553e"),
    Category.DATA: Shade("#bca1ac", "#71627f"),
    Category.COMMUNICATION: Shade("#36c1d0", "#692a1c"),
    Category.FUSED: Shade("#b78755", "#97583b"),
    Category.RUNTIME: Shade("#91936f", "#75355f"),
    "other": Shade("#e7e1d9", "#333333"),
    "": Shade("#9f9c98", "#58606c"),
}
"""Kinds of work; "" is what no rule knows, "other" the sum of what a chart has no room for."""


def side_names(frameworks: Sequence[str]) -> list[str]:
    """The name in `SIDES` of each side's colours, each once as long as there are any.

    A side has those of its framework, then that framework's second ones, then a spare one.
    """
    found: list[str] = []
    for number, framework in enumerate(frameworks):
        wanted = [framework, f"{framework}-2", *(name for name in SIDES if name[:5] == "spare")]
        free = [name for name in wanted if name in SIDES and name not in found]
        rest = [name for name in SIDES if name not in found] or list(SIDES)
        found.append(free[0] if free else rest[number % len(rest)])
    return found


def variables() -> dict[str, Shade]:
    """Every colour by the name of its CSS variable, without the leading dashes."""
    found = dict(INK)
    for name, (fill, text) in SIDES.items():
        found |= {name: fill, f"{name}-text": text}
    found |= {f"phase-{name or 'unknown'}": shade for name, shade in PHASES.items()}
    return found | {f"category-{name or 'unmapped'}": s for name, s in CATEGORIES.items()}
