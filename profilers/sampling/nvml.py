"""Use, memory, power and clocks of the NVIDIA GPUs that a run may use, by the driver's NVML."""

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pynvml

from profilers.sampling import mig, nvml_errors
from profilers.sampling.gpu import Gpu
from profilers.sampling.source import AVAILABLE, Source, Tier, Value
from profilers.sampling.tree import ProcessTree
from profilers.sampling.visible import VARIABLE, Known, visible

# NVML takes a lock of the driver that the measured process needs too, so it is not asked more
# often than its figures change; the list of processes is by far the dearest call.
FAST_NS = 100_000_000
SLOW_NS = 1_000_000_000
PCIE_NS = 5_000_000_000
"""How often each direction of each GPU is read; such a call takes 20 ms, so they take turns."""
REST_FACTOR = 2
"""How much longer than an answer took the driver is left alone before it is asked again."""

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
    "memory_reserved_bytes": "bytes",
    "power_average_watts": "watts",
    "memory_clock_hz": "hertz",
    "pcie_received_bytes_per_second": "bytes per second",
    "pcie_sent_bytes_per_second": "bytes per second",
}
COUNTERS = ("energy_joules",)
SLOW = {
    "process_memory_bytes",
    "other_processes",
    "throttle_bits",
    "sm_clock_hz",
    "memory_clock_hz",
    "temperature_celsius",
}
PCIE = ("pcie_received_bytes_per_second", "pcie_sent_bytes_per_second")


class NvmlSource(Source):
    """The GPUs in NVML's order, which is that of the PCI bus; their numbers are in the columns.

    A figure that a GPU does not support stays empty, and so do all figures of a GPU that is lost;
    the others go on.

    Args:
        tree: The measured processes, for their share of a GPU's memory.
        library: The module to ask.
        environment: Where CUDA_VISIBLE_DEVICES stands; GPUs that it hides are not sampled.
    """

    def __init__(
        self,
        tree: ProcessTree,
        library: Any = pynvml,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._library = library
        self._fast, self._slow = Tier(FAST_NS), Tier(SLOW_NS)
        self._rest_until_ns = 0
        self._is_slow = False
        self.capabilities: dict[str, str] = {}
        self.notices: list[str] = []
        self._gpus: list[Gpu] = []
        try:
            library.nvmlInit()
            known = _known_gpus(library)
        except library.NVMLError as error:
            self.capabilities["gpu"] = nvml_errors.unreachable(library, error)
        else:
            self._open(tree, known, environment.get(VARIABLE))
        self.gpus = [gpu.description for gpu in self._gpus]
        self.columns = {
            f"gpu{gpu.index}_{name}": unit for gpu in self._gpus for name, unit in UNITS.items()
        }
        self.counters = [f"gpu{gpu.index}_{name}" for gpu in self._gpus for name in COUNTERS]
        turns = [(gpu, name) for gpu in self._gpus for name in PCIE]
        self._turns = cycle(turns or [None])
        self._pcie = Tier(max(FAST_NS, PCIE_NS // max(1, len(turns))))

    def _open(self, tree: ProcessTree, known: Sequence[Known], variable: str | None) -> None:
        """A GPU of which a run has two parts is still one."""
        for ordinal, device in enumerate(visible(variable, known)):
            if device.index not in {gpu.index for gpu in self._gpus}:
                gpu = Gpu(self._library, device, ordinal, tree, self.capabilities, self.notices)
                self._gpus.append(gpu)
        self._gpus.sort(key=lambda gpu: gpu.index)
        if self._gpus:
            self.capabilities["gpu"] = AVAILABLE
        elif known:
            self.capabilities["gpu"] = f"{VARIABLE}={variable} leaves none of {len(known)} visible"
        else:
            self.capabilities["gpu"] = "no NVIDIA GPU in this machine"

    def read(self, now_ns: int) -> Sequence[Value]:
        """What is due now: at most ten times a second, and what is `SLOW` once a second.

        A driver that is slow to answer is asked less often, as everything else waits for it.
        """
        if now_ns + FAST_NS // 4 < self._rest_until_ns:
            return [None] * len(self.columns)
        began_ns = time.monotonic_ns()
        values = self._read(now_ns)
        cost_ns = time.monotonic_ns() - began_ns
        self._rest_until_ns = now_ns + (1 + REST_FACTOR) * cost_ns
        if cost_ns > FAST_NS and not self._is_slow:
            self._is_slow = True
            took = f"NVIDIA's driver took {cost_ns / 1e9:.1f} s to answer"
            self.notices.append(f"{took}: GPUs are sampled less often.")
        return values

    def _read(self, now_ns: int) -> Sequence[Value]:
        fast, slow = self._fast.due(now_ns), self._slow.due(now_ns)
        turn = next(self._turns) if self._pcie.due(now_ns) else None
        return [
            gpu.read(name)
            if (turn == (gpu, name) if name in PCIE else slow if name in SLOW else fast)
            else None
            for gpu in self._gpus
            for name in UNITS
        ]

    def close(self) -> None:
        """Let go of the driver."""
        with contextlib.suppress(self._library.NVMLError):  # it was never there, or is lost
            self._library.nvmlShutdown()


def _known_gpus(library: Any) -> list[Known]:
    """All GPUs that the driver shows, in its order; one that can't be opened has no UUID."""
    return [_known(library, index) for index in range(library.nvmlDeviceGetCount())]


def _known(library: Any, index: int) -> Known:
    try:
        handle = library.nvmlDeviceGetHandleByIndex(index)
        uuid = library.nvmlDeviceGetUUID(handle)
    except library.NVMLError:
        return Known(None)
    return Known(uuid, mig.instances(library, handle))
