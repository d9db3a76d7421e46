"""A user's own model, described and paired in this process, for the tests of both frameworks."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from profilers import mapping
from profilers.description import Description
from profilers.native import initial
from workloads import native
from workloads.native import NativeWorkload
from workloads.native_model import Input, NativeModel

Arrays = dict[str, npt.NDArray[Any]]

TWO_INPUTS = """
INPUT_SHAPE, CLASSES, DATA = (8, 8, 3), 1, "synthetic"  # data are given by the test

def torch_loss(outputs, labels):
    import torch
    return torch.nn.functional.mse_loss(outputs, labels)

def keras_loss(outputs, labels):
    import tensorflow as tf
    return tf.reduce_mean(tf.square(outputs - labels))

def build_torch():
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.vector = nn.Linear(5, 16)
            self.image = nn.Linear(4 * 6 * 6, 16)
            self.out = nn.Linear(32, 1)

        def forward(self, image, vector):
            one = self.image(torch.relu(self.conv(image)).flatten(1))
            return self.out(torch.cat([torch.relu(one), torch.relu(self.vector(vector))], 1))

    return Net()

def build_keras():
    import keras
    from keras import layers

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.vector = layers.Dense(16, activation="relu")
            self.conv = layers.Conv2D(4, 3, activation="relu")
            self.flat = layers.Flatten()
            self.image = layers.Dense(16, activation="relu")
            self.out = layers.Dense(1)

        def call(self, inputs):
            image, vector = inputs
            one = self.image(self.flat(self.conv(image)))
            return self.out(keras.ops.concatenate([one, self.vector(vector)], -1))

    return Net()
"""

KINDS = """
INPUT_SHAPE, CLASSES, DATA = (12,), 4, "synthetic"  # data are given by the test

def build_torch():
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.places = nn.Parameter(torch.randn(12, 16))
            self.tokens = nn.Embedding(50, 16)
            self.block = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True)
            self.conv = nn.Conv1d(16, 8, 3, padding=1)
            self.depthwise = nn.Conv1d(8, 16, 3, groups=8)
            self.lstm = nn.LSTM(16, 6, num_layers=2, batch_first=True, bidirectional=True)
            self.gru = nn.GRU(12, 5, batch_first=True)
            self.head = nn.Linear(5, 4)

        def forward(self, tokens):
            values = self.block(self.tokens(tokens) + self.places).transpose(1, 2)
            values = self.depthwise(torch.relu(self.conv(values))).transpose(1, 2)
            return self.head(self.gru(self.lstm(values)[0])[0][:, -1])

    return Net()

def build_keras():
    import keras
    from keras import layers

    class Places(layers.Layer):
        def build(self, shape):
            self.vectors = self.add_weight(shape=shape[1:], name="vectors")

        def call(self, values):
            return values + self.vectors

    def both_ways():
        return layers.Bidirectional(layers.LSTM(6, return_sequences=True))

    tokens = keras.Input((12,), dtype="int64")
    values = Places()(layers.Embedding(50, 16)(tokens))
    seen = layers.MultiHeadAttention(4, 4)(values, values)
    values = layers.LayerNormalization(epsilon=1e-5)(values + seen)
    wide = layers.Dense(16)(layers.Dense(32, activation="relu")(values))
    values = layers.LayerNormalization(epsilon=1e-5)(values + wide)
    values = layers.Conv1D(8, 3, padding="same", activation="relu")(values)
    values = layers.DepthwiseConv1D(3, depth_multiplier=2)(values)
    values = layers.GRU(5)(both_ways()(both_ways()(values)))
    return keras.Model(tokens, layers.Dense(4)(values))
"""


def written(folder: Path, text: str) -> NativeWorkload:
    path = folder / "own.py"
    path.write_text(text)
    found = native.load(path)
    assert isinstance(found, NativeWorkload)
    return found


def known(
    workload: NativeWorkload,
    inputs: tuple[npt.NDArray[Any], ...],
    described: dict[str, tuple[Description, Arrays]],
) -> tuple[NativeWorkload, Arrays]:
    """The workload with its model, and what both sides begin with."""
    found = {name: description for name, (description, _) in described.items()}
    if len(found) > 1:
        agreed = mapping.agree(found["torch"], found["tensorflow"], workload.weights, "own.py")
    else:
        agreed = mapping.alone(*found.values())
    model = NativeModel(
        inputs=tuple(Input(each.shape[1:], each.dtype.name) for each in inputs),
        output_shape=next(iter(found.values())).output_shape[1:],
        arrays=tuple(agreed.arrays),
        layers=tuple(agreed.layers),
        notes=tuple(agreed.notes),
    )
    values = initial(model, {name: values for name, (_, values) in described.items()})
    return msgspec.structs.replace(workload, model=model), dict(values)


def images(count: int = 2, shape: tuple[int, ...] = (28, 28, 1)) -> npt.NDArray[Any]:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)
