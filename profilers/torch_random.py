"""Which modules of torch draw random numbers in training, and how each is turned off."""

from collections.abc import Iterator

from torch import nn
from torch.nn.modules.dropout import _DropoutNd


def drawing(module: nn.Module) -> str | None:
    """What makes this module itself draw, and what to do; None where it draws nothing."""
    if isinstance(module, _DropoutNd) and module.p > 0:
        return f"p={module.p:g}; set p=0"
    if isinstance(module, nn.RNNBase | nn.MultiheadAttention) and module.dropout > 0:
        return f"dropout={module.dropout:g}; set dropout=0"
    if isinstance(module, nn.RReLU) and module.lower < module.upper:
        return f"slopes {module.lower:g} to {module.upper:g}; take a LeakyReLU"
    return None


def random_layers(model: nn.Module) -> Iterator[str]:
    """The modules that draw random numbers in training, and how to turn each off."""
    for name, module in model.named_modules():
        if how := drawing(module):
            yield f"{name} ({type(module).__name__}, {how})"
