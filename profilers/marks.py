"""What the measured process does beside its steps: collecting garbage, tracing, compiling."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from profilers.records import Mark

Kind = Literal["gc", "trace", "compile"]
Note = Callable[[Kind, str, int, int], None]
"""Takes note of something with its kind, its name, and the monotonic ns of its begin and end."""

MOST = 4000
"""The import of TensorFlow alone collects garbage about 1,000 times."""
LONGEST_NAME = 200


def nobody(kind: Kind, name: str, began_ns: int, ended_ns: int) -> None:
    """A Note that is not taken."""


class Marks:
    """Keeps marks in memory until they are taken, the first `MOST` of them; counts the others."""

    def __init__(self) -> None:
        self._noted: list[tuple[Kind, str, int, int]] = []
        self._left_out: Counter[str] = Counter()
        self._began_ns = 0

    def note(self, kind: Kind, name: str, began_ns: int, ended_ns: int) -> None:
        """Take note of something; times are monotonic. Reads no clock and writes nothing."""
        if len(self._noted) < MOST:
            self._noted.append((kind, name, began_ns, ended_ns))
        else:
            self._left_out[kind] += 1

    @contextmanager
    def of_collector(self) -> Iterator[None]:
        """Take note of each time that Python's collector runs, on whichever thread."""
        gc.callbacks.append(self._collecting)
        try:
            yield
        finally:
            gc.callbacks.remove(self._collecting)

    def _collecting(self, edge: str, info: dict[str, int]) -> None:
        now_ns = time.monotonic_ns()
        if edge == "start":
            self._began_ns = now_ns
        elif self._began_ns:
            self.note("gc", f"generation {info['generation']}", self._began_ns, now_ns)

    def take(self, unix_ns: Callable[[int], int]) -> tuple[list[Mark], dict[str, int]]:
        """The marks since the last time, and by kind how many there is none of.

        Args:
            unix_ns: makes Unix time of a monotonic reading.
        """
        noted, self._noted = self._noted, []
        left_out, self._left_out = self._left_out, Counter()
        rows = [
            Mark(kind, _line(name), unix_ns(began_ns), ended_ns - began_ns)
            for kind, name, began_ns, ended_ns in noted
        ]
        return rows, dict(left_out)


def _line(name: str) -> str:
    """A name as one line of text that any file can hold."""
    return "".join(c if c.isprintable() else "?" for c in name[:LONGEST_NAME]) or "?"
