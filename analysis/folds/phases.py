"""Which phase of its step (data, forward, loss, backward, optimizer) each event belongs to."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Int64, Kind, Strings
from analysis.folds.links import inherit, within
from analysis.folds.paths import named_by_path, phase_of

PHASE = "phase:"
BACKWARD = "backward"
AUTOGRAD = "autograd::engine::evaluate_function"


def range_rows(block: Block, strings: Strings, prefix: str) -> npt.NDArray[np.intp]:
    """Rows of the host's annotations whose name starts with `prefix`, in order of time."""
    rows = np.flatnonzero((block.kind == Kind.ANNOTATION) & (block.device < 0))
    if len(rows):
        rows = rows[strings.matching(prefix)[block.name[rows]]]
    return rows[np.argsort(block.start_ns[rows], kind="stable")]


def bare_names(block: Block, strings: Strings, rows: npt.NDArray[np.intp], prefix: str) -> Int64:
    """String numbers of the rows' names without the prefix."""
    return np.array(
        [strings.number(strings[name].removeprefix(prefix)) for name in block.name[rows]],
        dtype=np.int64,
    )


def phases(block: Block, strings: Strings, parent_row: Int64, launch_row: Int64) -> Int64:
    """String number of each row's phase, -1 where it is not known.

    The first of these decides: the event's own path; the nearest event around it on its thread
    whose path names a phase, or that is a `phase:` range; an autograd event around it (the autograd
    thread has no ranges of its own), which is the backward phase; the `phase:` range of another
    thread at the event's start. Device work has the phase of its path, else that of its launch.
    """
    by_path = named_by_path(block, strings, phase_of)
    ranges = range_rows(block, strings, PHASE)
    names = bare_names(block, strings, ranges, PHASE)
    seed = by_path.copy()
    seed[ranges] = names
    phase = inherit(parent_row, seed)
    if len(block):
        autograd = (block.kind == Kind.OP) & strings.matching(AUTOGRAD)[block.name]
        if autograd.any():
            seed = np.where(autograd, strings.number(BACKWARD), NONE).astype(np.int64)
            phase = np.where(phase >= 0, phase, inherit(parent_row, seed))
    elsewhere = np.flatnonzero((phase < 0) & (block.device < 0) & (block.kind != Kind.STEP))
    interval = within(block.start_ns[elsewhere], block.start_ns[ranges], block.end_ns[ranges])
    inside = interval >= 0
    phase[elsewhere[inside]] = names[interval[inside]]
    phase[block.device >= 0] = NONE
    launched = launch_row >= 0
    phase[launched] = phase[launch_row[launched]]
    on_device = (block.device >= 0) & (by_path >= 0)
    phase[on_device] = by_path[on_device]
    return phase
