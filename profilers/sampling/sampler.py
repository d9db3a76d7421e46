"""The sampler: a process of its own that records what a run uses, ten times a second.

Run as `python -P -m profilers.sampling.sampler RUN` by the process that starts the measured one;
`Orders` says how they talk.
"""

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from profilers import rundir
from profilers.records import RunError, RunRecord
from profilers.sampling import cgroup
from profilers.sampling.group_memory import GroupMemorySource
from profilers.sampling.host import ProcessSource, SystemSource
from profilers.sampling.machine import MachineSource
from profilers.sampling.nvml import NvmlSource
from profilers.sampling.orders import Ending, Orders
from profilers.sampling.pressure import PressureSource
from profilers.sampling.quota import QuotaSource
from profilers.sampling.rapl import RaplSource
from profilers.sampling.recording import Recording, RecordingError
from profilers.sampling.schedule import Schedule
from profilers.sampling.session import Session, tell
from profilers.sampling.source import Source
from profilers.sampling.tree import ProcessTree

MISSING = "CPU, memory and GPU use are missing from then on"


def open_sources(tree: ProcessTree) -> list[Source]:
    """All sources in the order of their columns; a new one is one line here and one file."""
    return [
        ProcessSource(tree),
        SystemSource(),
        MachineSource(),
        PressureSource(),
        QuotaSource(),
        GroupMemorySource(),
        RaplSource(),
        NvmlSource(tree),
    ]


def record_run(run: Path, sample_hz: float, orders: Orders) -> Ending | None:
    """Record one run from now until an order to end; None if the files could not be written.

    What went wrong with them stands in resources.json, if that can still be written, and is told
    on stdout, as all notices are. The first line there, `{"ready": true}`, says that the first
    sample comes now.
    """
    tree = ProcessTree()
    sources = open_sources(tree)
    schedule = Schedule(time.monotonic_ns(), sample_hz)
    recording: Recording | None = None
    ended: Ending | None = None
    try:
        recording = Recording(run, sample_hz, sources, limits())
        tell({"ready": True})
        ended = Session(recording, schedule, sources, tree, orders).sample_until_told()
        recording.end(schedule.missed, ended)
        if ended == "terminated":
            tell({"notice": f"the sampler was terminated: {MISSING}."})
    except RecordingError as error:
        tell({"notice": f"{error}: {MISSING}."})
        if recording is not None and ended is None:
            with contextlib.suppress(RecordingError):
                recording.end(schedule.missed, str(error))
    finally:
        for source in sources:
            source.close()
    if ended == "parent-died":
        tree.kill()
    return ended


def limits() -> dict[str, float | None]:
    """What of the machine may be used: CPUs, physical cores and bytes of memory.

    The affinity mask and the cgroup's limits, of which those are the smallest, stand beside them;
    None where there is no limit.
    """
    return {
        "cpu_count": cgroup.usable_cpus(),
        "physical_cores": cgroup.physical_cores(),
        "memory_bytes": cgroup.memory_limit_bytes(),
        "cpu_affinity_count": cgroup.allowed_cpus(),
        "cgroup_cpu_count": cgroup.cpu_quota(),
        "cgroup_memory_bytes": cgroup.cgroup_memory_bytes(),
    }


def mark_interrupted(run: Path) -> None:
    """Say in run.json that the run was cut short; for when its writer died and left "running"."""
    record = rundir.read_json(run / rundir.RUN, RunRecord)
    if record.status != "running":
        return
    message = "profile.py was killed; what was recorded until then can be read"
    record = msgspec.structs.replace(
        record, status="interrupted", error=RunError("parent-died", message)
    )
    try:
        rundir.write_json(run / rundir.RUN, record)
    except OSError as error:
        print(f"sampler: {run / rundir.RUN} could not be written ({error})", file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """Record the run whose directory is named; the exit code is 0 unless there is no such run."""
    if len(arguments) != 1:
        print("usage: python -P -m profilers.sampling.sampler RUN", file=sys.stderr)
        return 2
    orders = Orders(sys.stdin.fileno())
    orders.obey_signals()
    run = Path(arguments[0])
    try:
        record = rundir.read_json(run / rundir.RUN, RunRecord)
        if record_run(run, record.settings.sample_hz, orders) == "parent-died":
            mark_interrupted(run)
    except rundir.ProfileError as error:
        print(f"sampler: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
