"""How many operations a profiler recorded in each step: a profile that thins out misleads."""

import numpy as np

from analysis.blocks import Block, Kind
from analysis.columns import Int64

THINNED_RATIO = 0.98


def ops_per_step(block: Block, step: Int64, markers: Int64) -> list[int]:
    """Operations inside each step, in the order of the markers.

    Args:
        block: the events.
        step: shape (rows,), as by `analysis.folds.steps`.
        markers: shape (steps,); the step numbers that count.
    """
    steps = step[block.kind == Kind.OP]
    return [int(np.count_nonzero(steps == number)) for number in markers.tolist()]


def thinned(counts: list[int]) -> bool:
    """Whether the last quarter of the steps has markedly fewer operations than the first.

    TensorFlow's executor stops recording cheap operations of a function that ran often.
    """
    first, last = quarters(counts)
    return last < THINNED_RATIO * first


def quarters(counts: list[int]) -> tuple[float, float]:
    """The median operations of a step in the first and in the last quarter; 0 without a step."""
    quarter = max(1, len(counts) // 4)
    first, last = counts[:quarter] or [0], counts[-quarter:] or [0]
    return float(np.median(first)), float(np.median(last))
