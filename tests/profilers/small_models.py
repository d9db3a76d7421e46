"""Small models in which each kind of layer occurs, for both frameworks."""

from typing import Any

import numpy as np
import numpy.typing as npt

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
from workloads.spec import Workload


def model(shape: Shape, classes: int, *layers: AnyLayer) -> Workload:
    return Workload(
        name="small",
        title="",
        source="",
        input_shape=shape,
        classes=classes,
        layers=layers,
        data="noise",
    )


MODELS = {
    "images": model(
        (9, 8, 3),
        4,
        Conv2d("conv1", 4, kernel=3, padding=1),
        MaxPool2d("pool", 2),
        Relu("relu1"),
        Flatten("flatten"),
        Linear("fc1", 6),
        BatchNorm("norm"),
        Relu("relu2"),
        Linear("fc2", 4),
    ),
    "residual": model(
        (8, 8, 3),
        4,
        Conv2d("conv1", 6, kernel=3, stride=2, padding=1, bias=False),
        BatchNorm("norm1"),
        Relu("relu"),
        Conv2d("conv2", 6, kernel=3, padding=1, bias=False),
        BatchNorm("norm2", epsilon=1e-3, momentum=0.2),
        Conv2d("shortcut", 6, kernel=1, stride=2, bias=False, inputs=("input",)),
        Add("add", inputs=("norm2", "shortcut")),
        MeanPool("mean"),
        Linear("fc", 4),
    ),
    "text": model(
        (5,),
        7,
        Embedding("embedding", 7, 32),
        Positions("positions"),
        LayerNorm("norm1"),
        Attention("causal", 2, causal=True),
        Add("add", inputs=("positions", "causal")),
        Linear("widen", 16),
        Gelu("gelu1"),
        Linear("middle", 16),
        Gelu("gelu2", approximate=True),
        LayerNorm("norm2", epsilon=1e-3),
        Linear("head", 7),
    ),
    "attention": model((6, 32), 32, Attention("attention", 2), MeanPool("mean")),
    "rows": model((5, 4, 2), 3, Rows("rows"), Lstm("lstm", 6), Linear("fc", 3)),
}


def inputs_of(workload: Workload, count: int = 3) -> npt.NDArray[Any]:
    """Tokens, or float64 numbers that float32 holds as well, which Keras makes of them."""
    generator = np.random.default_rng(0)
    shape = (count, *workload.input_shape)
    if workload.vocabulary is not None:
        return generator.integers(0, workload.vocabulary, shape)
    return generator.standard_normal(shape, dtype=np.float32).astype(np.float64)
