"""Pressure: for how long tasks had to wait for a CPU, for memory or for a disk."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from profilers.sampling.source import AVAILABLE, Source, Value

FOLDER = Path("/proc/pressure")
TOTALS = {"cpu": (b"some",), "memory": (b"some", b"full"), "io": (b"some", b"full")}
"""By file, the lines that are read: some task waited, all that were not idle did."""


class PressureSource(Source):
    """The kernel's pressure stall information (PSI) of the machine: the totals.

    Args:
        folder: Where the kernel's files are; they are kept open.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.columns = {
            f"psi_{name}_{line.decode()}_seconds": "seconds"
            for name, lines in TOTALS.items()
            for line in lines
        }
        self.counters = [*self.columns]
        self.capabilities = {"pressure": AVAILABLE}
        self._files: dict[str, int] = {}
        for name in TOTALS:
            try:
                self._open(folder, name)
            except OSError:
                why = f"this kernel does not report {name} pressure"
                self.capabilities["pressure" if name == "cpu" else f"pressure_{name}"] = why

    def _open(self, folder: Path, name: str) -> None:
        file = os.open(folder / name, os.O_RDONLY)
        try:
            os.pread(file, 1, 0)  # a kernel that was told to report none says so only here
        except OSError:
            os.close(file)
            raise
        self._files[name] = file

    def read(self, now_ns: int) -> Sequence[Value]:
        """The seconds since boot, which only grow."""
        return [
            value for name, lines in TOTALS.items() for value in self._seconds(name, len(lines))
        ]

    def _seconds(self, name: str, count: int) -> Sequence[Value]:
        if name not in self._files:
            return [None] * count
        try:
            content = os.pread(self._files[name], 512, 0)
        except OSError as error:
            self.capabilities["pressure"] = f"can't be read ({error.strerror})"
            return [None] * count
        return [_total_seconds(content, line) for line in TOTALS[name]]

    def close(self) -> None:
        """Close the kernel's files."""
        while self._files:
            with contextlib.suppress(OSError):
                os.close(self._files.popitem()[1])


def _total_seconds(content: bytes, wanted: bytes) -> float | None:
    """The total, which the kernel gives in microseconds, of a line `some avg10=... total=N`."""
    for line in content.splitlines():
        words = line.split()
        if words and words[0] == wanted:
            for word in words:
                name, _, figure = word.partition(b"=")
                if name == b"total" and figure.isdigit():
                    return int(figure) / 1e6
    return None
