"""Which layer of the model each event works for."""

import numpy as np

from analysis.blocks import NONE, Block, Kind, Strings, TextTable
from analysis.columns import Int64
from analysis.folds.forward import ForwardOps
from analysis.folds.paths import PathNames, layer_of
from analysis.folds.phases import range_names
from analysis.windows import EventWindow

LAYER = "layer:"
MODULE = "nn.Module: "


class Layers:
    """Finds layers; keeps the layer of each forward op until its backward op has come.

    Where a trace has no `layer:` ranges, the modules among its Python frames are the layers.
    """

    def __init__(self, strings: Strings) -> None:
        self._frames = not strings.any_starts_with(LAYER)
        prefix = MODULE if self._frames else LAYER

        def range_name(text: str) -> int:
            return strings.number(text.removeprefix(prefix)) if text.startswith(prefix) else NONE

        self._named = strings.any_starts_with(prefix)
        self._ranges = TextTable(strings, range_name)
        self.by_path = PathNames(strings, layer_of)
        self._forward = ForwardOps()

    def range_names(self, block: Block) -> Int64:
        """String number of the layer that a row is a range of, -1 for what is no such range."""
        if not self._frames:
            return range_names(block, self._ranges)
        names = np.full(len(block), NONE, dtype=np.int64)
        rows = np.flatnonzero(block.kind == Kind.PYTHON) if self._named else np.zeros(0, np.intp)
        if len(rows):
            names[rows] = self._ranges.of(block.name[rows])
        return names

    def of_host(self, window: EventWindow) -> Int64:
        """String number of each row's layer, -1 where it is not known.

        Forward: the innermost range of a layer around the event on its thread. Backward: the layer
        of the forward op that made the autograd node, and so of everything inside the backward
        op. A path that names a layer goes before all of these.
        """
        block = window.block
        by_path = self.by_path.of(block)
        names = self.range_names(block)
        seed = np.where(names >= 0, names, by_path)
        layer = window.inherit("forward layer", seed)
        if self._named:
            answered = self._forward.layers(window, layer)
            layer = window.inherit(
                "layer", np.where((answered >= 0) & (layer < 0), answered, layer)
            )
        return np.where(by_path >= 0, by_path, layer)
