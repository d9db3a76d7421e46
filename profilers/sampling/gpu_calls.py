"""The calls of NVML for each figure of a GPU, in the units of our columns; they raise NVMLError."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from profilers.records import POWER_AVERAGE, POWER_INSTANT
from profilers.sampling.source import Value
from profilers.sampling.tree import ProcessTree

GA100 = (8, 0)
"""Compute capability of the one Ampere chip whose power is not a mean over a second."""

NOT_AVAILABLE = (2**32 - 1, 2**64 - 1)
"""What NVML gives for an unsigned number that it does not know (NVML_VALUE_NOT_AVAILABLE)."""

UNLISTED = "the driver does not list the measured process on this GPU"
NO_SIZES = "the driver does not tell how much memory a process holds"
NO_VALUE = "the driver gives no value"

Reading = Callable[[], Any]


class UntoldError(Exception):
    """The driver answers, but not with the figure; the message says why, in a user's words."""


@dataclass
class GpuCalls:
    """What can be asked of one GPU.

    Args:
        library: The module to ask.
        handle: The GPU's.
        tree: The measured processes.
        scopes: Whose power is asked for, in this order: that of the "gpu", of its "module".
        memory_handle: That of the MIG instance, where a run has only a part of the GPU: for memory
            and processes.
    """

    library: Any
    handle: Any
    tree: ProcessTree
    scopes: Sequence[str]
    memory_handle: Any
    _others: int | None = None

    def by_figure(self) -> Mapping[str, Sequence[Reading]]:
        """By figure, the calls for it: the best first, then those of older drivers and GPUs."""
        library, handle = self.library, self.handle
        return {
            "utilization_ratio": [self._utilization_ratio],
            "memory_used_bytes": [
                lambda: _known(self._memory().used),
                self._memory_used_with_reserved,
            ],
            "memory_reserved_bytes": [lambda: _known(self._memory().reserved)],
            "process_memory_bytes": [self._process_memory_bytes],
            "power_watts": [
                *self._field_watts(lambda: library.NVML_FI_DEV_POWER_INSTANT),
                self._usage_watts,
            ],
            "power_average_watts": [
                *self._field_watts(lambda: library.NVML_FI_DEV_POWER_AVERAGE),
                *([self._usage_watts] if self.usage_kind() == POWER_AVERAGE else []),
            ],
            "energy_joules": [self._energy_joules],
            "other_processes": [lambda: self._others],
            "throttle_bits": [
                lambda: _known(library.nvmlDeviceGetCurrentClocksEventReasons(handle)),
                lambda: _known(library.nvmlDeviceGetCurrentClocksThrottleReasons(handle)),
            ],
            "sm_clock_hz": [lambda: self._clock_hz(library.NVML_CLOCK_SM)],
            "memory_clock_hz": [lambda: self._clock_hz(library.NVML_CLOCK_MEM)],
            "temperature_celsius": [
                lambda: self._celsius(library.nvmlDeviceGetTemperatureV),
                lambda: self._celsius(library.nvmlDeviceGetTemperature),
            ],
            "pcie_received_bytes_per_second": [lambda: self._pcie(library.NVML_PCIE_UTIL_RX_BYTES)],
            "pcie_sent_bytes_per_second": [lambda: self._pcie(library.NVML_PCIE_UTIL_TX_BYTES)],
        }

    def power(self, chosen: int) -> tuple[str, str]:
        """Kind and scope of the reading of that number for power_watts."""
        if chosen < len(self.scopes):
            return POWER_INSTANT, self.scopes[chosen]
        return self.usage_kind(), "gpu"

    def usage_kind(self) -> str:
        """What nvmlDeviceGetPowerUsage gives, by NVIDIA's reference for it.

        The average over one second on Ampere and newer GPUs but GA100, the instant value on that
        and older ones.
        """
        library = self.library
        try:
            if library.nvmlDeviceGetArchitecture(self.handle) < library.NVML_DEVICE_ARCH_AMPERE:
                return POWER_INSTANT
            capability = tuple(library.nvmlDeviceGetCudaComputeCapability(self.handle))
        except (library.NVMLError, AttributeError):
            return POWER_AVERAGE
        return POWER_INSTANT if capability == GA100 else POWER_AVERAGE

    def _field_watts(self, field: Callable[[], int]) -> list[Reading]:
        """A reading of a field of power for each scope."""
        library = self.library
        readings: dict[str, Reading] = {
            "gpu": lambda: self._watts(field()),
            "module": lambda: self._watts((field(), library.NVML_POWER_SCOPE_MODULE)),
        }
        return [readings[scope] for scope in self.scopes]

    def _watts(self, field: int | tuple[int, int]) -> float:
        library = self.library
        entry = library.nvmlDeviceGetFieldValues(self.handle, [field])[0]
        if entry.nvmlReturn != library.NVML_SUCCESS:
            raise library.NVMLError(entry.nvmlReturn)
        return _known(entry.value.uiVal) / 1000

    def _usage_watts(self) -> float:
        return _known(self.library.nvmlDeviceGetPowerUsage(self.handle)) / 1000

    def _energy_joules(self) -> float:
        return _known(self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle)) / 1000

    def _utilization_ratio(self) -> float:
        return _known(self.library.nvmlDeviceGetUtilizationRates(self.handle).gpu) / 100

    def _celsius(self, ask: Callable[[Any, int], int]) -> int:
        return _known(ask(self.handle, self.library.NVML_TEMPERATURE_GPU))

    def _clock_hz(self, kind: int) -> int:
        return _known(self.library.nvmlDeviceGetClockInfo(self.handle, kind)) * 1_000_000

    def _pcie(self, direction: int) -> int:
        """Bytes a second over the last 20 ms; NVML's unit is KB, and the call takes that long."""
        return _known(self.library.nvmlDeviceGetPcieThroughput(self.handle, direction)) * 1000

    def _memory(self) -> Any:
        """In the second version of the call `used` is without what the driver reserves."""
        library = self.library
        return library.nvmlDeviceGetMemoryInfo(self.memory_handle, version=library.nvmlMemory_v2)

    def _memory_used_with_reserved(self) -> int:
        return _known(self.library.nvmlDeviceGetMemoryInfo(self.memory_handle).used)

    def _process_memory_bytes(self) -> Value:
        """What the measured processes hold; None before there are any.

        The driver counts processes as the host does, so inside a container none may match. How
        many others there are is known only where some do. Of a split GPU all users may ask only
        for their own part.
        """
        pids = self.tree.pids
        self._others = None
        if not pids:
            return None
        running = self.library.nvmlDeviceGetComputeRunningProcesses(self.memory_handle)
        held: list[Any] = [process.usedGpuMemory for process in running if process.pid in pids]
        if not held:
            raise UntoldError(UNLISTED)
        self._others = len({process.pid for process in running} - pids)
        if None in held:
            raise UntoldError(NO_SIZES)
        total: int = sum(held)
        return total


def _known(value: int) -> int:
    """A number of the driver's, unless it stands for none."""
    if value in NOT_AVAILABLE:
        raise UntoldError(NO_VALUE)
    return value
