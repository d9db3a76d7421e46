"""What the machine's swap, disks and network were used for, once a second."""

from collections.abc import Callable, Sequence

import psutil

from profilers.sampling.source import AVAILABLE, Source, Tier, Value

PERIOD_NS = 1_000_000_000


class MachineSource(Source):
    """Swap in use, and bytes that all disks and network interfaces together have moved.

    The kernel has these in long texts, so that they are not read at each sample.
    """

    def __init__(self) -> None:
        self.columns = {
            "system_swap_used_bytes": "bytes",
            "system_disk_read_bytes": "bytes",
            "system_disk_write_bytes": "bytes",
            "system_network_received_bytes": "bytes",
            "system_network_sent_bytes": "bytes",
        }
        self.counters = [*self.columns][1:]
        self.capabilities: dict[str, str] = {}
        self._tier = Tier(PERIOD_NS)

    def read(self, now_ns: int) -> Sequence[Value]:
        """What is due now; counters grow from the start of the machine or of an interface."""
        if not self._tier.due(now_ns):
            return [None] * len(self.columns)
        return [
            *self._reading("swap", 1, lambda: [psutil.swap_memory().used]),
            *self._reading("disk", 2, _disk),
            *self._reading("network", 2, _network),
        ]

    def _reading(self, what: str, count: int, read: Callable[[], list[int]]) -> Sequence[Value]:
        """The values of one kind; a container may hide the kernel's files for it."""
        try:
            values = read()
        except (OSError, RuntimeError) as error:
            self.capabilities[what] = f"not reported by this system ({error})"
            return [None] * count
        self.capabilities[what] = AVAILABLE if values else "this machine shows none"
        return values or [None] * count


def _disk() -> list[int]:
    found = psutil.disk_io_counters(nowrap=False)
    return [found.read_bytes, found.write_bytes] if found else []


def _network() -> list[int]:
    found = psutil.net_io_counters(nowrap=False)
    return [found.bytes_recv, found.bytes_sent] if found else []
