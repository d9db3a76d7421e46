"""The CPU quota of the container: for how long it kept tasks from running that could have."""

import os
from collections.abc import Sequence
from pathlib import Path

from profilers.sampling import cgroup
from profilers.sampling.source import AVAILABLE, Source, Value

PER_SECOND = {b"throttled_usec": 1e6, b"throttled_time": 1e9}
"""What the total is called in cgroup v2 and v1, and how many of its units are a second."""


class QuotaSource(Source):
    """The throttled time of the cgroup with the tightest quota, added up over its CPUs.

    Args:
        root: The folder that stands for `/`, under which proc and sys are looked up.
    """

    def __init__(self, root: Path = cgroup.ROOT) -> None:
        self.columns = {"cgroup_cpu_throttled_seconds": "seconds"}
        self.capabilities = {"quota": "no CPU quota is in force"}
        self._file: int | None = None
        path = cgroup.quota_statistics(root)
        if path is None:
            return
        try:
            self._file = os.open(path, os.O_RDONLY)
            self.capabilities["quota"] = AVAILABLE
        except OSError as error:
            self.capabilities["quota"] = f"can't be read ({error.strerror})"

    def read(self, now_ns: int) -> Sequence[Value]:
        """The seconds since the cgroup was made, which only grow; None where there is no quota."""
        if self._file is None:
            return [None]
        try:
            return [_throttled_seconds(os.pread(self._file, 4096, 0))]
        except OSError as error:
            self.capabilities["quota"] = f"can't be read ({error.strerror})"
            return [None]

    def close(self) -> None:
        """Close the kernel's file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _throttled_seconds(content: bytes) -> float | None:
    for line in content.splitlines():
        name, _, figure = line.partition(b" ")
        if name in PER_SECOND and figure.isdigit():
            return int(figure) / PER_SECOND[name]
    return None
