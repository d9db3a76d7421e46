"""What the layers of a Keras model do while it runs: their order, outputs, flattened images."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import msgspec
import tensorflow as tf

from profilers.description import Unit
from profilers.tensorflow_units import Piece
from workloads.layers import Shape


@dataclass
class Watch:
    """What each layer did when it first ran: when that was, what it gave, what image it was given.

    An image that was flattened is followed through layers that leave the number of values as it is.
    """

    orders: dict[int, int] = field(default_factory=dict)
    calls: Counter[int] = field(default_factory=Counter)
    outputs: dict[int, Shape | None] = field(default_factory=dict)
    images: dict[int, Shape] = field(default_factory=dict)
    _flattened: dict[int, tuple[Any, Shape]] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch every layer that is called meanwhile."""
        call: Callable[..., Any] = keras.layers.Layer.__call__

        def watched(layer: Any, *arguments: Any, **named: Any) -> Any:
            self.begins(layer)
            made = call(layer, *arguments, **named)
            self.ends(layer, arguments[0] if arguments else None, made)
            return made

        keras.layers.Layer.__call__ = watched
        try:
            yield
        finally:
            keras.layers.Layer.__call__ = call

    def begins(self, layer: Any) -> None:
        """A layer is called."""
        self.orders.setdefault(id(layer), len(self.orders))

    def ends(self, layer: Any, given: Any, made: Any) -> None:
        """A layer has made something of a first argument; nothing, if it was only being built."""
        parts = tf.nest.flatten(made)
        if not tf.executing_eagerly() or any(isinstance(p, keras.KerasTensor) for p in parts):
            return
        self.calls[id(layer)] += 1
        one = tf.is_tensor(made)
        self.outputs.setdefault(id(layer), tuple(made.shape) if one else None)
        if not one or not tf.is_tensor(given):
            return
        _, image = self._flattened.get(id(given), (None, None))
        if image is not None:
            self.images.setdefault(id(layer), image)
        elif given.shape.rank == 4 and not layer.weights:
            image = tuple(given.shape[1:])
        kept = image is not None and made.shape[1:] == (math.prod(image),)
        if image is not None and kept and not isinstance(layer, keras.layers.Dense):
            self._flattened[id(made)] = (made, image)

    def told(self, piece: Piece) -> Unit:
        """The unit of a piece with what was seen of its layer."""
        seen = id(piece.layer)
        return msgspec.structs.replace(
            piece.unit,
            order=self.orders.get(seen) if piece.views or self.calls[seen] == 1 else None,
            output=self.outputs.get(seen),
            image=self.images.get(seen),
        )
