"""Arithmetic that a test plants in a layer of a torch model; its output stays as it is."""

import time
from collections.abc import Callable

import torch
from torch import nn

from profilers import torch_device

NUMBERS, NUMBERS_DEVICE = 1 << 18, 1 << 22
"""Values of the tensor that is squared, so that a call takes some 10 µs of the device's time."""
TRIED = 200


def burden(layer: nn.Module, milliseconds: float, device: torch.device) -> None:
    """Have each forward of the layer take so much longer.

    On the CPU it squares a tensor until the time has passed, whatever each operation costs; on a
    device as often as takes so long there.
    """
    on_cpu = device.type == "cpu"
    values = torch.rand(NUMBERS if on_cpu else NUMBERS_DEVICE, device=device)
    squares = torch.empty_like(values)

    def square() -> None:
        torch.mul(values, values, out=squares)

    def until_over() -> None:
        end_ns = time.perf_counter_ns() + round(milliseconds * 1e6)
        while time.perf_counter_ns() < end_ns:
            square()

    calls = 0 if on_cpu else _calls(square, milliseconds, device)

    def so_often() -> None:
        for _ in range(calls):
            square()

    # Compiled, it would be left out, as nothing needs what it computes.
    work = torch.compiler.disable(until_over if on_cpu else so_often)
    layer.register_forward_hook(lambda *_: work())


def _calls(work: Callable[[], None], milliseconds: float, device: torch.device) -> int:
    """How often it can be called in this time."""
    for _ in range(TRIED):
        work()
    torch_device.synchronise(device)
    began = time.perf_counter()
    for _ in range(TRIED):
        work()
    torch_device.synchronise(device)
    return max(1, round(milliseconds * TRIED / (1e3 * (time.perf_counter() - began))))
