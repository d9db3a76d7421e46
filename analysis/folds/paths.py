"""Which phase, layer and op a path names: scopes of a graph, parted by slashes."""

import re
from collections.abc import Callable

from analysis.blocks import NONE, Block, Strings, TextTable
from analysis.columns import Int64

GRADIENT = "gradient_tape"
FORWARD = "phase_forward"
MODEL = re.compile(r"model(?:_\d+)?")
SEVERAL = re.compile(r"(?:.*/)?\{(?P<layers>[^{}]+)\}/")
"""How the path of what was made of several ops ends that have a layer each: with these layers."""
SUFFIX = re.compile(r"_\d+$")
PHASES = (
    ("data", re.compile(r"tf_data|phase_data")),
    ("backward", re.compile(GRADIENT)),
    ("optimizer", re.compile(r"phase_optimizer|(?:adam|sgd)(?:_\d+)?", re.IGNORECASE)),
    ("loss", re.compile(r"(?:phase|compile)_loss(?:_\d+)?")),
    ("forward", re.compile(rf"{FORWARD}|{MODEL.pattern}")),
    ("backward", re.compile(r"phase_backward")),
)
"""A path's phase is the first of these that one of its scopes names. Gradients come first: their
paths repeat the scope of the op that they belong to."""


def phase_of(path: str) -> str | None:
    """The phase that a path names, None if it names none."""
    scopes = path.split("/")
    for phase, pattern in PHASES:
        if any(pattern.fullmatch(scope) for scope in scopes):
            return phase
    return None


def layer_of(path: str) -> str | None:
    """The layer that a path names: the scope inside the model's, None if there is none.

    The model is what stands in `phase_forward`, else what is called `model`. Keras opens the scope
    of a model, and of each layer, twice, so that both carry a number which is no part of the name:
    it is cut from the layer if the model has one too.
    """
    several = layers_of(path)
    if several:
        return several[0] if len(several) == 1 else None
    scopes = path.split("/")
    if FORWARD in scopes:
        at = scopes.index(FORWARD) + 1
    else:
        at = next((i for i, scope in enumerate(scopes) if MODEL.fullmatch(scope)), len(scopes))
    if at + 2 >= len(scopes):  # the last part is the op itself
        return None
    return SUFFIX.sub("", scopes[at + 1]) if SUFFIX.search(scopes[at]) else scopes[at + 1]


def layers_of(path: str) -> list[str]:
    """The layers that the path of something made of several ops ends with."""
    found = SEVERAL.fullmatch(path)
    return found["layers"].split(",") if found else []


def several_of(path: str) -> str | None:
    """The same where there are two or more, joined by commas; else None."""
    layers = layers_of(path)
    return ",".join(layers) if len(layers) > 1 else None


def op_of(path: str) -> str | None:
    """The op that a path ends with, without its number and arguments; None for a name alone.

    XLA names what it made of a parameter by that parameter alone, which is no op.
    """
    scopes, _, op = path.partition("[")[0].rpartition("/")
    return SUFFIX.sub("", op) or None if scopes else None


class PathNames:
    """String numbers of what the paths of ops name, -1 where one names nothing."""

    def __init__(self, strings: Strings, name_of: Callable[[str], str | None]) -> None:
        def number(path: str) -> int:
            name = name_of(path)
            return NONE if name is None else strings.number(name)

        self._table = TextTable(strings, number)

    def of(self, block: Block) -> Int64:
        """For each row; -1 too where there is no path."""
        return self._table.of(block.path)
