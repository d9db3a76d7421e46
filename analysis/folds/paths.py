"""Which phase and which layer the path of an op names: scopes of a graph, parted by slashes."""

import re
from collections.abc import Callable

import numpy as np

from analysis.blocks import NONE, Block, Int64, Strings

GRADIENT = "gradient_tape"
FORWARD = "phase_forward"
MODEL = re.compile(r"model(?:_\d+)?")
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
    scopes = path.split("/")
    if FORWARD in scopes:
        at = scopes.index(FORWARD) + 1
    else:
        at = next((i for i, scope in enumerate(scopes) if MODEL.fullmatch(scope)), len(scopes))
    if at + 2 >= len(scopes):  # the last part is the op itself
        return None
    return SUFFIX.sub("", scopes[at + 1]) if SUFFIX.search(scopes[at]) else scopes[at + 1]


def named_by_path(block: Block, strings: Strings, name_of: Callable[[str], str | None]) -> Int64:
    """String number of what each row's path names, -1 where it has no path or names nothing."""
    paths, position = np.unique(block.path, return_inverse=True)
    numbers = [
        NONE if path < 0 or (name := name_of(strings[path])) is None else strings.number(name)
        for path in paths.tolist()
    ]
    return np.array(numbers, dtype=np.int64)[position.reshape(-1)]
