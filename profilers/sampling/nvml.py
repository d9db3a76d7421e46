"""Use, memory, power and clocks of all NVIDIA GPUs of the machine, by the driver's NVML library."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pynvml

from profilers.sampling.source import AVAILABLE, Source, Tier, Value
from profilers.sampling.tree import ProcessTree

# NVML takes a lock of the driver that the measured process needs too, so it is not asked more
# often than its figures change; the list of processes is by far the dearest call.
FAST_NS = 100_000_000
SLOW_NS = 1_000_000_000

UNITS = {
    "utilization_ratio": "ratio",
    "memory_used_bytes": "bytes",
    "process_memory_bytes": "bytes",
    "power_watts": "watts",
    "energy_joules": "joules",
    "other_processes": "count",
    "throttle_bits": "bits",
    "sm_clock_hz": "hertz",
    "temperature_celsius": "celsius",
}
SLOW = {
    "process_memory_bytes",
    "other_processes",
    "throttle_bits",
    "sm_clock_hz",
    "temperature_celsius",
}
INSTANT = "instant"
AVERAGE = "average-1s"


class NvmlSource(Source):
    """The GPUs in NVML's order, which is that of the PCI bus.

    A figure that a GPU does not support stays empty, and so do all figures of a GPU that is lost;
    the others go on.

    Args:
        tree: The measured processes, for their share of a GPU's memory.
        library: The module to ask.
    """

    def __init__(self, tree: ProcessTree, library: Any = pynvml) -> None:
        self._library = library
        self._fast, self._slow = Tier(FAST_NS), Tier(SLOW_NS)
        self.capabilities: dict[str, str] = {}
        self._gpus: list[_Gpu] = []
        try:
            library.nvmlInit()
            for index in range(library.nvmlDeviceGetCount()):
                self._gpus.append(_Gpu(library, index, tree, self.capabilities))
            self.capabilities["gpu"] = AVAILABLE if self._gpus else "no NVIDIA GPU in this machine"
        except library.NVMLError as error:
            self.capabilities["gpu"] = _reason(library, error)
        self.gpus = [gpu.description for gpu in self._gpus]
        self.columns = {
            f"gpu{gpu.index}_{name}": unit for gpu in self._gpus for name, unit in UNITS.items()
        }

    def read(self, now_ns: int) -> Sequence[Value]:
        """What is due now: at most ten times a second, and what is `SLOW` once a second."""
        if not self._gpus:
            return []
        fast, slow = self._fast.due(now_ns), self._slow.due(now_ns)
        due = {name: slow if name in SLOW else fast for name in UNITS}
        return [gpu.read(name) if due[name] else None for gpu in self._gpus for name in UNITS]

    def close(self) -> None:
        """Let go of the driver."""
        with contextlib.suppress(self._library.NVMLError):  # it was never there, or is lost
            self._library.nvmlShutdown()


class _Gpu:
    """One GPU, and what it has turned out not to give."""

    def __init__(
        self, library: Any, index: int, tree: ProcessTree, capabilities: dict[str, str]
    ) -> None:
        self.index = index
        self._library, self._tree, self._capabilities = library, tree, capabilities
        self._lost = False
        self._unsupported: set[str] = set()
        self._others: int | None = None
        self._readings: dict[str, Callable[[], Any]] = {
            "handle": lambda: library.nvmlDeviceGetHandleByIndex(index),
            "uuid": lambda: library.nvmlDeviceGetUUID(self._handle),
            "name": lambda: library.nvmlDeviceGetName(self._handle),
            "utilization_ratio": self._utilization_ratio,
            "memory_used_bytes": self._memory_used_bytes,
            "process_memory_bytes": self._process_memory_bytes,
            "energy_joules": self._energy_joules,
            "other_processes": lambda: self._others,
            "sm_clock_hz": self._sm_clock_hz,
        }
        self._handle = self.read("handle")
        self._lost = self._handle is None
        power_kind = self._choose_power()
        self._choose(
            "throttle_bits",
            lambda: library.nvmlDeviceGetCurrentClocksEventReasons(self._handle),
            lambda: library.nvmlDeviceGetCurrentClocksThrottleReasons(self._handle),
        )
        self._choose(
            "temperature_celsius",
            lambda: library.nvmlDeviceGetTemperatureV(self._handle, library.NVML_TEMPERATURE_GPU),
            lambda: library.nvmlDeviceGetTemperature(self._handle, library.NVML_TEMPERATURE_GPU),
        )
        self.description: dict[str, str | int | None] = {
            "index": index,
            "uuid": _text(self.read("uuid")),
            "name": _text(self.read("name")),
            "power_kind": power_kind,
        }
        for name in UNITS:
            self.read(name)

    def read(self, name: str) -> Any:
        """One figure, or None with the reason among the capabilities."""
        if self._lost or name in self._unsupported:
            return None
        library = self._library
        try:
            return self._readings[name]()
        except library.NVMLError as error:
            if error.value == library.NVML_ERROR_GPU_IS_LOST:
                self._lost = True
                self._capabilities[f"gpu{self.index}"] = "lost: the driver can't reach it any more"
                return None
            if error.value in (
                library.NVML_ERROR_NOT_SUPPORTED,
                library.NVML_ERROR_FUNCTION_NOT_FOUND,
                library.NVML_ERROR_NO_PERMISSION,
            ):
                self._unsupported.add(name)
            figure = "" if name == "handle" else f"_{name}"
            self._capabilities[f"gpu{self.index}{figure}"] = _reason(library, error)
            return None

    def _choose(self, name: str, *readings: Callable[[], Any]) -> int | None:
        """Read a figure by the first of these calls that the driver has; which one that is."""
        for number, reading in enumerate(readings):
            self._readings[name] = reading
            self._unsupported.discard(name)
            self._capabilities.pop(f"gpu{self.index}_{name}", None)
            if self.read(name) is not None:
                return number
        return None

    def _choose_power(self) -> str | None:
        """Prefer the instantaneous reading; the other one is a mean on newer GPUs.

        NVIDIA's reference says of nvmlDeviceGetPowerUsage: the average over one second on Ampere
        and newer GPUs, instantaneous on older ones.
        """
        library = self._library
        chosen = self._choose(
            "power_watts",
            self._instant_watts,
            lambda: library.nvmlDeviceGetPowerUsage(self._handle) / 1000,
        )
        if not chosen:
            return None if chosen is None else INSTANT
        try:
            architecture: int = library.nvmlDeviceGetArchitecture(self._handle)
        except library.NVMLError:
            return AVERAGE
        return INSTANT if architecture < library.NVML_DEVICE_ARCH_AMPERE else AVERAGE

    def _utilization_ratio(self) -> float:
        rates = self._library.nvmlDeviceGetUtilizationRates(self._handle)
        ratio: float = rates.gpu / 100
        return ratio

    def _memory_used_bytes(self) -> Value:
        """Without what the driver reserves, which only the second version of the call tells."""
        library = self._library
        memory = library.nvmlDeviceGetMemoryInfo(self._handle, version=library.nvmlMemory_v2)
        used: int = memory.used
        return used

    def _process_memory_bytes(self) -> Value:
        """What the measured processes hold; None if the driver lists none of them.

        The driver counts processes as the host does, so inside a container none may match. How
        many others there are is known only where some do.
        """
        pids = self._tree.pids
        self._others = None
        if not pids:
            return None
        running = self._library.nvmlDeviceGetComputeRunningProcesses(self._handle)
        held: list[Any] = [process.usedGpuMemory for process in running if process.pid in pids]
        key = f"gpu{self.index}_process_memory_bytes"
        if not held or None in held:
            self._capabilities[key] = "the driver does not list the measured process on this GPU"
            return None
        self._capabilities.pop(key, None)
        self._others = len({process.pid for process in running} - pids)
        total: int = sum(held)
        return total

    def _instant_watts(self) -> float:
        library = self._library
        field = library.NVML_FI_DEV_POWER_INSTANT
        entry = library.nvmlDeviceGetFieldValues(self._handle, [field])[0]
        if entry.nvmlReturn != library.NVML_SUCCESS:
            raise library.NVMLError(entry.nvmlReturn)
        watts: float = entry.value.uiVal / 1000
        return watts

    def _sm_clock_hz(self) -> int:
        library = self._library
        megahertz: int = library.nvmlDeviceGetClockInfo(self._handle, library.NVML_CLOCK_SM)
        return megahertz * 1_000_000

    def _energy_joules(self) -> float:
        millijoules: int = self._library.nvmlDeviceGetTotalEnergyConsumption(self._handle)
        return millijoules / 1000


def _reason(library: Any, error: Any) -> str:
    """An NVML error in a user's words."""
    if error.value in (library.NVML_ERROR_LIBRARY_NOT_FOUND, library.NVML_ERROR_DRIVER_NOT_LOADED):
        return "no NVIDIA driver on this machine"
    if error.value in (
        library.NVML_ERROR_NOT_SUPPORTED,
        library.NVML_ERROR_FUNCTION_NOT_FOUND,
    ):
        return "not supported"
    if error.value == library.NVML_ERROR_NO_PERMISSION:
        return "not permitted to this user"
    return f"not readable at times ({error})"


def _text(name: Any) -> str | None:
    return name.decode() if isinstance(name, bytes) else name
