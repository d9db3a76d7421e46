"""The time before a run in which its device is sampled at rest, so that energy can be told net."""

from collections.abc import Mapping
from pathlib import Path

from profilers import rundir
from profilers.records import ResourcesRecord
from profilers.rundir import ProfileError
from profilers.sampling.source import AVAILABLE

IDLE_SECONDS = 1.5
"""Ten of the sensor's updates and some to spare; it is waited for at each run."""


def idle_seconds(run: Path, device: str) -> float:
    """How long to wait between the sampler's first sample and the start of the child.

    Nothing unless the sampler can read power or energy of a GPU that the run may use, or of the
    processors.

    Args:
        run: the run's directory, where the sampler has said what it can measure.
        device: the one that the run uses.
    """
    try:
        record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
    except ProfileError:  # there is no sampler, and the run goes on without
        return 0.0
    on_gpu = device != "cpu" and any(_is_known(gpu, record.capabilities) for gpu in record.gpus)
    on_processors = record.capabilities.get("rapl") == AVAILABLE
    return IDLE_SECONDS if on_gpu or on_processors else 0.0


def _is_known(gpu: Mapping[str, str | int | None], capabilities: Mapping[str, str]) -> bool:
    """Whether a GPU's power or energy is read; a counter of energy has no reason to be empty."""
    name = f"gpu{gpu.get('index')}"
    has_counter = name not in capabilities and f"{name}_energy_joules" not in capabilities
    return bool(gpu.get("power_kind")) or has_counter
