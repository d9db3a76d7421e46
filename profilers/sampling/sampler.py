"""The sampler: a process of its own that records what a run uses, ten times a second.

Run as `python -P -m profilers.sampling.sampler RUN` by the process that starts the measured one;
`Orders` says how they talk.
"""

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from profilers import rundir
from profilers.records import RunError, RunRecord
from profilers.sampling import cgroup
from profilers.sampling.host import ProcessSource, SystemSource
from profilers.sampling.nvml import NvmlSource
from profilers.sampling.orders import End, Ending, Orders, Watch
from profilers.sampling.pressure import PressureSource
from profilers.sampling.quota import QuotaSource
from profilers.sampling.recording import Recording, RecordingError
from profilers.sampling.source import Source, Value
from profilers.sampling.tree import ProcessTree

ANCHOR_NS = 10_000_000_000


def open_sources(tree: ProcessTree) -> list[Source]:
    """All sources in the order of their columns; a new one is one line here and one file."""
    return [
        ProcessSource(tree),
        SystemSource(),
        PressureSource(),
        QuotaSource(),
        NvmlSource(tree),
    ]


class Schedule:
    """Targets at begin + n periods, so that lateness does not add up.

    A slot is skipped, and counted in `missed`, when less than half of it remains, or when it would
    come less than half a period after the last sample: no sample is caught up.
    """

    def __init__(self, begin_ns: int, sample_hz: float) -> None:
        self.missed = 0
        self._begin_ns, self._period_ns = begin_ns, round(1e9 / sample_hz)
        self._slot = -1

    def next_target_ns(self, now_ns: int, sampled_ns: int) -> int:
        """When to sample next, in monotonic time; in the past if the slot has just begun.

        Args:
            now_ns: The time.
            sampled_ns: When the last sample was taken.
        """
        half_ns = self._period_ns // 2
        earliest_ns = max(now_ns - half_ns, sampled_ns + half_ns)
        first = self._slot + 1
        self._slot = max(first, -((self._begin_ns - earliest_ns) // self._period_ns))
        self.missed += self._slot - first
        return self._begin_ns + self._slot * self._period_ns


def sample_until_told(
    recording: Recording,
    schedule: Schedule,
    sources: Sequence[Source],
    tree: ProcessTree,
    orders: Orders,
) -> Ending:
    """Sample on schedule until an order to end; RecordingError if a file can't be written."""
    sampled_ns = 0
    next_anchor_ns = time.monotonic_ns() + ANCHOR_NS
    while True:
        target_ns = schedule.next_target_ns(time.monotonic_ns(), sampled_ns)
        ending = _obey_until(target_ns, orders, tree)
        if ending is not None:
            return ending
        sampled_ns = time.monotonic_ns()
        values: list[Value] = []
        for source in sources:
            values += source.read(sampled_ns)
        cost_ns = time.monotonic_ns() - sampled_ns
        recording.row(sampled_ns, sampled_ns - target_ns, cost_ns, values)
        if sampled_ns >= next_anchor_ns:
            next_anchor_ns = sampled_ns + ANCHOR_NS
            recording.anchor("periodic", schedule.missed)


def _obey_until(target_ns: int, orders: Orders, tree: ProcessTree) -> Ending | None:
    """Follow orders until the target, or only those that wait already if it has passed."""
    while True:
        order = orders.wait((target_ns - time.monotonic_ns()) / 1e9)
        if isinstance(order, End):
            return order.why
        if isinstance(order, Watch):
            tree.watch(order.pid)
        elif time.monotonic_ns() >= target_ns:
            return None


def record_run(run: Path, sample_hz: float, orders: Orders) -> Ending | None:
    """Record one run from now until an order to end; None if the files could not be written.

    What went wrong with them stands in resources.json, if that can still be written, and in one
    line on stderr. The line `{"ready": true}` on stdout says that the first sample comes now.
    """
    tree = ProcessTree()
    sources = open_sources(tree)
    schedule = Schedule(time.monotonic_ns(), sample_hz)
    recording: Recording | None = None
    ended: Ending | None = None
    try:
        recording = Recording(run, sample_hz, sources, limits())
        with contextlib.suppress(BrokenPipeError):  # the order that the parent died comes next
            os.write(sys.stdout.fileno(), b'{"ready": true}\n')
        ended = sample_until_told(recording, schedule, sources, tree, orders)
        recording.anchor("end", schedule.missed, ended)
    except RecordingError as error:
        print(f"sampler: {error}; the run goes on without samples.", file=sys.stderr)
        if recording is not None and ended is None:
            with contextlib.suppress(RecordingError):
                recording.anchor("end", schedule.missed, str(error))
    finally:
        for source in sources:
            source.close()
    if ended == "parent-died":
        tree.kill()
    return ended


def limits() -> dict[str, float | None]:
    """What of the machine may be used: CPUs, physical cores and bytes of memory."""
    return {
        "cpu_count": cgroup.usable_cpus(),
        "physical_cores": cgroup.physical_cores(),
        "memory_bytes": cgroup.memory_limit_bytes(),
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
