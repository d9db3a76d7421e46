"""What a process that built a user's model tells of it, in the terms that both frameworks share."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec
import numpy.typing as npt

from workloads.layers import Shape


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """An array of a unit: its part in it, its framework's name for it, its canonical shape.

    Canonical is Keras' layout.
    """

    role: str
    native: str
    shape: Shape
    trainable: bool = True


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """The arrays that belong together: those of a layer, or one of several parts of a layer.

    `order` says when the layer ran first, None where it never did. `image` is the shape, in the
    framework's own order, of an image that was flattened into its input; `output` that of what it
    gave for two samples, None where that was no single tensor. `activation` is one that the
    layer applies by itself. A unit without arrays (see `PLAIN`) has an `order` if it ran once.
    """

    owner: str
    kind: str
    family: str
    slots: tuple[Slot, ...]
    order: int | None = None
    image: Shape | None = None
    output: Shape | None = None
    activation: str | None = None


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A model with its units as its framework walks it.

    `output_shape` is that of two samples. `random` names the layers that draw random numbers in
    training, and how to turn them off. `notes` are facts that the user should know.
    """

    framework: str
    units: tuple[Unit, ...]
    output_shape: Shape
    random: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


PLAIN = ("activation", "dropout", "pool")
"""Families of units without arrays."""
OTHER = "other"
"""The family of units whose arrays have no known meaning, and are taken as they are."""


class Readable(Protocol):
    """An array in a built model."""

    def read(self) -> npt.NDArray[Any]:
        """Its values in canonical layout."""
        ...


def initial_values(units: Iterable[Sequence[Readable]]) -> dict[str, npt.NDArray[Any]]:
    """The values of the arrays of each unit, by "<unit>.<slot>"."""
    return {
        f"{number}.{slot}": array.read()
        for number, arrays in enumerate(units)
        for slot, array in enumerate(arrays)
    }
