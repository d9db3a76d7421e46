"""The time before a run in which its GPU is sampled at rest, so that its energy can be told net."""

from pathlib import Path

from profilers import rundir
from profilers.records import ResourcesRecord
from profilers.rundir import ProfileError

IDLE_SECONDS = 1.5
"""Ten of the sensor's updates and some to spare; it is waited for at each run."""


def idle_seconds(run: Path, device: str) -> float:
    """How long to wait between the sampler's first sample and the start of the child.

    Nothing unless the run uses a GPU whose power the sampler can read.

    Args:
        run: the run's directory, where the sampler has said what it can measure.
        device: the one that the run uses.
    """
    if device == "cpu":
        return 0.0
    try:
        record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
    except ProfileError:  # there is no sampler, and the run goes on without
        return 0.0
    return IDLE_SECONDS if any(gpu.get("power_kind") for gpu in record.gpus) else 0.0
