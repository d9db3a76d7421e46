"""A stand-in for the module pynvml, for tests of single calls; library.py is for whole runs."""

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace

import pynvml

PID = 4242
TOTAL_BYTES = 24 << 30


class FakeNvml:
    """Plays pynvml for GPUs that draw 100 W more per index; errors by function and GPU."""

    def __init__(self, count=1):
        self.count = count
        self.errors: dict[tuple[str, int | None], int] = {}
        self.calls: Counter[str] = Counter()
        self.architecture = pynvml.NVML_DEVICE_ARCH_HOPPER
        self.processes = [SimpleNamespace(pid=PID, usedGpuMemory=700)]
        self.power_field_return = pynvml.NVML_SUCCESS
        self.power_scope = pynvml.NVML_POWER_SCOPE_GPU
        self.capability = (9, 0)
        self.name = "NVIDIA Test"
        self.instances: dict[int, list[str]] = {}
        self.drawing: list[SimpleNamespace] = []
        self.asked: dict[str, object] = {}
        self.value: Callable[[bool], int] | None = None
        """What stands in place of every number; it is told whether that has 64 bits."""

    def __getattr__(self, name):
        return getattr(pynvml, name)  # constants and NVMLError

    def _call(self, name, gpu=None):
        self.calls[name] += 1
        code = self.errors.get((name, gpu)) or self.errors.get((name, None))
        if code:
            raise pynvml.NVMLError(code)

    def _number(self, number, wide=False):
        return number if self.value is None else self.value(wide)

    def nvmlInit(self):  # noqa: N802
        self._call("init")

    def nvmlShutdown(self):  # noqa: N802
        self._call("shutdown")

    def nvmlDeviceGetCount(self):  # noqa: N802
        return self.count

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        self._call("handle", index)
        return index

    def nvmlDeviceGetUUID(self, gpu):  # noqa: N802
        return gpu if isinstance(gpu, str) else f"GPU-{gpu}"

    def nvmlDeviceGetName(self, gpu):  # noqa: N802
        return f"{self.name} MIG 1g.10gb" if isinstance(gpu, str) else self.name

    def nvmlDeviceGetCudaComputeCapability(self, gpu):  # noqa: N802
        return self.capability

    def nvmlDeviceGetMigMode(self, gpu):  # noqa: N802
        self._call("mig-mode", gpu)
        return [int(gpu in self.instances), 0]

    def nvmlDeviceGetMaxMigDeviceCount(self, gpu):  # noqa: N802
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, gpu, number):  # noqa: N802
        if number >= len(self.instances[gpu]):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return self.instances[gpu][number]

    def nvmlDeviceGetHandleByUUID(self, uuid):  # noqa: N802
        return uuid

    def nvmlDeviceGetPcieThroughput(self, gpu, direction):  # noqa: N802
        self._call("pcie", gpu)
        known = {pynvml.NVML_PCIE_UTIL_RX_BYTES: 30, pynvml.NVML_PCIE_UTIL_TX_BYTES: 20}
        return self._number(known[direction])

    def nvmlDeviceGetArchitecture(self, gpu):  # noqa: N802
        self._call("architecture", gpu)
        return self.architecture

    def nvmlDeviceGetUtilizationRates(self, gpu):  # noqa: N802
        self._call("utilization", gpu)
        return SimpleNamespace(gpu=self._number(25), memory=99)

    def nvmlDeviceGetMemoryInfo(self, gpu, version=None):  # noqa: N802
        self._call("memory" if version else "memory-v1", gpu)
        if version is None:
            return SimpleNamespace(used=self._number(1500, wide=True), total=TOTAL_BYTES)
        assert version == pynvml.nvmlMemory_v2
        used, reserved = 77 if isinstance(gpu, str) else 1000, 500
        return SimpleNamespace(
            used=self._number(used, wide=True), reserved=self._number(reserved, wide=True)
        )

    def nvmlDeviceGetComputeRunningProcesses(self, gpu):  # noqa: N802
        self._call("processes", gpu)
        self.asked["processes"] = gpu
        return self.processes

    def nvmlDeviceGetGraphicsRunningProcesses(self, gpu):  # noqa: N802
        return self.drawing

    def nvmlDeviceGetEnforcedPowerLimit(self, gpu):  # noqa: N802
        self._call("limit", gpu)
        return 72_000

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return "580.82"

    def nvmlDeviceGetFieldValues(self, gpu, fields):  # noqa: N802
        self._call("fields", gpu)
        [field] = fields
        number, scope = (field, 0) if isinstance(field, int) else field
        milliwatts = 100_000 * (gpu + 1) + {185: 1000, 186: 0}[number] + scope
        value = SimpleNamespace(uiVal=self._number(milliwatts))
        code = pynvml.NVML_ERROR_NOT_SUPPORTED
        code = self.power_field_return if scope == self.power_scope else code
        return [SimpleNamespace(nvmlReturn=code, value=value)]

    def nvmlDeviceGetPowerUsage(self, gpu):  # noqa: N802
        self._call("power", gpu)
        return self._number(90_000)

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu):  # noqa: N802
        self._call("energy", gpu)
        return self._number(5_500, wide=True)

    def nvmlDeviceGetCurrentClocksEventReasons(self, gpu):  # noqa: N802
        self._call("event-reasons", gpu)
        return self._number(pynvml.nvmlClocksEventReasonSwThermalSlowdown, wide=True)

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, gpu):  # noqa: N802
        self._call("throttle-reasons", gpu)
        return pynvml.nvmlClocksThrottleReasonHwSlowdown

    def nvmlDeviceGetClockInfo(self, gpu, kind):  # noqa: N802
        self._call("clock", gpu)
        return self._number({pynvml.NVML_CLOCK_SM: 1980, pynvml.NVML_CLOCK_MEM: 2600}[kind])

    def nvmlDeviceGetTemperatureV(self, gpu, sensor):  # noqa: N802
        self._call("temperature-v", gpu)
        return self._number(61)

    def nvmlDeviceGetTemperature(self, gpu, sensor):  # noqa: N802
        self._call("temperature", gpu)
        assert sensor == pynvml.NVML_TEMPERATURE_GPU
        return 62
