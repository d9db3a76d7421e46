"""A small language model: a decoder that says at each place which token comes next."""

from collections.abc import Iterator

from workloads.layers import (
    Add,
    AnyLayer,
    Attention,
    Embedding,
    Gelu,
    LayerNorm,
    Linear,
    Positions,
)
from workloads.spec import Workload, WorkloadError

WIDENED = 4
MOST_BLOCKS = 256


def workload(
    length: int = 64, width: int = 64, heads: int = 4, blocks: int = 2, vocabulary: int = 64
) -> Workload:
    """The model for sequences of this length; each block attends and widens to 4 x width.

    A head width of 16 or 64, which both frameworks scale scores by exactly, is best to compare.
    """
    if blocks > MOST_BLOCKS:
        raise WorkloadError(f"transformer: {blocks:,} blocks are more than {MOST_BLOCKS}.")
    return Workload(
        name="transformer",
        title="decoder-only language model",
        source="Radford et al. 2019 (GPT-2), section 2.3, in small",
        input_shape=(length,),
        classes=vocabulary,
        layers=tuple(_layers(width, heads, blocks, vocabulary)),
        data="markov",
        options={
            "length": length,
            "width": width,
            "heads": heads,
            "blocks": blocks,
            "vocabulary": vocabulary,
        },
    )


def _layers(width: int, heads: int, blocks: int, vocabulary: int) -> Iterator[AnyLayer]:
    yield Embedding("embedding", vocabulary, width)
    yield Positions("positions")
    given = "positions"
    for number in range(1, blocks + 1):
        name = f"block{number}"
        yield from _block(name, given, width, heads)
        given = f"{name}_add2"
    yield LayerNorm("norm")
    yield Linear("head", vocabulary)


def _block(name: str, given: str, width: int, heads: int) -> Iterator[AnyLayer]:
    """Attention, then two linear layers, each added to what it was given."""
    yield LayerNorm(f"{name}_norm1", inputs=(given,))
    yield Attention(f"{name}_attention", heads, causal=True)
    yield Add(f"{name}_add1", inputs=(given, f"{name}_attention"))
    yield LayerNorm(f"{name}_norm2")
    yield Linear(f"{name}_widen", WIDENED * width)
    yield Gelu(f"{name}_gelu")
    yield Linear(f"{name}_narrow", width)
    yield Add(f"{name}_add2", inputs=(f"{name}_add1", f"{name}_narrow"))


WORKLOAD = workload()
