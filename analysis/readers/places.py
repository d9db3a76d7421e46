"""Where the events of Chrome's JSON ran: processes and threads, which may be numbers or texts."""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from analysis.columns import Int64

MARK_PROCESSES = ("Spans", "Traces")
NO_PROCESS = ""
"""What an event that names no process has; a text like others, so it is a process of its own."""
FIRST_TEXT = -(2**52)
"""Numbers of texts begin here: no process has such a number, and JSON's readers take it exactly."""
MARK = -2
"""The place of the profiler's own marks, which belong to no thread."""


class Ids(dict[object, int]):
    """Numbers for things as they come up: `make` is asked once for each."""

    def __init__(self, make: Callable[[object], int]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: object) -> int:
        number = self[key] = self._make(key)
        return number

    def of(self, keys: Sequence[object]) -> Int64:
        """The numbers of many things, shape (keys,)."""
        return np.fromiter(map(self.__getitem__, keys), np.int64, len(keys))


class Placed(Protocol):
    """Anything that says where it ran."""

    pid: int | str
    tid: int | str


class Places:
    """Processes and threads as numbers; a text gets a number of its own from FIRST_TEXT on."""

    def __init__(self) -> None:
        self.numbers = Ids(self._add)  # by (pid, tid)
        self.texts: dict[str, int] = {}
        self._process: list[int] = []
        self._thread: list[int] = []

    def _add(self, place: object) -> int:
        process, thread = cast(tuple[int | str, int | str], place)
        if process in MARK_PROCESSES:
            return MARK
        self._process.append(self.number(process))
        self._thread.append(self.number(thread))
        return len(self._process) - 1

    def number(self, value: int | str) -> int:
        """The number of a process or thread."""
        if isinstance(value, int):
            return value
        try:
            number = int(value)
            if abs(number) < 2**63:
                return number
        except ValueError:
            pass
        return self.texts.setdefault(value, FIRST_TEXT + len(self.texts))

    def one(self, number: int) -> tuple[int, int]:
        """Process and thread of one place."""
        return self._process[number], self._thread[number]

    def of(self, events: Sequence[Placed]) -> tuple[Int64, Int64, npt.NDArray[np.bool_]]:
        """Processes and threads of events, and which are the profiler's marks (-1 and -1)."""
        pids, tids = [event.pid for event in events], [event.tid for event in events]
        if {*map(type, pids), *map(type, tids)} == {int}:
            process, thread = (np.fromiter(ids, np.int64, len(events)) for ids in (pids, tids))
            return process, thread, np.zeros(len(events), dtype=bool)
        places = self.numbers.of(list(zip(pids, tids, strict=True)))
        # Marks are at the end of the lists.
        process = np.array([*self._process, -1, -1], dtype=np.int64)[places]
        thread = np.array([*self._thread, -1, -1], dtype=np.int64)[places]
        return process, thread, places == MARK
