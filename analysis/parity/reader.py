"""Reads what one side recorded: its probe, and the run that the probe was made for."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis import measured, wording
from analysis.measured import Measured
from analysis.parity import arrays
from analysis.parity.arrays import MOST_FILE_BYTES, Float64
from profilers import rundir
from profilers.parity_record import PARITY, PARITY_ARRAYS, ArrayRecord, ParityRecord
from profilers.rundir import ProfileError


@dataclass(frozen=True, eq=False)
class Probed:
    """One side: the probe's record and its arrays by name; `run` is None for a bare probe."""

    path: Path
    record: ParityRecord
    arrays: dict[str, Float64]
    run: Measured | None

    def array(self, record: ArrayRecord) -> Float64:
        """The values that were kept of an array, flat."""
        return self.arrays[record.name]


@dataclass(frozen=True, eq=False)
class Pair:
    """The two sides that are compared, and how each is called in a sentence."""

    left: Probed
    right: Probed
    names: tuple[str, str]

    @property
    def both(self) -> tuple[tuple[str, Probed], tuple[str, Probed]]:
        """Each side with its name."""
        return (self.names[0], self.left), (self.names[1], self.right)


def read_pair(left: Path, right: Path) -> Pair:
    """Read both sides.

    Raises:
        ProfileError: a folder has no probe, or a file of it is damaged.
    """
    sides = read(left), read(right)
    names = [wording.framework(side.record.framework) for side in sides]
    if names[0] == names[1]:
        names = [f"{name} {mark}" for name, mark in zip(names, ("left", "right"), strict=True)]
    return Pair(*sides, names=(names[0], names[1]))


def read(folder: Path) -> Probed:
    """Read a run with its probe, or a folder with a probe alone.

    Raises:
        ProfileError: the folder has no probe, or a file of it is damaged.
    """
    path = folder / PARITY
    if not path.is_file():
        raise ProfileError(_without_probe(folder))
    size_bytes = path.stat().st_size
    if size_bytes > MOST_FILE_BYTES:
        raise ProfileError(
            f"{path} has {size_bytes:,} bytes, and {MOST_FILE_BYTES:,} are allowed; make it again: "
            "run this one with --parity."
        )
    try:
        record = rundir.read_json(path, ParityRecord)
    except (RecursionError, UnicodeDecodeError) as error:
        raise ProfileError(
            f"{path} is damaged ({error}); run this one again with --parity."
        ) from None
    return Probed(
        path=folder,
        record=record,
        arrays=arrays.read(folder / PARITY_ARRAYS, named_arrays(record)),
        run=measured.read(folder) if (folder / rundir.RUN).is_file() else None,
    )


def named_arrays(record: ParityRecord) -> Iterator[ArrayRecord]:
    """Every array that a record names."""
    yield record.outputs
    yield record.single_outputs
    for layer in record.layers:
        if layer.output is not None:
            yield layer.output
    for parameter in record.parameters:
        yield parameter.gradient
        yield parameter.single


def _without_probe(folder: Path) -> str:
    if (folder / rundir.ROUNDS).is_file():
        return f"{folder} is a comparison; name two of the runs beside it."
    if not (folder / rundir.RUN).is_file():
        return f"{folder} is no run of profile.py and has no {PARITY}; name two runs."
    return (
        f"{folder} has no parity certificate ({PARITY} is missing); run both with "
        "--framework both, or this one again with --parity."
    )
