"""What the measured process tree and the whole machine use: CPU time, memory, input and output."""

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

import psutil

from profilers.sampling import memory
from profilers.sampling.source import AVAILABLE, Source, Tier, Value
from profilers.sampling.tree import ProcessTree

SLOW_NS = 1_000_000_000
GAUGES = {
    "process_memory_rss_bytes",
    "process_threads",
    "process_count",
    "process_open_files",
}


class _Usage(NamedTuple):
    """What one process uses and has used; reaped children are in the seconds and bytes."""

    user_seconds: float
    system_seconds: float
    rss_bytes: int
    threads: int
    read_bytes: int | None
    written_bytes: int | None


class ProcessSource(Source):
    """CPU time, memory, threads and input/output of the measured process tree.

    CPU times and bytes of children that were waited for are in their parent's figures: the kernel
    adds the bytes, and the children_* times are added here. So the sum over live processes falls
    only between the end of a child and its parent's next reading, or when nobody waits for a child;
    a running maximum covers that. Parents are read before their children: in the other order a
    child that ends in between would count twice, and the maximum would keep that for good.

    The peak of RSS is the largest of the sums that were sampled and of what the kernel says of each
    process alone, which sees what lies between two samples; it and the open files are read once a
    second.
    """

    def __init__(self, tree: ProcessTree) -> None:
        self._tree = tree
        self._slow = Tier(SLOW_NS)
        self._has_io = hasattr(psutil.Process, "io_counters")
        self._highest: dict[str, float] = {}
        self._switches: dict[int, int] = {}
        self._switches_of_ended = 0
        self.columns = {
            "process_cpu_time_user_seconds": "seconds",
            "process_cpu_time_system_seconds": "seconds",
            "process_memory_rss_bytes": "bytes",
            "process_threads": "count",
            "process_count": "count",
            "process_context_switches": "count",
            "process_io_read_bytes": "bytes",
            "process_io_write_bytes": "bytes",
            "process_memory_rss_peak_bytes": "bytes",
            "process_open_files": "count",
        }
        self.counters = [name for name in self.columns if name not in GAUGES]
        self.capabilities = {
            "process": AVAILABLE,
            "process_context_switches": "counted for each process's main thread only",
            "process_io": AVAILABLE if self._has_io else "not reported by this system",
        }

    def read(self, now_ns: int) -> Sequence[Value]:
        """The tree's sums; all None before the child has started and after it has ended."""
        usages = []
        for process in self._tree.members(now_ns):
            try:
                usages.append(self._usage(process))
            except psutil.Error:
                self._tree.forget(process)
        pids = self._tree.pids
        for pid in self._switches.keys() - pids:
            self._switches_of_ended += self._switches.pop(pid)
        if not pids:
            return [None] * len(self.columns)
        rss_bytes = sum(usage.rss_bytes for usage in usages)
        peak_bytes = int(self._never_falling("rss", rss_bytes))
        slow: Sequence[Value] = [None, None]
        if self._slow.due(now_ns):
            slow = [max(peak_bytes, self._kernel_peak_bytes()), self._open_files()]
        read_bytes = [usage.read_bytes for usage in usages if usage.read_bytes is not None]
        written_bytes = [usage.written_bytes for usage in usages if usage.written_bytes is not None]
        return [
            self._never_falling("user", sum(usage.user_seconds for usage in usages)),
            self._never_falling("system", sum(usage.system_seconds for usage in usages)),
            rss_bytes,
            sum(usage.threads for usage in usages),
            sum(usage.threads > 0 for usage in usages),
            self._switches_of_ended + sum(self._switches.values()),
            self._never_falling("read", sum(read_bytes)) if read_bytes else None,
            self._never_falling("written", sum(written_bytes)) if written_bytes else None,
            *slow,
        ]

    def _usage(self, process: psutil.Process) -> _Usage:
        """Read one process.

        One that has ended but was not waited for yet has no memory and threads. Raises
        psutil.Error if it is gone, and for the measured child also when it has ended.
        """
        with process.oneshot():
            ended = process.status() == psutil.STATUS_ZOMBIE
            if ended and process is self._tree.root:
                raise psutil.ZombieProcess(process.pid)
            times = process.cpu_times()
            user, system = times.user + times.children_user, times.system + times.children_system
            read_bytes, written_bytes = self._io_bytes(process)
            if ended:
                return _Usage(user, system, 0, 0, read_bytes, written_bytes)
            switches = process.num_ctx_switches()
            rss_bytes, threads = process.memory_info().rss, process.num_threads()
        self._switches[process.pid] = switches.voluntary + switches.involuntary
        return _Usage(user, system, rss_bytes, threads, read_bytes, written_bytes)

    def _io_bytes(self, process: psutil.Process) -> tuple[int, int] | tuple[None, None]:
        """Bytes that went to and from storage; None for a process of another user."""
        if self._has_io:
            with contextlib.suppress(psutil.AccessDenied):
                counters = process.io_counters()
                return counters.read_bytes, counters.write_bytes
        return None, None

    def _kernel_peak_bytes(self) -> int:
        """The largest peak that any one process has ever had."""
        peaks = [memory.peak_bytes(pid) or 0 for pid in self._tree.pids]
        return int(self._never_falling("kernel", max(peaks, default=0)))

    def _open_files(self) -> int | None:
        """Files, pipes and sockets that the processes have open; None without the right to see."""
        try:
            return sum(psutil.Process(pid).num_fds() for pid in self._tree.pids)
        except psutil.Error:
            return None

    def _never_falling(self, name: str, value: float) -> float:
        highest = self._highest[name] = max(value, self._highest.get(name, value))
        return highest


class SystemSource(Source):
    """CPU time and memory of the whole machine."""

    def __init__(self) -> None:
        self.columns = {
            "system_cpu_time_busy_seconds": "seconds",
            "system_memory_used_bytes": "bytes",
        }
        self.counters = ["system_cpu_time_busy_seconds"]
        self.capabilities = {"cpu": AVAILABLE, "memory": AVAILABLE}
        not_busy = {"idle", "iowait", "guest", "guest_nice"}  # guests are in user and nice already
        names = psutil.cpu_times()._fields
        self._busy = [number for number, name in enumerate(names) if name not in not_busy]

    def read(self, now_ns: int) -> Sequence[Value]:
        """Seconds that all CPUs together were busy, and bytes that are not available."""
        times = psutil.cpu_times()
        memory = psutil.virtual_memory()
        return [sum(times[number] for number in self._busy), memory.total - memory.available]
