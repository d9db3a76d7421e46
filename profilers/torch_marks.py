"""Tells when torch.compile traces and compiles."""

import time
from typing import Any

import torch

from profilers.marks import Note

FRAME = "DYNAMO"


def watch(note: Note) -> None:
    """Take note of each compilation from now on; where torch tells nobody of them, of none.

    Dynamo's tracing of a frame and what the compiler makes of it are one compilation. A backward
    pass that is compiled later, and the recording of a CUDA graph, have one of their own. Of
    compilations inside one another, the outermost is told. Imports torch's compiler.
    """
    handler = getattr(torch._dynamo, "callback_handler", None)
    at_start = getattr(handler, "register_start_callback", None)
    at_end = getattr(handler, "register_end_callback", None)
    if at_start is None or at_end is None:
        return
    began_ns = 0

    def starts(*told: Any) -> None:
        nonlocal began_ns
        began_ns = time.monotonic_ns()

    def ends(*told: Any) -> None:
        note("compile", _name(*told), began_ns, time.monotonic_ns())

    at_start(starts)
    at_end(ends)


def _name(told: Any = None) -> str:
    """What is compiled, by torch's own number of the frame and of its recompilation, as 0/1."""
    frame = f"frame {getattr(told, 'compile_id', '')}".strip()
    trigger = getattr(getattr(told, "callback_trigger", None), "name", FRAME)
    return frame if trigger == FRAME else f"{trigger.lower().replace('_', ' ')} of {frame}"
