"""One NVIDIA GPU: each figure by the first call for it that the driver has, or why not."""

from collections.abc import Sequence
from typing import Any

from profilers.sampling import nvml_errors
from profilers.sampling.gpu_calls import (
    NO_SIZES,
    NO_VALUE,
    UNLISTED,
    GpuCalls,
    Reading,
    UntoldError,
)
from profilers.sampling.tree import ProcessTree
from profilers.sampling.visible import Visible

MODULES = ("GH200", "GB200", "Grace")
"""In the names of GPUs that share a module, and its power sensor, with a processor."""

AT_TIMES = (NO_SIZES, NO_VALUE, UNLISTED)
"""Why a figure is empty that may be told a moment later."""


class Gpu:
    """One GPU, and what it has turned out not to give.

    Args:
        library: The module to ask.
        visible: Its number in NVML's order, with the MIG instance that the run has of it.
        ordinal: Its number in CUDA's count.
        tree: The measured processes, for their share of its memory.
        capabilities: Where to say what it does not give.
        notices: Where to say what it does not give any more.
    """

    def __init__(
        self,
        library: Any,
        visible: Visible,
        ordinal: int,
        tree: ProcessTree,
        capabilities: dict[str, str],
        notices: list[str],
    ) -> None:
        self.index = visible.index
        self._library = library
        self._capabilities, self._notices = capabilities, notices
        self._name: str | None = None
        self._lost = False
        self._unsupported: set[str] = set()
        self._readings: dict[str, Reading] = {}
        self.description: dict[str, str | int | None] = {
            "index": self.index,
            "uuid": None,
            "name": None,
            "power_kind": None,
            "power_scope": None,
            "cuda_ordinal": ordinal,
            "mig_uuid": visible.instance,
        }
        handle = self._ask("handle", lambda: library.nvmlDeviceGetHandleByIndex(self.index))
        self._lost = handle is None
        if not self._lost:
            self._open(handle, visible.instance, tree)

    def _open(self, handle: Any, instance: str | None, tree: ProcessTree) -> None:
        library = self._library
        self._name = self._ask("name", lambda: library.nvmlDeviceGetName(handle))
        uuid = self._ask("uuid", lambda: library.nvmlDeviceGetUUID(handle))
        is_module = any(word in (self._name or "") for word in MODULES)
        memory_handle = handle if instance is None else self._open_instance(instance) or handle
        scopes = ("gpu", "module") if is_module else ("gpu",)
        calls = GpuCalls(library, handle, tree, scopes, memory_handle)
        chosen = {name: self._choose(name, found) for name, found in calls.by_figure().items()}
        self.description |= {"uuid": uuid, "name": self._name}
        if chosen["memory_used_bytes"] == 1:
            self._say("memory_reserved_bytes", "not supported; it is part of memory_used_bytes")
        if (number := chosen["power_watts"]) is not None and not self._lost:
            self._describe_power(*calls.power(number))

    def _open_instance(self, uuid: str) -> Any:
        """Of a MIG instance NVML tells name and memory; all else is that of the whole GPU."""
        library = self._library
        handle = self._ask("mig", lambda: library.nvmlDeviceGetHandleByUUID(uuid))
        if handle is not None:
            name = self._ask("mig_name", lambda: library.nvmlDeviceGetName(handle))
            self._name = name or self._name
            self._say(
                "mig",
                f"memory is that of the MIG instance {uuid}; power, energy, clocks and temperature "
                "are those of the whole GPU",
            )
        return handle

    def _describe_power(self, kind: str, scope: str) -> None:
        self.description |= {"power_kind": kind, "power_scope": scope}
        if scope == "module":
            text = "power is that of the whole module, the processor's included"
            self._say("power_scope", text)
            self._notices.append(f"GPU {self.index} ({self._name}): {text}.")

    def read(self, name: str) -> Any:
        """One figure, or None with the reason among the capabilities."""
        if self._lost or name in self._unsupported:
            return None
        library = self._library
        try:
            value = self._try(self._readings[name])
        except library.NVMLError as error:
            self._note(name, error)
            return None
        except UntoldError as error:
            self._say(name, str(error))
            return None
        if value is not None and self._capabilities.get(self._key(name)) in AT_TIMES:
            del self._capabilities[self._key(name)]
        return value

    def _note(self, name: str, error: Any) -> None:
        library = self._library
        reason = nvml_errors.reason(library, error)
        if nvml_errors.is_lost(library, error):
            self._lost = True
            self._say("", reason)
            who = f"GPU {self.index}" + (f" ({self._name})" if self._name else "")
            self._notices.append(
                f"{who} was lost: the driver can't reach it any more, and its figures are missing "
                "from then on; see dmesg for the reason."
            )
            return
        if nvml_errors.is_lasting(library, error):
            self._unsupported.add(name)
        self._say("" if name == "handle" else name, reason)

    def _key(self, name: str) -> str:
        return f"gpu{self.index}_{name}" if name else f"gpu{self.index}"

    def _say(self, name: str, what: str) -> None:
        self._capabilities[self._key(name)] = what

    def _try(self, reading: Reading) -> Any:
        """A reading for which the bindings are too old fails like one of an old driver."""
        try:
            return reading()
        except AttributeError:
            raise nvml_errors.of_missing_function(self._library) from None

    def _ask(self, name: str, reading: Reading) -> Any:
        self._readings[name] = reading
        return self.read(name)

    def _choose(self, name: str, readings: Sequence[Reading]) -> int | None:
        """Read a figure by the first of these calls that the driver has; which one that is.

        If none works now, it is the first one that may work at another time.
        """
        possible: list[int] = []
        for number, reading in enumerate(readings):
            self._unsupported.discard(name)
            self._capabilities.pop(self._key(name), None)
            if self._ask(name, reading) is not None or self._lost:
                return number
            if name not in self._unsupported:
                possible.append(number)
        if not possible:
            return None
        self._readings[name] = readings[possible[0]]
        self._unsupported.discard(name)
        return possible[0]
