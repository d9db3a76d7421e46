"""How long a device was busy: the union of its intervals, which no overlap can count twice."""

import numpy as np

from analysis.blocks import Block, Int64
from analysis.folds.links import on_device


def union_ns(start_ns: Int64, end_ns: Int64) -> int:
    """Length of the union of intervals; both of shape (intervals,), in any order."""
    if not len(start_ns):
        return 0
    order = np.argsort(start_ns, kind="stable")
    start_ns, end_ns = start_ns[order], end_ns[order]
    covered_to = np.maximum.accumulate(end_ns)
    begin = np.concatenate((start_ns[:1], np.maximum(start_ns[1:], covered_to[:-1])))
    return int(np.maximum(covered_to - begin, 0).sum())


def busy_ns(block: Block) -> dict[int, int]:
    """Nanoseconds in which each device ran a kernel, a copy or a memset."""
    work = block.take(on_device(block))
    devices = np.unique(work.device)
    return {
        int(device): union_ns(work.start_ns[rows], work.end_ns[rows])
        for device in devices
        for rows in [work.device == device]
    }
