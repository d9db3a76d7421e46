import pytest

from tests import frameworks

pytestmark = pytest.mark.slow


def test_what_draws_is_named_with_what_turns_it_off() -> None:
    keras = frameworks.keras()
    from profilers.tensorflow_random import random_layers

    layers = keras.layers
    model = keras.Sequential(
        [
            layers.RandomFlip(name="flip"),
            layers.Dropout(0.0, name="off"),
            layers.GaussianNoise(0.1, name="noise"),
            layers.TimeDistributed(layers.Flatten(name="flat")),
            layers.LSTM(3, recurrent_dropout=0.2, name="lstm"),
        ]
    )
    told = {each.partition(" ")[0]: each for each in random_layers(model)}
    assert told.keys() >= {"flip", "noise", "lstm"}
    assert "off" not in told
    assert told["flip"] == "flip (RandomFlip, leave it out)"
    assert "recurrent_dropout=0.2; set recurrent_dropout=0" in told["lstm"]
