"""Which layer of the model each event works for."""

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Int64, Kind, Strings
from analysis.folds.links import inherit, lookup
from analysis.folds.paths import layer_of, named_by_path
from analysis.folds.phases import bare_names, range_rows

LAYER = "layer:"


def layers(block: Block, strings: Strings, parent_row: Int64, launch_row: Int64) -> Int64:
    """String number of each row's layer, -1 where it is not known.

    Forward: the innermost `layer:` range around the event on its thread. Backward: the layer of
    the forward op that made the autograd node, and so of everything inside the backward op.
    Device work has the layer of its launch. A path that names a layer goes before all of these.
    """
    ranges = range_rows(block, strings, LAYER)
    by_path = named_by_path(block, strings, layer_of)
    seed = by_path.copy()
    seed[ranges] = bare_names(block, strings, ranges, LAYER)
    layer = inherit(parent_row, seed)
    forward_row = forward_ops(block)
    backward = np.flatnonzero((forward_row >= 0) & (layer < 0))
    seed[backward] = layer[forward_row[backward]]
    layer = inherit(parent_row, seed)
    launched = launch_row >= 0
    layer[launched] = layer[launch_row[launched]]
    return np.where(by_path >= 0, by_path, layer)


def forward_ops(block: Block) -> Int64:
    """The row of the forward op that made each backward op's autograd node, -1 for others.

    A node takes the sequence number that its thread counts on after it, and ops that make no node
    show the number that comes next. So of a thread's ops with one number, the last begun one made
    the node. Backward ops name that thread by a small number of torch's own (`forward_thread`).
    """
    counted = (block.kind == Kind.OP) & (block.sequence >= 0)
    forward = np.flatnonzero(counted & (block.forward_thread <= 0))
    backward = np.flatnonzero(counted & (block.forward_thread > 0))
    forward = forward[np.argsort(-block.start_ns[forward], kind="stable")]
    result = np.full(len(block), NONE, dtype=np.int64)
    for number in np.unique(block.forward_thread[backward]):
        rows = backward[block.forward_thread[backward] == number]
        process, thread = _real_thread(block, forward, rows)
        made = forward[(block.process[forward] == process) & (block.thread[forward] == thread)]
        result[rows] = lookup([block.sequence[made]], made, [block.sequence[rows]])
    return result


def _real_thread(
    block: Block, forward: npt.NDArray[np.intp], backward: npt.NDArray[np.intp]
) -> tuple[int, int]:
    """(process, thread) of the forward ops that belong to these backward ops.

    Arrows between forward and backward ops prove it; without any, it is the thread that has the
    most of their sequence numbers. (-1, -1) if no thread has one.
    """
    arrows = np.intersect1d(block.flow[backward], block.flow[forward])
    linked = forward[np.isin(block.flow[forward], arrows[arrows >= 0])]
    if not len(linked):
        linked = forward[np.isin(block.sequence[forward], block.sequence[backward])]
    if not len(linked):
        return NONE, NONE
    threads, counts = np.unique(
        np.stack([block.process[linked], block.thread[linked]], axis=1), axis=0, return_counts=True
    )
    process, thread = threads[np.argmax(counts)].tolist()
    return process, thread
