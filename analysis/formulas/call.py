"""One call of an op as a trace describes it: shapes, element types and concrete arguments."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

Shape = tuple[int, ...]

ELEMENT_BYTES = {
    "float": 4,
    "double": 8,
    "c10::Half": 2,
    "c10::BFloat16": 2,
    "c10::Float8_e4m3fn": 1,
    "c10::Float8_e5m2": 1,
    "c10::Float8_e4m3fnuz": 1,
    "c10::Float8_e5m2fnuz": 1,
    "long int": 8,
    "long": 8,
    "__int64": 8,
    "long long": 8,
    "int": 4,
    "short int": 2,
    "short": 2,
    "signed char": 1,
    "unsigned char": 1,
    "bool": 1,
    "c10::complex<float>": 8,
    "c10::complex<double>": 16,
    "c10::complex<c10::Half>": 4,
}
"""Bytes of one element by the names that Kineto writes into "Input type"."""

_SHAPES = msgspec.json.Decoder(list[list[int | list[int]]])
_TEXTS = msgspec.json.Decoder(list[Any])


class UnknownWorkError(ValueError):
    """The description does not say what the formula needs, or contradicts itself."""


class Counted(NamedTuple):
    """What a formula found: floating-point operations and elements of all outputs.

    `inputs` are the arguments that are read, where it is not all of them. `output_bytes` is the
    size of an output element, None: that of an input.
    """

    flops: int
    outputs: int
    inputs: tuple[int, ...] | None = None
    output_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, in the order of the op's signature.

    Attributes:
        shapes: for each argument the shapes of its tensors: one, many for a list, none if it is no
            tensor. A scalar tensor is known as one by its type only.
        types: for each argument the name of its element type; empty where unknown.
        texts: for each argument its value as text, empty for a tensor.
    """

    shapes: tuple[tuple[Shape, ...], ...]
    types: tuple[str, ...]
    texts: tuple[str, ...]

    def shape(self, position: int) -> Shape:
        """The shape of one tensor argument."""
        if not 0 <= position < len(self.shapes) or len(self.shapes[position]) != 1:
            raise UnknownWorkError
        return self.shapes[position][0]

    def text(self, position: int) -> str:
        """The value of an argument that is no tensor."""
        if not 0 <= position < len(self.texts) or not self.texts[position]:
            raise UnknownWorkError
        return self.texts[position]

    def numbers(self, position: int, count: int) -> Shape:
        """The value of a list of whole numbers; one number stands for `count` equal ones."""
        values = parse_numbers(self.text(position))
        if len(values) == 1:
            values *= count
        if len(values) != count:
            raise UnknownWorkError
        return values

    def flags(self, position: int) -> tuple[bool, ...]:
        """The value of a list of truth values, or of one."""
        words = self.text(position).strip("[]").replace(",", " ").split()
        if not words or set(words) - {"True", "False", "true", "false", "1", "0"}:
            raise UnknownWorkError
        return tuple(word in ("True", "true", "1") for word in words)

    def elements(self, position: int) -> int:
        """Elements of all tensors of an argument."""
        if not 0 <= position < len(self.shapes) or not self.shapes[position]:
            raise UnknownWorkError
        return sum(math.prod(shape) for shape in self.shapes[position])

    def element_bytes(self, position: int) -> int:
        """Bytes of an element of a tensor argument."""
        if not 0 <= position < len(self.types) or self.types[position] not in ELEMENT_BYTES:
            raise UnknownWorkError
        return ELEMENT_BYTES[self.types[position]]

    @property
    def tensors(self) -> tuple[int, ...]:
        """Positions of the arguments that are tensors."""
        return tuple(i for i, shapes in enumerate(self.shapes) if shapes)


def parse_call(shapes: str, texts: str, types: str) -> Call:
    """Read the JSON texts of a trace; UnknownWorkError if they are not what they should be."""
    try:
        names = tuple(str(each) for each in _TEXTS.decode(types)) if types else ()
        values = tuple(str(each) for each in _TEXTS.decode(texts)) if texts else ()
        dims = _SHAPES.decode(shapes)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise UnknownWorkError from error
    found = tuple(
        _argument(each, names[i] if i < len(names) else "") for i, each in enumerate(dims)
    )
    if any(not 0 <= size < 2**63 for argument in found for shape in argument for size in shape):
        raise UnknownWorkError
    return Call(found, names, values)


def _argument(dims: Sequence[int | list[int]], type_name: str) -> tuple[Shape, ...]:
    lists = [each for each in dims if isinstance(each, list)]
    if lists:
        if len(lists) != len(dims):
            raise UnknownWorkError
        return tuple(tuple(each) for each in lists)
    sizes = tuple(each for each in dims if isinstance(each, int))
    return (sizes,) if sizes or type_name in ELEMENT_BYTES else ()


def parse_numbers(text: str) -> Shape:
    """Whole numbers in a text such as "[2, 2]" or "2"."""
    words = text.strip("[]").replace(",", " ").split()
    if any(len(word) > 19 or not word.lstrip("-").isdecimal() for word in words) or not words:
        raise UnknownWorkError
    return tuple(int(word) for word in words)


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape that tensors are brought to before they are combined element by element."""
    rank = max((len(shape) for shape in shapes), default=0)
    result = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            raise UnknownWorkError
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)
