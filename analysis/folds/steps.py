"""Which training step each event belongs to."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Int64, Kind, Strings
from analysis.folds.links import on_device, within

OWN_STEP = "step:"
KINETO_STEP = "ProfilerStep#"


def step_rows(block: Block, strings: Strings) -> npt.NDArray[np.intp]:
    """Rows of the step markers, in order of time: `step:<n>`, else `ProfilerStep#<n>`."""
    markers = np.flatnonzero((block.kind == Kind.STEP) & (block.device < 0))
    for prefix in (OWN_STEP, KINETO_STEP):
        rows = markers[strings.matching(prefix)[block.name[markers]]] if len(markers) else markers
        if len(rows):
            return rows[np.argsort(block.start_ns[rows], kind="stable")]
    return markers[:0]


def step_number(name: str) -> int:
    """The number in a step marker's name."""
    return int(name.removeprefix(OWN_STEP).removeprefix(KINETO_STEP))


def steps(block: Block, strings: Strings, launch_row: Int64) -> Int64:
    """The step of each row by its start, -1 outside; device work belongs to its launch's step."""
    markers = step_rows(block, strings)
    numbers = np.array([step_number(strings[name]) for name in block.name[markers]], dtype=np.int64)
    interval = within(block.start_ns, block.start_ns[markers], block.end_ns[markers])
    if not len(markers):
        return interval
    step = np.where(interval >= 0, numbers[interval], NONE)
    launched = on_device(block) & (launch_row >= 0)
    step[launched] = step[launch_row[launched]]
    return step
