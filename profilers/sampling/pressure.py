"""CPU pressure: for how long some task was runnable but had to wait for a CPU."""

import os
from collections.abc import Sequence
from pathlib import Path

from profilers.sampling.source import AVAILABLE, Source, Value


class PressureSource(Source):
    """The kernel's pressure stall information (PSI) of the machine: the cpu "some" total.

    Args:
        path: The kernel's file, which is kept open.
    """

    def __init__(self, path: Path = Path("/proc/pressure/cpu")) -> None:
        self.columns = {"psi_cpu_some_seconds": "seconds"}
        self.capabilities = {"pressure": AVAILABLE}
        self._file: int | None = None
        try:
            self._file = os.open(path, os.O_RDONLY)
            os.pread(self._file, 1, 0)
        except OSError:
            self.close()
            self.capabilities["pressure"] = "this kernel does not report CPU pressure"

    def read(self, now_ns: int) -> Sequence[Value]:
        """The seconds since boot, which only grow."""
        if self._file is None:
            return [None]
        try:
            return [_some_total_seconds(os.pread(self._file, 512, 0))]
        except OSError as error:
            self.capabilities["pressure"] = f"can't be read ({error.strerror})"
            return [None]

    def close(self) -> None:
        """Close the kernel's file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _some_total_seconds(content: bytes) -> float | None:
    """The total, which the kernel gives in microseconds, of a line `some avg10=... total=N`."""
    for line in content.splitlines():
        words = line.split()
        if words and words[0] == b"some":
            for word in words:
                name, _, figure = word.partition(b"=")
                if name == b"total" and figure.isdigit():
                    return int(figure) / 1e6
    return None
