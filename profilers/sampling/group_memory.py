"""The container's memory: how near its cgroup is to the limit at which the kernel kills."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from profilers.sampling import cgroup
from profilers.sampling.source import AVAILABLE, Source, Tier, Value

FILES = (("memory.current", b"inactive_file"), ("memory.usage_in_bytes", b"total_inactive_file"))
"""In cgroup v2 and v1: the file with the usage, and the name of the part that is easily freed."""

PERIOD_NS = 1_000_000_000
"""The kernel gathers these figures from all CPUs when they are read."""


class GroupMemorySource(Source):
    """Memory of the cgroup with the tightest limit, less cached files that are not in use.

    Those count as used, but the kernel drops them before it kills.

    Args:
        root: The folder that stands for `/`, under which proc and sys are looked up.
    """

    def __init__(self, root: Path = cgroup.ROOT) -> None:
        self.columns = {"cgroup_memory_used_bytes": "bytes"}
        self.capabilities = {"cgroup_memory": "no limit of memory is in force"}
        self._tier = Tier(PERIOD_NS)
        self._files: list[int] = []
        folder = cgroup.limited_memory(root)
        if folder is None:
            return
        version = next((files for files in FILES if (folder / files[0]).exists()), FILES[0])
        usage, self._inactive = version
        try:
            for name in (usage, "memory.stat"):
                self._files.append(os.open(folder / name, os.O_RDONLY))
            self.capabilities["cgroup_memory"] = AVAILABLE
        except OSError as error:
            self._fail(error)

    def read(self, now_ns: int) -> Sequence[Value]:
        """The bytes once a second, None where there is no limit."""
        if not self._files or not self._tier.due(now_ns):
            return [None]
        try:
            usage, statistics = (os.pread(file, 8192, 0) for file in self._files)
        except OSError as error:
            self._fail(error)
            return [None]
        used = usage.strip()
        return [max(0, int(used) - self._droppable(statistics)) if used.isdigit() else None]

    def _droppable(self, statistics: bytes) -> int:
        for line in statistics.splitlines():
            name, _, figure = line.partition(b" ")
            if name == self._inactive and figure.isdigit():
                return int(figure)
        return 0

    def _fail(self, error: OSError) -> None:
        self.capabilities["cgroup_memory"] = f"can't be read ({error.strerror})"
        self.close()

    def close(self) -> None:
        """Close the kernel's files."""
        while self._files:
            with contextlib.suppress(OSError):
                os.close(self._files.pop())
