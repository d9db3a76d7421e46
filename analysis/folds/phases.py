"""Which phase of its step (data, forward, loss, backward, optimizer) each event belongs to."""

import re

import numpy as np

from analysis.blocks import NONE, Block, Kind, Strings, TextTable
from analysis.columns import Int64
from analysis.folds.paths import PathNames, phase_of
from analysis.folds.selftime import latest_open
from analysis.windows import EventWindow

PHASE = "phase:"
BACKWARD = "backward"
AUTOGRAD = "autograd::engine::evaluate_function"
KNOWN_RANGES = (
    (re.compile(r"enumerate\(DataLoader\)#.*"), "data"),
    (re.compile(r"#* ?(data|forward|loss|backward|optimizer) ?#*", re.IGNORECASE), None),
    (re.compile(r"Optimizer\.(?:step|zero_grad)#.*"), "optimizer"),
)
"""Ranges that torch and its users write, and the phase that each is; None: the one it names."""


def known_range(text: str) -> str | None:
    """The phase that a range of a trace without `phase:` ranges stands for."""
    for pattern, phase in KNOWN_RANGES:
        if found := pattern.fullmatch(text):
            return phase or found[1].lower()
    return None


class Phases:
    """Finds phases; what it asks of a trace as a whole is what its texts are."""

    def __init__(self, strings: Strings) -> None:
        marked = strings.any_starts_with(PHASE)

        def range_name(text: str) -> int:
            if marked:
                return strings.number(text.removeprefix(PHASE)) if text.startswith(PHASE) else NONE
            known = known_range(text)
            return NONE if known is None else strings.number(known)

        def backward(text: str) -> int:
            return strings.number(BACKWARD) if text.startswith(AUTOGRAD) else NONE

        self._ranges = TextTable(strings, range_name)
        self._autograd = TextTable(strings, backward)
        self.by_path = PathNames(strings, phase_of)

    def range_names(self, block: Block) -> Int64:
        """String number of the phase that a row is a range of, -1 for what is no such range."""
        return range_names(block, self._ranges)

    def of_host(self, window: EventWindow) -> Int64:
        """String number of the phase of each row, -1 where it is not known and on devices.

        The first of these decides: the event's own path; the nearest event around it on its thread
        whose path names a phase, or that is a range of one; an autograd event around it (the
        autograd thread has no ranges of its own), which is the backward phase; the range of
        another thread at the event's start.
        """
        block = window.block
        names = self.range_names(block)
        by_path = self.by_path.of(block)
        phase = window.inherit("phase range", np.where(names >= 0, names, by_path))
        ops = block.kind == Kind.OP
        if ops.any():
            seed = np.where(ops, self._autograd.of(block.name), NONE)
            autograd = window.inherit("autograd", seed)
        else:
            autograd = window.inherit("autograd", np.full(len(block), NONE, dtype=np.int64))
        phase = np.where(phase >= 0, phase, autograd)
        ranges = np.flatnonzero(names >= 0)
        if len(ranges):
            elsewhere = np.flatnonzero((phase < 0) & (block.device < 0) & (block.kind != Kind.STEP))
            position = latest_open(
                block.start_ns[ranges], block.end_ns[ranges], block.start_ns[elsewhere]
            )
            found = position >= 0
            phase[elsewhere[found]] = names[ranges[position[found]]]
        phase[block.device >= 0] = NONE
        return window.keep("host phase", phase)


def range_names(block: Block, table: TextTable) -> Int64:
    """What the table says about the names of the host's annotations, -1 for other rows."""
    names = np.full(len(block), NONE, dtype=np.int64)
    rows = np.flatnonzero((block.kind == Kind.ANNOTATION) & (block.device < 0))
    if len(rows):
        names[rows] = table.of(block.name[rows])
    return names
