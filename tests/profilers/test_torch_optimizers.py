from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from profilers.records import Settings

pytestmark = pytest.mark.slow


def keras_adam(gradients: list[float], rate: float = 1e-3) -> list[float]:
    """A weight that begins at 0 after each step of Adam as Keras' source has it, in float64."""
    weight, mean, square, found = 0.0, 0.0, 0.0, []
    for step, gradient in enumerate(gradients, 1):
        mean += (gradient - mean) * (1 - 0.9)
        square += (gradient**2 - square) * (1 - 0.999)
        alpha = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        weight -= alpha * mean / (np.sqrt(square) + 1e-7)
        found.append(weight)
    return found


def stepped(optimizer: Any, parameter: Any, gradients: list[float]) -> list[float]:
    import torch

    found = []
    for gradient in gradients:
        parameter.grad = torch.tensor([gradient], dtype=parameter.dtype)
        optimizer.step()
        found.append(float(parameter.detach()))
    return found


def test_matched_adam_is_that_of_keras_and_stock_adam_is_not(
    make_settings: Callable[..., Settings],
) -> None:
    import torch

    from profilers import torch_optimizers

    gradients = [3e-7, -1e-6, 2e-7, 5e-7, 1e-6]
    found = {}
    for parity in ("stock", "matched"):
        parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        settings = make_settings(optimizer_parity=parity)
        optimizer = torch_optimizers.create(settings, [parameter], 1e-3)
        found[parity] = stepped(optimizer, parameter, gradients)
        assert isinstance(optimizer, torch.optim.Adam)
        for state in optimizer.state.values():  # as a backend's restart does
            for value in state.values():
                value.zero_()
        with torch.no_grad():
            parameter.zero_()
        assert stepped(optimizer, parameter, gradients) == found[parity]
    expected = keras_adam(gradients)
    assert found["matched"] == pytest.approx(expected, rel=1e-4)  # its rates are float32
    assert found["stock"] != pytest.approx(expected, rel=1e-1)


@pytest.mark.parametrize("parity", ["stock", "matched"])
def test_other_optimizers_are_torchs_own(
    make_settings: Callable[..., Settings], parity: str
) -> None:
    import torch

    from profilers import torch_optimizers

    parameter = torch.nn.Parameter(torch.zeros(1))
    settings = make_settings(optimizer="sgd", optimizer_parity=parity)
    assert type(torch_optimizers.create(settings, [parameter], 0.1)) is torch.optim.SGD
    stock = torch_optimizers.create(make_settings(), [parameter], 0.1)
    assert type(stock) is torch.optim.Adam
    assert not stock._optimizer_step_pre_hooks
