"""Which category of work an event is, and which canonical op: by its phase, layer and name."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from analysis.categories import (
    device_kernels,
    jax_ops,
    onnx_ops,
    tensorflow_ops,
    torch_around,
    torch_compile,
    torch_ops,
    xla,
)
from analysis.categories.rules import Category, Meaning

SOURCES: tuple[Callable[[str], Meaning | None], ...] = (
    torch_ops.find,
    torch_around.find,
    torch_compile.find,
    tensorflow_ops.find,
    onnx_ops.find,
    xla.find,
    jax_ops.find,
)
"""One file of rules each; the first that knows a name decides. Kernels have one more."""

PHASES = {
    "data": Category.DATA,
    "loss": Category.LOSS,
    "optimizer": Category.OPTIMIZER,
}
"""Phases whose work has one purpose, whatever the ops are that it is made of."""

LAYERS = (
    (
        re.compile(
            r"(?:batch|layer|group|instance|rms)_?norm|^(?:bn|ln|norm)_?\d*[a-z]?$|_(?:bn|ln|norm)\d*$"
        ),
        Category.NORMALISATION,
    ),
    (re.compile(r"attention|attn|sdpa"), Category.ATTENTION),
    (re.compile(r"lstm|(?<![a-z])gru(?![a-z])|(?<![a-z])rnn(?![a-z])"), Category.RECURRENT),
    (re.compile(r"embed"), Category.EMBEDDING),
)
"""Kinds of layers that frameworks make of plain ops; by the layer's kind, or else its name."""

ACTIVATIONS = re.compile(r"(?:^|_)(?:gelu|silu|swish|mish|softplus|selu|elu)_?\d*$")
"""Layers that frameworks make of elementwise ops; others in them, as a product, keep their own."""

OF_THE_LAYER = frozenset(
    (
        Category.ELEMENTWISE,
        Category.REDUCTION,
        Category.LAYOUT,
        Category.ACTIVATION,
        Category.LOSS,
        Category.MATMUL,
        Category.FUSED,
        Category.RECURRENT,
    )
)
"""What takes the category of such a layer; a convolution or a random number keeps its own."""

LONGEST = 1000
"""Characters of a name that are looked at."""

KINDS = {
    "memcpy": Meaning(Category.LAYOUT, "copy"),
    "memset": Meaning(Category.LAYOUT, "fill"),
    "communication": Meaning(Category.COMMUNICATION, "collective"),
    "runtime": Meaning(Category.RUNTIME, "runtime_call"),
    "python": Meaning(Category.RUNTIME, "python"),
    "gc": Meaning(Category.RUNTIME, "garbage_collection"),
    "overhead": Meaning(Category.RUNTIME, "profiler"),
    "async": Meaning(Category.RUNTIME, "wait"),
    "step": Meaning(Category.RUNTIME, "range"),
    "annotation": Meaning(Category.RUNTIME, "range"),
}
"""Kinds of events that need no name."""


def meaning(phase: str, layer: str, name: str, kind: str) -> Meaning | None:
    """Category, canonical op and parts of one kind of event; None where no rule knows it.

    Asked once for each distinct combination of a trace, so it may be slow; None makes the row
    "unmapped".

    The phase goes first (what the optimizer, the loss and the input do is their own, whichever ops
    they use), then the layer, then the name. Communication keeps its category everywhere, so that
    an all-reduce inside the optimizer is seen. Where phase or layer decide and the name is unknown,
    `op` is empty. Gradients of convolutions are convolutions to XLA and to libraries of kernels;
    the phase tells them apart.

    Args:
        phase: data, forward, loss, backward, optimizer; empty where it is not known.
        layer: the layer's kind or name; empty where it is not known.
        name: of the op or kernel as the source calls it.
        kind: a name of `analysis.blocks.Kind`, in small letters.
    """
    named = KINDS.get(kind) or name_meaning(name, kind)
    if named and named.category == Category.COMMUNICATION:
        return named
    decided = PHASES.get(phase) or _of_layer(layer, named)
    if named is None:
        return Meaning(decided, "") if decided else None
    if phase == "backward" and named.op == "convolution":
        named = named._replace(op="convolution_backward")
    return named._replace(category=decided) if decided else named


def first_meaning(phase: str, layer: str, names: Iterable[str], kind: str) -> Meaning | None:
    """The meaning of the first of these names that has one: of device work its launcher goes first.

    A launcher that only hands on what others compute (a compiled call, autograd's bookkeeping) says
    less than the name of the work, if that is known. Arguments: `meaning`.
    """
    found = [each for name in names if (each := meaning(phase, layer, name, kind))]
    telling = (each for each in found if each.category != Category.RUNTIME)
    return next(telling, found[0] if found else None)


def made_by_compiler(name: str) -> bool:
    """Whether Inductor or XLA made this kernel of what may be several ops."""
    return torch_compile.is_kernel(name[:LONGEST]) or xla.is_fusion(name[:LONGEST])


def name_meaning(name: str, kind: str) -> Meaning | None:
    """What a name stands for by itself; parts of a name mean something in those of kernels only."""
    return _name_meaning(name[:LONGEST], kind)


@lru_cache(maxsize=1 << 12)
def _name_meaning(name: str, kind: str) -> Meaning | None:
    known = next((found for find in SOURCES if (found := find(name))), None)
    return known or (device_kernels.find(name) if kind == "kernel" else None)


def _of_layer(layer: str, named: Meaning | None) -> Category | None:
    if not layer or (named and named.category not in OF_THE_LAYER):
        return None
    text = layer.rsplit(".", 1)[-1].lower()
    if named and named.category == Category.ELEMENTWISE and ACTIVATIONS.search(text):
        return Category.ACTIVATION
    return next((found for pattern, found in LAYERS if pattern.search(text)), None)
