import pytest

pytestmark = pytest.mark.slow


def test_what_draws_is_named_with_what_turns_it_off() -> None:
    from torch import nn

    from profilers.torch_random import random_layers

    model = nn.Sequential(
        nn.Dropout(0.5),
        nn.Dropout(0.0),
        nn.LSTM(3, 3, num_layers=2, dropout=0.1),
        nn.RReLU(),
        nn.ReLU(),
    )
    assert [each.partition(" ")[0] for each in random_layers(model)] == ["0", "2", "3"]
    assert next(random_layers(model)) == "0 (Dropout, p=0.5; set p=0)"
