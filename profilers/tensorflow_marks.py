"""Tells when the Python body of what TensorFlow traces is run, which is when it is traced."""

import functools
import time
from collections.abc import Callable
from typing import Any

from profilers.marks import Note

STEPS = ("train_step", "test_step", "predict_step")


def traced(work: Callable[..., Any], name: str, note: Note) -> Callable[..., Any]:
    """The same work, to be traced; takes note of each time that Python runs it."""

    @functools.wraps(work)
    def body(*given: Any, **options: Any) -> Any:
        began_ns = time.monotonic_ns()
        try:
            return work(*given, **options)
        finally:
            note("trace", name, began_ns, time.monotonic_ns())

    return body


def watch_steps(model: Any, note: Note) -> None:
    """Take note of each time that Keras traces a step of this model, which it has yet to do."""
    for name in STEPS:
        object.__setattr__(model, name, traced(getattr(model, name), name, note))
