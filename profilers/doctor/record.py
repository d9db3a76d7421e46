"""What `--doctor` finds out, as records; docs/schema/doctor.json describes them."""

from typing import Literal

import msgspec

from profilers.records import SCHEMA

State = Literal["available", "limited", "unavailable", "absent"]
"""Of a figure: it is measured, is with a restriction, is not; there is nothing to measure."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What the command runs on, and how much of it the command may use.

    `cpus_usable` is the affinity mask or the quota, if that is less. `own_processes` says that the
    process numbers seen here are not those of the machine, as in most containers.
    """

    version: str
    system: str
    python: str
    cpu_model: str | None
    cpus_usable: float
    cpus_allowed: int
    cpu_quota: float | None
    physical_cores: int
    memory_bytes: int
    memory_limit_bytes: int
    container: bool
    wsl: bool
    own_processes: bool


class FrameworkFound(msgspec.Struct, frozen=True, kw_only=True):
    """A framework under the interpreter that would run it.

    `device` is what `--device auto` stands for. `problem` says why it can't be used, and `install`
    is the command that would help where packages are missing.
    """

    name: str
    title: str
    interpreter: str | None
    usable: bool
    versions: dict[str, str] = {}
    device: str | None = None
    warnings: list[str] = []
    problem: str | None = None
    install: str | None = None


class GpuProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A process that holds memory of a GPU; None where the driver does not tell how much.

    `computes` says that it does more than draw, as a desktop's do.
    """

    pid: int
    memory_bytes: int | None
    computes: bool = True


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU that the driver lists, in its order; what it does not tell is None.

    `device` is what `--device` calls it, None if CUDA_VISIBLE_DEVICES hides it or names a part of
    it. `instances` are the UUIDs of its MIG instances.
    """

    index: int
    device: str | None
    uuid: str | None = None
    name: str | None = None
    memory_bytes: int | None = None
    power_limit_watts: float | None = None
    mig: bool | None = None
    instances: list[str] = []
    processes: list[GpuProcess] = []
    problem: str | None = None


class Gpus(msgspec.Struct, frozen=True, kw_only=True):
    """The GPUs of the machine; `problem` says why there are none, `remedy` what would help.

    `expected` says that there is one that can't be reached.
    """

    driver: str | None = None
    found: list[Gpu] = []
    expected: bool = False
    problem: str | None = None
    remedy: str | None = None


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a kind of figure is measured: how, or why not, and what would help."""

    name: str
    title: str
    state: State
    how: str
    remedy: str | None = None


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """The sampler beside an idle process: samples, how late they were, and what they cost.

    `cpu_ratio` is CPU time per second, 1 being one core. `problem` says what went wrong.
    """

    seconds: float
    sample_hz: float
    samples: int
    expected: int
    lag_median_ns: float | None = None
    lag_largest_ns: float | None = None
    cpu_ratio: float | None = None
    problem: str | None = None


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, as `--doctor --json` prints it; `ready` says that some framework can be used."""

    schema: int = SCHEMA
    ready: bool
    machine: Machine
    frameworks: list[FrameworkFound]
    gpus: Gpus
    measurements: list[Measurement]
    self_test: SelfTest
