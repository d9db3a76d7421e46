"""What a run is about: its workload as the settings have it, its samples and first weights."""

from pathlib import Path

import msgspec

from profilers import rundir
from profilers.backend import Arrays
from profilers.records import DataRecord, Settings
from profilers.rundir import ProfileError
from workloads import native_model, own_file, weights
from workloads.catalogue import find_workload
from workloads.data import cache
from workloads.native import AnyWorkload, NativeWorkload


def find(settings: Settings) -> AnyWorkload:
    """The workload of a run; a user's own model with what its builders have in common.

    Raises:
        ProfileError, WorkloadError: its file is another than it was when the run was planned, or
            fails.
    """
    if settings.workload_sha256 is not None:
        path = Path(settings.workload)
        if own_file.file_sha256(path) != settings.workload_sha256:
            raise ProfileError(f"{path} has changed since this run was planned; run it again.")
    workload = find_workload(settings.workload, settings.options)
    if isinstance(workload, NativeWorkload) and settings.model is not None:
        model = native_model.read(cache.folder(), settings.model)
        return msgspec.structs.replace(workload, model=model, model_key=settings.model)
    return workload


def initial_weights(settings: Settings, workload: AnyWorkload) -> weights.Arrays:
    """The weights that another run was left with, those that a builder made, or seeded ones."""
    if settings.weights_from is not None:
        return weights.load(Path(settings.weights_from) / rundir.WEIGHTS, workload)
    if isinstance(workload, NativeWorkload):
        place = native_model.folder(cache.folder(), workload.model_key)
        return weights.load(place / native_model.VALUES, workload)
    return weights.initial_weights(workload, settings.seed)


def samples(data: DataRecord) -> Arrays:
    """The cached arrays.

    Raises:
        ProfileError: they are others than those that the parent recorded.
    """
    found = cache.load(data.cache_key)
    if weights.fingerprint(found) != data.sha256:
        raise ProfileError(
            f"the cached data {cache.folder() / data.cache_key} have changed since they were made; "
            "remove that folder and run again."
        )
    return found
