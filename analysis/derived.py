"""The derived files of a run: tables and timeline of its profile, remade when they are stale."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from analysis import measured
from analysis.ops.rows import Coverage
from analysis.partition.record import Partition
from analysis.resources.phase_figures import busiest_ratio
from profilers import rundir
from profilers.records import SCHEMA
from profilers.rundir import ProfileError

if TYPE_CHECKING:
    from analysis.annotate import Folded

ANALYSIS_VERSION = 13
"""To be raised whenever the same input would give other tables or another timeline."""

MANIFEST = "derived/manifest.json"
PARTITION = "derived/partition.json"
XSPACE = "derived/kineto.xplane.pb"
OTHER_INPUTS = (
    rundir.ENVIRONMENT,
    rundir.PHASES,
    rundir.STEPS,
    rundir.RESOURCES,
    rundir.RESOURCES_RECORD,
    rundir.MARKS,
)


KINETO = "kineto.json.gz"
PROFILES = (KINETO, "tensorflow.xplane.pb")
"""What backends call a profile in raw/."""


class NoProfileError(ProfileError):
    """The run has no profile that can be read; its timeline was made without one."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """derived/manifest.json: what the derived files were made from, and what they leave out.

    `inputs` maps files of the run to their SHA-256. `busy_ns` is how long each device had work
    within the profiled steps, `ops_per_step` how many operations each of these steps has.
    """

    schema: int = SCHEMA
    analysis_version: int
    inputs: dict[str, str]
    outputs: list[str]
    coverage: Coverage
    busy_ns: dict[str, int]
    ops_per_step: list[int]


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a derived table; `analysis.exporters.tables` says what the columns mean."""

    key: str
    kind: str
    phase: str
    count: int
    total_ns: int
    self_ns: int
    share_ratio: float | None
    count_per_step: float | None
    total_ns_per_step: float | None
    self_ns_per_step: float | None


@dataclass(frozen=True)
class Profile:
    """What the profile of a run says: its tables, and how much of the trace they account for.

    `partition` has where the time of its steps went, in parts that add up.
    """

    phases: list[TableRow]
    layers: list[TableRow]
    ops: list[TableRow]
    kernels: list[TableRow]
    coverage: Coverage
    busy_ns: dict[str, int]
    ops_per_step: list[int]
    partition: Partition

    @property
    def busy_ratio(self) -> float | None:
        """The part of the profiled steps in which the busiest device had work; None without one."""
        return busiest_ratio(self.busy_ns, self.coverage.steps_ns)


def make(run: Path) -> Profile:
    """Make the derived tables and all traces unless they are up to date, and read the tables.

    Without a readable profile, the traces still show phases, steps and resources.

    Raises:
        NoProfileError: the profile is missing or damaged; the sentence says which.
        ProfileError: another file is damaged, or can't be written.
    """
    inputs = {name: _sha256(run / name) for name in _inputs(run)}
    manifest = _current(run, inputs)
    if manifest is None:
        manifest = _remake(run, inputs)
    return Profile(
        **{name: _read_table(run / rundir.DERIVED / f"{name}.parquet") for name in TABLES},
        coverage=manifest.coverage,
        busy_ns=manifest.busy_ns,
        ops_per_step=manifest.ops_per_step,
        partition=_read_partition(run / PARTITION),
    )


TABLES = ("phases", "layers", "ops", "kernels")


def _inputs(run: Path) -> list[str]:
    raw = [path for path in sorted((run / rundir.RAW).rglob("*")) if path.is_file()]
    others = [run / name for name in OTHER_INPUTS if (run / name).exists()]
    return [path.relative_to(run).as_posix() for path in (*raw, *others)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _current(run: Path, inputs: dict[str, str]) -> Manifest | None:
    """The manifest, if what it describes is there and was made from just these inputs."""
    try:
        manifest = msgspec.json.decode((run / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    if manifest.analysis_version != ANALYSIS_VERSION or manifest.inputs != inputs:
        return None
    return manifest if all((run / name).exists() for name in manifest.outputs) else None


def _remake(run: Path, inputs: dict[str, str]) -> Manifest:
    from analysis.annotate import fold_trace
    from analysis.exporters import phase_table, tables
    from analysis.exporters.xspace import write as xspace
    from analysis.folds.recorded import ops_per_step
    from analysis.groups import gather_folded
    from analysis.ops.table import Table
    from analysis.partition.make import partition_of_folded
    from analysis.readers.registry import open_trace

    for name in (MANIFEST, XSPACE):
        (run / name).unlink(missing_ok=True)
    read = measured.read(run)
    try:
        profile = profile_path(run)
        trace = open_trace(profile, memory=True, details=True)
        folded = fold_trace(trace)
    except ProfileError as error:
        _write_traces(run, None)
        phase_table.write(read, None)
        raise NoProfileError(str(error)) from None
    table = Table(gather_folded(folded, trace=trace))
    written = [*tables.write(table, run / rundir.DERIVED), run / PARTITION]
    rundir.write_json(run / PARTITION, partition_of_folded(folded))
    written += _write_traces(run, folded)
    if profile.name == KINETO:
        xspace.write_folded(folded, trace, run / XSPACE)
        written.append(run / XSPACE)
    busy_ratio = busiest_ratio(table.busy_ns, table.coverage().steps_ns)
    written += phase_table.write(read, busy_ratio)
    manifest = Manifest(
        analysis_version=ANALYSIS_VERSION,
        inputs=inputs,
        outputs=[path.relative_to(run).as_posix() for path in written],
        coverage=table.coverage(),
        busy_ns=table.busy_ns,
        ops_per_step=ops_per_step(folded.block, folded.step, folded.step[folded.step_rows]),
    )
    rundir.write_json(run / MANIFEST, manifest)
    return manifest


def _write_traces(run: Path, folded: "Folded | None") -> list[Path]:
    from analysis.exporters import export

    return [*export.finished(run, folded)]


def has_profile(run: Path) -> bool:
    """Whether a run has a profile, readable or not."""
    return any((run / rundir.RAW / name).exists() for name in PROFILES)


def profile_path(run: Path) -> Path:
    """The profile of a run; ProfileError if it has none."""
    for name in PROFILES:
        if (run / rundir.RAW / name).exists():
            return run / rundir.RAW / name
    raise ProfileError(
        f"{run / rundir.RAW} holds no profile ({' or '.join(PROFILES)}); run profile.py again."
    )


def _read_table(path: Path) -> list[TableRow]:
    from pyarrow import ArrowException, parquet

    if not path.exists():
        return []
    try:
        with parquet.ParquetFile(path) as file:  # read_table would load pandas
            return msgspec.convert(file.read().to_pylist(), list[TableRow])
    except (ArrowException, msgspec.ValidationError):
        raise _damaged(path) from None


def _read_partition(path: Path) -> Partition:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Partition)
    except (OSError, msgspec.DecodeError):
        raise _damaged(path) from None


def _damaged(path: Path) -> ProfileError:
    return ProfileError(
        f"{path} is damaged; remove {path.parent} and run python -m analysis finish "
        f"{path.parent.parent} again."
    )
