"""The sensors of energy beside a run: what they count, how often they are renewed, whose it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.resources.run_cost import GPU_PERIOD_SECONDS, gpu_of, power_kind
from analysis.resources.sample_folds import Float64, Int64
from analysis.resources.samples import Samples

PACKAGE_PERIOD_SECONDS = 0.001
"""How often RAPL renews its counters."""
PACKAGE = re.compile(r"cpu_package\d+(_die_\d+)?_energy_joules")
"""Whole packages alone: their parts are in them, and psys has them in it."""
NOT_RECORDED = "no resources were recorded"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensor:
    """A counter in joules and power in watts, each by sample and NaN where it is not known.

    `period_seconds` is how often the sensor has a new value, at best. `power_kind` is "instant" or
    "average-1s", None where there is no power or the driver does not tell; `use_ratio` how much of
    the time the device was in use. `scope` says whose energy it is, where that is more than the
    device's. `reason` says why there is nothing at all, `lost` why there is nothing from some time
    on; they are "" where there is something.
    """

    time_ns: Int64
    counter_joules: Float64
    power_watts: Float64
    use_ratio: Float64
    period_seconds: float
    power_kind: str | None = None
    scope: str = ""
    reason: str = ""
    lost: str = ""


def of_gpu(samples: Samples | None) -> Sensor:
    """That of the GPU that the run used."""
    if samples is None:
        return _nothing(NOT_RECORDED)
    counter, watts = samples.energy_joules(), samples.power_watts()
    empty = np.isnan(counter).all() and np.isnan(watts).all()
    return Sensor(
        time_ns=samples.time_ns,
        counter_joules=counter,
        power_watts=watts,
        use_ratio=samples.gpu_column("utilization_ratio"),
        period_seconds=GPU_PERIOD_SECONDS,
        power_kind=power_kind(samples) if not np.isnan(watts).all() else None,
        scope=_scope(gpu_of(samples)),
        reason=samples.why_empty("power_watts") if empty else "",
        lost=samples.lost(),
    )


def _scope(gpu: Mapping[str, str | int | None]) -> str:
    if gpu.get("power_scope") == "module":
        return "of the whole module with its processor"
    return "of the whole GPU, not of the MIG instance alone" if gpu.get("mig_uuid") else ""


def of_packages(samples: Samples | None) -> Sensor:
    """The processor packages of the machine by RAPL, added up: all processes are in them."""
    if samples is None:
        return _nothing(NOT_RECORDED)
    packages = [values for name, values in samples.columns.items() if PACKAGE.fullmatch(name)]
    total = np.sum(packages, axis=0) if packages else np.full(len(samples.time_ns), np.nan)
    told = samples.record.capabilities.get("rapl", "available")
    reason = told if told != "available" else "RAPL shows no package here"
    nothing = np.full(len(total), np.nan)
    return Sensor(
        time_ns=samples.time_ns,
        counter_joules=total,
        power_watts=nothing,
        use_ratio=nothing,
        period_seconds=PACKAGE_PERIOD_SECONDS,
        scope="of all processes on the machine",
        reason=reason if np.isnan(total).all() else "",
    )


def _nothing(reason: str) -> Sensor:
    empty = np.empty(0)
    return Sensor(
        time_ns=np.empty(0, np.int64),
        counter_joules=empty,
        power_watts=empty,
        use_ratio=empty,
        period_seconds=GPU_PERIOD_SECONDS,
        reason=reason,
    )
