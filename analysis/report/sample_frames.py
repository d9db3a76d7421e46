"""The frames of the charts over a run's time, made of its samples: use of resources, and memory."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.comparison.values import Unit, memory_unit, ranges
from analysis.finish import Finished
from analysis.measured import model_end_ns
from analysis.report.subject import Subject
from analysis.resources.sample_folds import Float64, means
from analysis.resources.samples import RSS, Samples
from analysis.wording import GIB

MOST_SAMPLES = 600
"""A run with more has its samples put together."""

PARTS = 300
"""In so many parts of equal length, about one for each pixel of a narrow chart."""


@dataclass(frozen=True, eq=False)
class Envelope:
    """A line over time with what it hides: in each point mean, minimum and maximum of its part."""

    seconds: Float64
    values: Float64
    low: Float64
    high: Float64

    @property
    def rows(self) -> Iterator[tuple[float, float, float, float]]:
        """(seconds, value, low, high) of each point."""
        columns = (self.seconds, self.values, self.low, self.high)
        yield from zip(*(column.tolist() for column in columns), strict=True)


def envelope(line: Envelope, most: int = MOST_SAMPLES, parts: int = PARTS) -> Envelope:
    """The same line with fewer points if it has more than `most`.

    No peak is lost; a part without samples has no point, one without values an empty one.
    """
    if len(line.seconds) <= most:
        return line
    order = np.argsort(line.seconds, kind="stable")
    seconds = line.seconds[order]
    part = np.floor((seconds - seconds[0]) / ((seconds[-1] - seconds[0]) or 1.0) * parts)
    begins = np.flatnonzero(np.diff(np.minimum(part, parts - 1), prepend=-1.0))
    counts = np.diff(np.append(begins, len(seconds)))
    return Envelope(
        np.add.reduceat(seconds, begins) / counts,
        means(line.values[order], begins),
        np.fmin.reduceat(line.low[order], begins),
        np.fmax.reduceat(line.high[order], begins),
    )


def resources(subject: Subject) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Samples and phases of the last run of each side.

    Samples have side, seconds, measure, value, and low and high, which are the value where a point
    is one sample; phases have side, phase, start_s and duration_s.
    """
    samples: list[tuple[int, str, float, float, float, float]] = []
    phases: list[tuple[int, str, float, float]] = []
    for side in subject.sides:
        for run in subject.finished(side)[-1:]:
            found = _own_samples(run)
            if found is None or not len(found.time_ns):
                continue
            start_ns = int(found.time_ns[0])
            end_ns = model_end_ns(run.measured.phases) or math.inf
            for measure, line in _measures(subject, found).items():
                if not np.isnan(line.values).all():
                    samples += [(side.number, measure, *row) for row in envelope(line).rows]
            phases += [
                (side.number, each.phase, (each.start_ns - start_ns) / 1e9, each.duration_ns / 1e9)
                for each in run.measured.phases
                if each.start_ns < end_ns
            ]
    columns = ["side", "measure", "seconds", "value", "low", "high"]
    return (
        pd.DataFrame(samples, columns=columns),
        pd.DataFrame(phases, columns=["side", "phase", "start_s", "duration_s"]),
    )


def _own_samples(run: Finished) -> Samples | None:
    """Those of the run's model: without what it took to measure the machine's peaks."""
    found = run.measured.samples
    end_ns = model_end_ns(run.measured.phases)
    if found is None or end_ns is None:
        return found
    own = found.time_ns < end_ns
    columns = {name: values[own] for name, values in found.columns.items()}
    return replace(found, time_ns=found.time_ns[own], columns=columns)


def _measures(subject: Subject, found: Samples) -> dict[str, Envelope]:
    """By name and unit; memory has the units of the tables."""
    rss, rss_bytes = _memory_unit(subject, "rss_peak_bytes")
    vram, vram_bytes = _memory_unit(subject, "vram_peak_bytes")
    cores = found.cpu_percent() / 100
    return {
        "CPU, cores": Envelope(_seconds(found), cores, cores, cores),
        f"RSS{rss}": _line(found, RSS, 1 / rss_bytes),
        "GPU, %": _line(found, found.gpu_name("utilization_ratio"), 100),
        f"VRAM{vram}": _line(found, found.gpu_name("memory_used_bytes"), 1 / vram_bytes),
        "Power, W": _line(found, found.gpu_name("power_watts")),
    }


def _line(found: Samples, name: str, factor: float = 1.0) -> Envelope:
    """A column over the time of the run."""
    columns = (found.column(name), found.lowest(name), found.highest(name))
    return Envelope(_seconds(found), *(column * factor for column in columns))


def _seconds(found: Samples) -> Float64:
    seconds: Float64 = (found.time_ns - int(found.time_ns[0])) / 1e9
    return seconds


def _memory_unit(subject: Subject, key: str) -> Unit:
    known = [found.median for found in ranges(subject.record, key) if found]
    return memory_unit(max(known, default=GIB))


def memory(subject: Subject) -> pd.DataFrame:
    """side, series, seconds, bytes, low, high: memory of the last run of each side."""
    rows: list[tuple[int, str, float, float, float, float]] = []
    for side in subject.sides:
        for run in subject.finished(side)[-1:]:
            rows += [(side.number, name, *row) for name, row in _memory(run)]
    return pd.DataFrame(rows, columns=["side", "series", "seconds", "bytes", "low", "high"])


def _memory(run: Finished) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    samples = _own_samples(run)
    if samples is None or not len(samples.time_ns):
        return
    series = {"RSS": RSS, "VRAM": samples.gpu_name("memory_used_bytes")}
    for name, column in series.items():
        line = _line(samples, column)
        if not np.isnan(line.values).all():
            yield from ((name, row) for row in envelope(line).rows)
