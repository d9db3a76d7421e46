"""A small network for scans of digits, written as one would in each framework."""

BATCH_SIZE = 32
DATA = "digits"
INPUT_SHAPE = (28, 28, 1)
CLASSES = 10


def build_torch():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),  # batch norm takes the mean away again
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(7 * 7 * 32, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def build_keras():
    import keras
    from keras import layers

    # torch's defaults, which Keras' differ from.
    norm = {"momentum": 0.9, "epsilon": 1e-5}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(**norm),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", use_bias=False),
            layers.BatchNormalization(**norm),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ]
    )
