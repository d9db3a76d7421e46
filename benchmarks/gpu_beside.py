"""Sets what the sampler read of a GPU beside nvidia-smi's readings of the same timed phases.

Usage: python benchmarks/gpu_beside.py NVIDIA-SMI.csv RUN...

NVIDIA-SMI.csv is what `nvidia-smi --query-gpu=timestamp,uuid,... --format=csv --loop-ms=...` wrote
on this machine. Prints a Markdown table; a dash is what one of them did not measure. nvidia-smi has
no energy, so that of its power is integrated.
"""

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from analysis import measured, wording  # noqa: E402
from analysis.measured import Measured  # noqa: E402
from analysis.resources import coverage, energy, run_cost  # noqa: E402
from analysis.resources.coverage import Window  # noqa: E402
from benchmarks.gpu_table import number, plain, printed  # noqa: E402
from profilers.rundir import ProfileError  # noqa: E402

HEADINGS = ("run", "figure", "sampler", "nvidia-smi", "difference")
POWER = ("power.draw.instant", "power.draw")


@dataclass(frozen=True)
class Readings:
    """One GPU's rows of the file: Unix ns, and a column of numbers by the field's name."""

    time_ns: npt.NDArray[np.int64]
    columns: Mapping[str, npt.NDArray[np.float64]]

    def column(self, *names: str) -> npt.NDArray[np.float64]:
        """The first of these that has a value; else only NaN."""
        for name in names:
            if name in self.columns and not np.isnan(self.columns[name]).all():
                return self.columns[name]
        return np.full(len(self.time_ns), np.nan)


def read(path: Path) -> dict[str, Readings]:
    """The rows of each GPU, by its UUID in small letters without its prefix."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    if not rows or "timestamp" not in rows[0] or "uuid" not in rows[0]:
        raise SystemExit(f"error: {path} has no columns timestamp and uuid of nvidia-smi.")
    names = [cell.partition(" [")[0] for cell in rows[0]]
    whole = [row for row in rows[1:] if len(row) == len(names)]
    found: dict[str, list[list[str]]] = {}
    for row in whole:
        found.setdefault(bare(row[names.index("uuid")]), []).append(row)
    return {uuid: _readings(names, of_it) for uuid, of_it in found.items()}


def _readings(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Readings:
    clock = names.index("timestamp")
    times = [datetime.strptime(row[clock], "%Y/%m/%d %H:%M:%S.%f").timestamp() for row in rows]
    columns = {
        name: np.array([_value(row[place]) for row in rows])
        for place, name in enumerate(names)
        if name not in ("timestamp", "uuid")
    }
    return Readings((np.array(times) * 1e3).round().astype(np.int64) * 1_000_000, columns)


def _value(cell: str) -> float:
    """The number before its unit; NaN for "[N/A]" and the like."""
    try:
        return float(cell.split(" ")[0])
    except ValueError:
        return float("nan")


def bare(uuid: object) -> str:
    """A UUID as both sides write it."""
    return str(uuid or "").lower().removeprefix("gpu-")


def rows(run: Measured, readings: Mapping[str, Readings]) -> list[list[str]]:
    """Use, memory, power and energy of a run's timed phase by both."""
    name = run.record.id
    window = run_cost.window_of(run.phases, "timed")
    if window is None or run.figures is None or run.samples is None:
        return [[name, "no timed phase was sampled"]]
    uuid = bare(run_cost.gpu_of(run.samples).get("uuid"))
    other = readings.get(uuid)
    if other is None:
        return [[name, "nvidia-smi has no rows of its GPU"]]
    own = run.figures
    return [
        [name, label, _cell(left, scale), _cell(right, scale), _difference(left, right)]
        for label, left, right, scale in (
            ("use, %", own.gpu_percent, _mean(other, window, "utilization.gpu"), 1.0),
            ("VRAM peak, MiB", own.vram_peak_bytes, _memory_bytes(other, _own(run)), wording.MIB),
            ("power, W", own.power_watts, _mean(other, window, *POWER), 1.0),
            ("energy, J", run.energy.joules, _joules(other, window), 1.0),
        )
    ]


def _mean(other: Readings, window: Window, *names: str) -> float | None:
    return coverage.held_mean(other.time_ns, other.column(*names), window)


def _own(run: Measured) -> Window:
    """From the run's begin to where it measures what its machine can reach, as its own peak is."""
    begin_ns = min(phase.start_ns for phase in run.phases)
    end_ns = max(phase.start_ns + phase.duration_ns for phase in run.phases)
    return Window(begin_ns, measured.model_end_ns(run.phases) or end_ns)


def _memory_bytes(other: Readings, window: Window) -> float | None:
    """Its largest; the file has the readings of other runs, too."""
    mebibytes = other.column("memory.used")[window.holds(other.time_ns)]
    return None if np.isnan(mebibytes).all() else float(np.nanmax(mebibytes)) * wording.MIB


def _joules(other: Readings, window: Window) -> float | None:
    found = energy.trapezoid(other.time_ns, other.column(*POWER), window)
    return found[0] if found else None


def _cell(value: float | None, scale: float) -> str:
    return number(value, scale, ",.1f")


def _difference(left: float | None, right: float | None) -> str:
    if left is None or not right:
        return number(None, 1, "")
    return f"{100 * (left / right - 1):+.1f} %"


def main() -> int:
    """Print the table of all runs named as arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("smi", type=Path)
    parser.add_argument("runs", nargs="*", type=Path)
    options = parser.parse_args()
    readings = read(options.smi)
    found: list[list[str]] = []
    for path in options.runs:
        try:
            found += rows(measured.read(path), readings)
        except ProfileError as error:
            found.append([path.name, plain(str(error))])
    printed(HEADINGS, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
