"""The CPU quota of the container: for how long it kept tasks from running that could have."""

import os
from collections.abc import Sequence
from pathlib import Path

from profilers.sampling import cgroup
from profilers.sampling.source import AVAILABLE, Source, Value

PER_SECOND = {b"throttled_usec": 1e6, b"throttled_time": 1e9}
"""What the total is called in cgroup v2 and v1, and how many of its units are a second."""

PERIODS = b"nr_throttled"


class QuotaSource(Source):
    """The throttling of the cgroup with the tightest quota.

    Its time is added up over its CPUs; its count is that of the quota's periods, 0.1 s as a rule,
    in which the quota was used up.

    Args:
        root: The folder that stands for `/`, under which proc and sys are looked up.
    """

    def __init__(self, root: Path = cgroup.ROOT) -> None:
        self.columns = {
            "cgroup_cpu_throttled_seconds": "seconds",
            "cgroup_cpu_throttled_periods": "count",
        }
        self.counters = [*self.columns]
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
        """Seconds and periods since the cgroup was made; None where there is no quota."""
        if self._file is None:
            return [None, None]
        try:
            return _throttled(os.pread(self._file, 4096, 0))
        except OSError as error:
            self.capabilities["quota"] = f"can't be read ({error.strerror})"
            return [None, None]

    def close(self) -> None:
        """Close the kernel's file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _throttled(content: bytes) -> list[Value]:
    seconds: float | None = None
    periods: int | None = None
    for line in content.splitlines():
        name, _, figure = line.partition(b" ")
        if name in PER_SECOND and figure.isdigit():
            seconds = int(figure) / PER_SECOND[name]
        elif name == PERIODS and figure.isdigit():
            periods = int(figure)
    return [seconds, periods]
