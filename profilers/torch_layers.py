"""The neutral layers as torch modules, joined as the workload says; ranges around them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import fx, nn
from torch.utils.hooks import RemovableHandle

from workloads.layers import (
    Add,
    AnyLayer,
    Attention,
    BatchNorm,
    Conv2d,
    Embedding,
    Flatten,
    Gelu,
    LayerNorm,
    Linear,
    Lstm,
    MaxPool2d,
    MeanPool,
    Positions,
    Relu,
    Rows,
    Shape,
)
from workloads.spec import INPUT, Workload


def build(workload: Workload) -> fx.GraphModule:
    """The model in training mode, with torch's own weights; modules have the layers' names.

    Its code is a line for each layer, as one would write it by hand.
    """
    modules: dict[str, nn.Module] = {}
    graph = fx.Graph()
    values = {INPUT: graph.placeholder(INPUT)}
    for placed in workload.placed():
        name = placed.layer.name
        modules[name] = module(placed.layer, placed.shape)
        values[name] = graph.call_module(name, tuple(values[each] for each in placed.inputs))
    graph.output(values[name])
    return fx.GraphModule(modules, graph, class_name="Model").train()


def module(layer: AnyLayer, shape: Shape) -> nn.Module:
    """The module of a layer that is given samples of this (canonical) shape."""
    match layer:
        case Conv2d():
            sizes = (layer.filters, layer.kernel, layer.stride, layer.padding)
            return nn.Conv2d(shape[2], *sizes, bias=layer.bias)
        case Linear():
            return nn.Linear(shape[-1], layer.units, bias=layer.bias)
        case BatchNorm():
            kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
            return kind(shape[-1], eps=layer.epsilon, momentum=layer.momentum)
        case LayerNorm():
            return nn.LayerNorm(shape[-1], eps=layer.epsilon)
        case Embedding():
            return nn.Embedding(layer.vocabulary, layer.width)
        case Positions():
            return LearnedPositions(shape)
        case Attention():
            return SelfAttention(shape, layer.heads, layer.causal)
        case Lstm():
            return LastState(shape[-1], layer.units)
        case _:
            return _without_parameters(layer, shape)


def _without_parameters(layer: AnyLayer, shape: Shape) -> nn.Module:
    match layer:
        case Relu():
            return nn.ReLU()
        case Gelu():
            return nn.GELU(approximate="tanh" if layer.approximate else "none")
        case MaxPool2d():
            return nn.MaxPool2d(layer.size)
        case MeanPool():
            return ImageMean() if len(shape) == 3 else SequenceMean()
        case Flatten():
            return nn.Flatten()
        case Rows():
            return ImageRows()
        case Add():
            return Sum()
    raise TypeError(f"{type(layer).__name__} is no layer that torch builds")


class ImageMean(nn.Sequential):
    """(batch, channels, height, width) -> (batch, channels)."""

    def __init__(self) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten())


class SequenceMean(nn.Module):
    """(batch, length, width) -> (batch, width)."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over the length."""
        return values.mean(1)


class ImageRows(nn.Module):
    """(batch, channels, height, width) -> (batch, height, width * channels)."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Each row with its pixels from left to right."""
        return images.permute(0, 2, 3, 1).flatten(2)


class Sum(nn.Module):
    """Two tensors of one shape -> their sum."""

    def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The sum."""
        return one + other


class LearnedPositions(nn.Module):
    """Adds a vector of its own to each place: (batch, length, width) -> the same."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*shape))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The values with the vectors added."""
        return values + self.weight


class SelfAttention(nn.Module):
    """torch's attention of several heads of a sequence over itself: (batch, length, width)."""

    def __init__(self, shape: Shape, heads: int, causal: bool) -> None:
        super().__init__()
        length, width = shape
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.causal = causal
        mask = nn.Transformer.generate_square_subsequent_mask(length) if causal else None
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """What each place makes of those that it sees."""
        outputs, _ = self.attention(
            values, values, values, need_weights=False, attn_mask=self.mask, is_causal=self.causal
        )
        return outputs  # type: ignore[no-any-return]


class LastState(nn.Module):
    """torch's LSTM, of which the last state is taken: (batch, length, inputs) -> (batch, units).

    It has two biases that are added up. The second stays zero, so that their sum learns as one.
    """

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, units, batch_first=True)
        unused: nn.Parameter = self.lstm.bias_hh_l0  # type: ignore[assignment]
        nn.init.zeros_(unused)
        unused.requires_grad_(False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The state after the last place."""
        return self.lstm(values)[0][:, -1]  # type: ignore[no-any-return]


def mark_layers(layers: Mapping[str, nn.Module]) -> list[RemovableHandle]:
    """Put a profiler range "layer:<name>" around each forward; the handles take them off."""
    return [handle for name, each in layers.items() for handle in _mark(each, f"layer:{name}")]


def _mark(marked: nn.Module, label: str) -> list[RemovableHandle]:
    open_ranges: list[Any] = []

    def enter(*_: Any) -> None:
        span = torch.profiler.record_function(label)
        span.__enter__()
        open_ranges.append(span)

    def leave(*_: Any) -> None:
        open_ranges.pop().__exit__(None, None, None)

    return [marked.register_forward_pre_hook(enter), marked.register_forward_hook(leave)]
