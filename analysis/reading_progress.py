"""Says on a terminal how far a long trace has been read."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from analysis import wording
from analysis.blocks import Trace

LONG_BYTES = 32 << 20
EVERY_SECONDS = 0.2
CLEAR = "\r\x1b[K"


@contextmanager
def reading(trace: Trace, stream: TextIO | None = None) -> Iterator[Callable[[], None] | None]:
    """What is to be called after each block; None where nobody would see it.

    The line goes away at the end, whatever the end is.
    """
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield None
        return
    next_at = time.monotonic() + EVERY_SECONDS
    shown = False

    def progress() -> None:
        nonlocal next_at, shown
        now = time.monotonic()
        done, size = trace.progress()
        if now < next_at or size < LONG_BYTES:
            return
        next_at, shown = now + EVERY_SECONDS, True
        name = wording.shortened(trace.path.name, 40)
        text = f"reading {name}: {100 * done // size} % of {wording.memory(size)}"
        print(f"{CLEAR}{text}", end="", file=stream, flush=True)

    try:
        yield progress
    finally:
        if shown:
            print(CLEAR, end="", file=stream, flush=True)
