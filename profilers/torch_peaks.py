"""The operations by which torch's peaks are measured."""

from collections.abc import Callable

import torch

FLOAT_BYTES = 4


def product(side: int, dtype: torch.dtype, device: torch.device) -> Callable[[], object]:
    """A function that multiplies two square matrices into a third."""
    left, right = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))
    result = torch.empty_like(left)
    return lambda: torch.mm(left, right, out=result)


def copying(size_bytes: int, device: torch.device) -> Callable[[], object]:
    """A function that copies so many bytes, to where they were copied before."""
    source = torch.ones(size_bytes // FLOAT_BYTES, device=device)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)
