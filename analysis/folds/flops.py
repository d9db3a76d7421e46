"""How much an op computes and moves, by its name, its input shapes and its arguments."""

import re
from collections.abc import Callable
from typing import NamedTuple

from analysis.formulas import contractions, convolution, pointwise, recurrent
from analysis.formulas.call import Call, Counted, UnknownWorkError, parse_call

NAMESPACE = "aten::"
LARGEST = 2**63 - 1
CONCRETE = re.compile(r"conv|pool")
NO_TEXT, TYPES, VALUES = range(3)
FORMULAS = contractions.FORMULAS | convolution.FORMULAS | pointwise.FORMULAS | recurrent.FORMULAS

Formula = Callable[[Call], Counted]


class Work(NamedTuple):
    """Of one call: floating-point operations and bytes, None where they can't be known."""

    flops: int | None
    bytes: int | None


NOTHING_KNOWN = Work(None, None)


def work(name: str, shapes: str, args: str = "", types: str = "") -> Work:
    """What one call of an op does; never raises, whatever the texts hold.

    A multiply-add counts as two operations; bytes are all inputs and outputs once, by the sizes of
    their elements, so only where `types` is known. The formulas and what they leave out stand in
    `analysis.formulas`; those of matmul, convolution and attention follow
    `torch.utils.flop_counter`. What does not fit into 64 bits is not known.

    An op that calls others (`aten::linear`, `aten::conv2d`) has their work as its own. Work may
    therefore be added up over ops that do not lie inside an op with work, never over all
    (`analysis.folds.outermost`, where figures of the source's own go before these).

    Args:
        name: of the op as the framework calls it (`aten::mm`); what others than PyTorch's have
            no shapes in their traces.
        shapes: the input shapes as JSON text (Kineto: `Input Dims`); empty if unknown.
        args: the values of arguments as JSON text (Kineto: `Concrete Inputs`); empty if unknown.
        types: the element types as JSON text (Kineto: `Input type`); empty if unknown.
    """
    if not name.startswith(NAMESPACE) or not shapes:
        return NOTHING_KNOWN
    plain = name.removeprefix(NAMESPACE)
    formula = _formula(plain)
    if formula is None:
        return NOTHING_KNOWN
    try:
        call = parse_call(shapes, args, types)
        counted = formula(call)
    except UnknownWorkError:
        return NOTHING_KNOWN
    return Work(_fitting(counted.flops), _bytes(call, counted))


def needs(name: str) -> int:
    """What `work` uses of an op's inputs beside their shapes: NO_TEXT, TYPES, or VALUES too."""
    plain = name.removeprefix(NAMESPACE)
    formula = _formula(plain) if name.startswith(NAMESPACE) else None
    if formula is None:
        return NO_TEXT
    return VALUES if formula is pointwise.reduction or CONCRETE.search(plain) else TYPES


def _formula(plain: str) -> Formula | None:
    formula = FORMULAS.get(plain) or FORMULAS.get(_out_of_place(plain))
    return formula or pointwise.of_elements(plain)


def _out_of_place(name: str) -> str:
    """`addmm_` -> `addmm`; names that begin and end with underscores stay."""
    return name if name.startswith("__") else name.removesuffix("_")


def _bytes(call: Call, counted: Counted) -> int | None:
    positions = call.tensors if counted.inputs is None else counted.inputs
    if not call.types or not call.tensors:
        return None
    try:
        read = sum(call.elements(i) * call.element_bytes(i) for i in positions)
        largest = max(call.tensors, key=lambda i: len(call.shapes[i][0]))
        size = counted.output_bytes or call.element_bytes(largest)
    except UnknownWorkError:
        return None
    return _fitting(read + counted.outputs * size)


def _fitting(number: int) -> int | None:
    return number if 0 <= number <= LARGEST else None
