"""A model under torch with its canonical arrays, whatever it was made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from profilers.backend import Arrays
from profilers.torch_weights import Turn, View


@dataclass(frozen=True)
class Network:
    """A model; its layers and arrays have the names that both frameworks share.

    `outputs` says how what a layer gives is turned to canonical layout, where that is known;
    `loss` takes outputs and labels.
    """

    module: nn.Module
    layers: Mapping[str, nn.Module]
    views: Mapping[str, View]
    outputs: Mapping[str, Turn]
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

    def assign(self, arrays: Arrays) -> None:
        """Set every parameter and running statistic in place."""
        for name, view in self.views.items():
            view.write(arrays[name])

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """Every parameter and running statistic as it is now, in canonical layout."""
        return {name: view.read().astype(np.float32) for name, view in self.views.items()}


def cross_entropy(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean over all labels: (batch, classes) with (batch,), or one more axis in both."""
    return functional.cross_entropy(outputs.flatten(0, -2), labels.flatten())
