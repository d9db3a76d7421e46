"""What took a run's time beside its steps: collecting, tracing, compiling, and disturbances."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analysis.resources import samples
from analysis.resources.coverage import Window
from analysis.resources.disturbances import CAUSES, Judged
from analysis.resources.samples import Samples
from profilers import rundir
from profilers.records import Mark, Phase


def read(run: Path) -> list[Mark]:
    """The marks that a run recorded, and a mark for each stretch that was disturbed, by begin.

    Stretches begin and end with samples, as nothing is known of the time between two. What a run
    did not record or sample has no marks.

    Raises:
        ProfileError: a file is damaged; the sentence names it.
    """
    recorded = rundir.read_rows(run / rundir.MARKS, Mark)
    taken = samples.read(run)
    disturbed = [] if taken is None else _disturbed(taken, _extent(run))
    return sorted([*recorded, *disturbed], key=lambda mark: (mark.start_ns, -mark.duration_ns))


def _extent(run: Path) -> Window | None:
    phases = rundir.read_rows(run / rundir.PHASES, Phase)
    if not phases:
        return None
    ends_ns = (phase.start_ns + phase.duration_ns for phase in phases)
    return Window(min(phase.start_ns for phase in phases), max(ends_ns))


def _disturbed(taken: Samples, run: Window | None) -> Iterator[Mark]:
    for cause in CAUSES:
        for stretch in _stretches(cause.judged(taken, run)):
            length_ns = stretch.end_ns - stretch.start_ns
            yield Mark("disturbed", cause.name(taken, stretch), stretch.start_ns, length_ns)


def _stretches(judged: Judged) -> Iterator[Window]:
    """Disturbed samples that follow each other, as one window each."""
    change = np.diff(judged.is_disturbed.astype(np.int8), append=0, prepend=0)
    begins, ends = np.flatnonzero(change > 0), np.flatnonzero(change < 0)
    for begin, end in zip(begins, ends, strict=True):
        yield Window(int(judged.time_ns[begin - 1]), int(judged.time_ns[end - 1]))
