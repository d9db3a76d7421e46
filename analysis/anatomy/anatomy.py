"""What a profile's mean step is made of: work by phase, host gap, and its devices' time."""

from analysis.anatomy.limits import limited
from analysis.anatomy.record import Anatomy
from analysis.anatomy.times import times
from analysis.partition.record import Partition

PHASES = ("data", "forward", "loss", "backward", "optimizer")


def anatomy(partition: Partition) -> Anatomy:
    """The mean step in nanoseconds; a partition without a step has zeros and no limit."""
    found = times(partition)
    steps = max(1, partition.steps)
    return Anatomy(
        step_ns=partition.steps_ns / steps,
        phases_ns={phase: time_ns / steps for phase, time_ns in _phases_ns(partition).items()},
        host_gap_ns=sum(part.time_ns for part in partition.parts if part.kind == "gap") / steps,
        device_busy_ns=found.busy_ns / steps if found.devices else None,
        device_idle_ns=found.idle_ns / steps if found.devices else None,
        waiting_ns=found.waiting_ns / steps if found.devices else None,
        limited=limited(partition),
    )


def _phases_ns(partition: Partition) -> dict[str, int]:
    """The host's work by phase, in the order of a training step; what has none comes last."""
    phases_ns: dict[str, int] = {}
    for part in partition.parts:
        if part.budget == "host" and part.kind != "gap":
            phases_ns[part.phase] = phases_ns.get(part.phase, 0) + part.time_ns
    known = [phase for phase in PHASES if phase in phases_ns]
    others = sorted(phase for phase in phases_ns if phase and phase not in PHASES)
    unknown = [phase for phase in phases_ns if not phase]
    return {phase: phases_ns[phase] for phase in (*known, *others, *unknown)}
