"""A mistake: "same" padding with a stride of 2 pads another side than torch's padding=1."""

BATCH_SIZE = 32
DATA = "digits"
INPUT_SHAPE = (28, 28, 1)
CLASSES = 10


def build_torch():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(7 * 7 * 32, 10),
    )


def build_keras():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            # wrong: right would be layers.ZeroPadding2D(1), then padding="valid"
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
