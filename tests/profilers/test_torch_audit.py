import pytest

pytestmark = pytest.mark.slow


def test_what_layers_have_is_said_in_the_shared_words() -> None:
    from torch import nn

    from profilers.torch_audit import _layer

    convolution = _layer(nn.Conv2d(3, 8, (3, 5), stride=2, padding=(1, 2), bias=False))
    assert convolution == {
        "filters": 8,
        "kernel_size": "3,5",
        "strides": "2,2",
        "padding": "1,1,2,2",
        "dilation": "1,1",
        "groups": 1,
        "bias": False,
    }
    assert _layer(nn.Conv2d(3, 8, 4, padding="same"))["padding"] == "1,2,1,2"
    assert _layer(nn.MaxPool2d(3, 2, 1)) == {
        "pool_size": "3,3",
        "strides": "2,2",
        "padding": "1,1,1,1",
    }
    assert _layer(nn.BatchNorm2d(4, eps=1e-3, momentum=0.01)) == {
        "epsilon": 1e-3,
        "momentum": 0.01,
        "running_variance": "unbiased",
    }
    assert _layer(nn.GELU(approximate="tanh")) == {"approximate": "tanh"}
    assert _layer(nn.LSTM(3, 4)) == {"units": 4, "bias": True}
    assert _layer(nn.Hardtanh()) == {}
