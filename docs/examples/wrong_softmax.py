"""A mistake: the Keras model ends with a softmax, and its loss takes logits."""

BATCH_SIZE = 32
DATA = "digits"
INPUT_SHAPE = (28, 28, 1)
CLASSES = 10


def build_torch():
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def build_keras():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),  # wrong: the cross-entropy has a softmax, too
        ]
    )
