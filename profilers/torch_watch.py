"""What the modules of a torch model do while it runs: their order, outputs, flattened images."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from profilers.description import Unit
from workloads.layers import Shape


class Watch(TorchFunctionMode):
    """What each module did when it first ran: when that was, what it gave, what it was given.

    An image that was flattened is followed through functions that leave its values in their places.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._names = {each: name for name, each in module.named_modules()}
        self._orders: dict[str, int] = {}
        self._calls: Counter[str] = Counter()
        self._outputs: dict[str, Shape | None] = {}
        self._images: dict[str, Shape] = {}
        self._flattened: dict[int, tuple[torch.Tensor, Shape]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what runs meanwhile."""
        handles = [each.register_forward_pre_hook(self._begins) for each in self._names]
        handles += [each.register_forward_hook(self._ends) for each in self._names]
        try:
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run the function; note if it flattened an image, or was given one that had been."""
        made = func(*args, **(kwargs or {}))
        given = args[0] if args else None
        if isinstance(made, torch.Tensor) and isinstance(given, torch.Tensor) and made.ndim == 2:
            _, image = self._flattened.get(id(given), (None, None))
            if image is None and given.ndim == 4 and len(made) == len(given):
                image = tuple(given.shape[1:])
            kept = image is not None and made.shape[1] == math.prod(image)
            if image is not None and kept and func is not functional.linear:
                self._flattened[id(made)] = (made, image)
        return made

    def _begins(self, ran: nn.Module, given: tuple[Any, ...]) -> None:
        self._orders.setdefault(self._names[ran], len(self._orders))
        self._calls[self._names[ran]] += 1
        if given and id(given[0]) in self._flattened:
            self._images.setdefault(self._names[ran], self._flattened[id(given[0])][1])

    def _ends(self, ran: nn.Module, _: Any, output: Any) -> None:
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else None
        self._outputs.setdefault(self._names[ran], shape)

    def told(self, unit: Unit) -> Unit:
        """The unit with what was seen of its owner."""
        counted = bool(unit.slots) or self._calls[unit.owner] == 1
        return msgspec.structs.replace(
            unit,
            order=self._orders.get(unit.owner) if counted else None,
            output=self._outputs.get(unit.owner),
            image=self._images.get(unit.owner),
        )
