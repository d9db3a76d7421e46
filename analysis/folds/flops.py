"""How much an op computes and moves, by its name and its input shapes."""

from typing import NamedTuple


class Work(NamedTuple):
    """Of one call: floating-point operations and bytes, None where the formula is not known."""

    flops: int | None
    bytes: int | None


def work(name: str, shapes: str, args: str) -> Work:
    """What one call of an op does.

    Asked once for each distinct combination of a trace, so it may be slow.

    Args:
        name: of the op as the framework calls it.
        shapes: the input shapes as JSON text, as the source wrote them; empty if unknown.
        args: what else the formula needs (torch: `Concrete Inputs`), JSON text; empty if unknown.
    """
    return Work(None, None)


def needs_args(name: str) -> bool:
    """Whether the formula of an op needs more than its input shapes."""
    return "conv" in name
