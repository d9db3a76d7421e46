"""What XLA's own cost analysis says of an event: operations and bytes, among its stats."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from analysis.blocks import NONE
from analysis.columns import Int64

Value = int | float | str | bytes

MODEL_FLOPS, FLOPS, BYTES, CATEGORY = "model_flops", "flops", "bytes_accessed", "hlo_category"
FIGURES = (MODEL_FLOPS, FLOPS, BYTES)
HOLDS_OTHERS = ("while", "conditional", "call")
"""Instructions whose inner ones are events too. XLA counts one turn of a loop."""
ASYNC_LINE = "Async XLA Ops"
"""What this line of a TPU holds begins and ends on the line of XLA's ops, which has its work."""
LARGEST = 2**62


class Work(NamedTuple):
    """Of one event: floating-point operations and bytes accessed; -1 where they are not known."""

    flops: int = NONE
    bytes: int = NONE


NO_WORK = Work()


class LineWork:
    """The work of the events of one line.

    Args:
        event_work: the figures of events by their metadata id; `ids` are the ids by their codes.
        thread: the line's name.
    """

    def __init__(self, event_work: Mapping[int, Work], ids: Sequence[int], thread: str) -> None:
        self._is_told = thread != ASYNC_LINE
        works = [event_work.get(number, NO_WORK) for number in ids] if event_work else []
        self._of_code = np.array(works, dtype=np.int64).reshape(-1, len(NO_WORK))
        self._is_known = bool(event_work)

    def columns(self, code: Int64, stats: Mapping[str, Int64]) -> dict[str, Int64]:
        """`flops` and `bytes` of events, where the line has any: by their own stats first.

        Args:
            code: shape (events,); which metadata each event has.
            stats: by name in FIGURES the values of the events' own stats, -1 for none.
        """
        if not self._is_told or not (self._is_known or stats):
            return {}
        none = np.full(len(code), NONE, dtype=np.int64)
        flops, moved = self._of_code[code].T if self._is_known else (none, none)
        for name in (FLOPS, MODEL_FLOPS):
            if name in stats:
                flops = np.where(stats[name] > 0, stats[name], np.maximum(flops, stats[name]))
        own = stats.get(BYTES)
        return {"flops": flops, "bytes": moved if own is None else np.where(own < 0, moved, own)}


def xla_work(stats: Mapping[str, Value]) -> Work:
    """The work that an event's stats tell, by their names.

    The operations of the model go before those of the device, which are scaled by the speed of
    their number format. A model's zero says that there is no such figure, as XProf takes it.
    """
    if stats.get(CATEGORY) in HOLDS_OTHERS:
        return NO_WORK
    model, device, moved = (_whole(stats.get(name)) for name in FIGURES)
    return Work(model if model > 0 else max(device, model), moved)


def _whole(value: Value | None) -> int:
    if isinstance(value, float):
        value = int(value) if 0 <= value < LARGEST else None
    return value if isinstance(value, int) and 0 <= value < LARGEST else NONE
