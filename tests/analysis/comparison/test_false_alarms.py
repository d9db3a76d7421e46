"""Sides that are the same: how often an interval of a row of a level says that they differ."""

import math
from collections import Counter

import numpy as np
import pytest

from analysis.alignment.levels import levels
from analysis.alignment.record import LEVELS
from analysis.partition.record import Part, Partition

EXPERIMENTS = 1_000
AT_MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / EXPERIMENTS)
STEPS = 20
WORK_NS = {
    ("forward", "conv1", "convolution", "conv2d"): 3_000_000,
    ("backward", "conv1", "convolution", "conv2d"): 5_000_000,
    ("forward", "dense", "matmul", "linear"): 1_000_000,
    ("optimizer", "", "optimizer", "adam"): 800_000,
}
GAP_NS = 200_000


def profile(slowness: float, noise: np.ndarray) -> Partition:
    """A run's profile: each kind of work with its own noise, and all of it as slow as the run."""
    times_ns = [
        round(STEPS * time_ns * math.exp(slowness + own))
        for time_ns, own in zip((*WORK_NS.values(), GAP_NS), noise, strict=True)
    ]
    parts = [
        Part(
            budget="host",
            kind="op",
            phase=phase,
            layers=(layer,) if layer else (),
            category=category,
            op=op,
            name=op,
            count=STEPS,
            time_ns=time_ns,
            active_ns=time_ns,
        )
        for (phase, layer, category, op), time_ns in zip(WORK_NS, times_ns[:-1], strict=True)
    ]
    parts.append(Part(budget="host", kind="gap", time_ns=times_ns[-1]))
    return Partition(
        steps=STEPS,
        marked=True,
        steps_ns=sum(times_ns),
        parts=parts,
        phases_known=True,
        layers_known=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("pairs", [3, 5, 7])
def test_rows_of_equal_sides_seldom_have_an_interval_without_zero(pairs: int) -> None:
    generator = np.random.default_rng(pairs)
    shape = (EXPERIMENTS, 2, pairs)
    slowness = generator.normal(0, 0.02, shape) + 0.1 * (generator.random(shape) < 0.1)
    noise = generator.normal(0, 0.02, (*shape, len(WORK_NS) + 1))
    alarms: Counter[tuple[str, str]] = Counter()
    seen: set[tuple[str, str]] = set()
    for number in range(EXPERIMENTS):
        sides = [
            [profile(slowness[number, side, run], noise[number, side, run]) for run in range(pairs)]
            for side in (0, 1)
        ]
        steps_ns = [[each.steps_ns / each.steps / 1.2 for each in side] for side in sides]
        found = levels(sides[0], sides[1], (steps_ns[0], steps_ns[1]), certified=True)
        for level in LEVELS:
            for row in found.rows[level]:
                if row.low_ns is None or row.high_ns is None:
                    assert row.kind == "overhead"
                    continue
                seen.add((level, row.key))
                alarms[level, row.key] += not row.low_ns <= 0 <= row.high_ns
    assert len(seen) >= 12
    assert max(alarms.values()) <= AT_MOST * EXPERIMENTS, alarms
