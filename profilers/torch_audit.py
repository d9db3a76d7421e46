"""Reads from torch's objects the settings that decide what a model computes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from profilers import audit as vocabulary
from profilers.audit import settings, sizes
from profilers.parity_record import Setting, SettingValue
from profilers.torch_backend import TorchBackend
from profilers.torch_layers import LastState, SelfAttention
from profilers.torch_optimizers import MatchedAdam

Values = dict[str, SettingValue]


def audit(backend: TorchBackend) -> list[Setting]:
    """Every setting of a backend that has built its model."""
    network = backend.network
    found = settings("optimizer", _optimizer(backend.optimizer, network.module))
    tried = vocabulary.loss(_tried(network.loss, backend.device), _name(network.loss))
    found += settings("loss", tried)
    for name, module in network.layers.items():
        found += settings(name, _layer(module))
    if images := _images(network.module):
        found += settings("layout", {"images": images})
    return found + vocabulary.process(backend.environment().threads, _precision(backend))


def _optimizer(optimizer: torch.optim.Optimizer, module: nn.Module) -> Values:
    group = optimizer.param_groups[0]
    values: Values = {"kind": "sgd" if isinstance(optimizer, torch.optim.SGD) else "adam"}
    matched = isinstance(optimizer, MatchedAdam)
    values["learning_rate"] = optimizer.rate if isinstance(optimizer, MatchedAdam) else group["lr"]
    if "betas" in group:
        values["beta_1"], values["beta_2"] = group["betas"]
        values["epsilon"] = MatchedAdam.epsilon if matched else group["eps"]
        values["epsilon_place"] = vocabulary.BEFORE if matched else vocabulary.AFTER
    else:
        values["momentum"] = group["momentum"]
    values["weight_decay"] = float(group["weight_decay"])
    sparse = any(getattr(each, "sparse", False) for each in module.modules())
    values["gradients"] = vocabulary.SLICES if sparse else vocabulary.DENSE
    return values


def _tried(
    loss: Callable[..., torch.Tensor], device: torch.device
) -> Callable[[npt.NDArray[np.float32], npt.NDArray[np.int64]], float]:
    def function(outputs: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
        given = torch.from_numpy(outputs).to(device), torch.from_numpy(labels).to(device)
        return float(loss(*given))

    return function


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _layer(module: nn.Module) -> Values:
    """What a layer has of the shared vocabulary; nothing, if it is of no kind known here."""
    match module:
        case nn.Conv2d():
            return {
                "filters": module.out_channels,
                "kernel_size": sizes(module.kernel_size),
                "strides": sizes(module.stride),
                "padding": _convolution_padding(module),
                "dilation": sizes(module.dilation),
                "groups": module.groups,
                "bias": module.bias is not None,
            }
        case nn.MaxPool2d() | nn.AvgPool2d():
            size, stride = _pair(module.kernel_size), _pair(module.stride)
            padding = _sides(_pair(module.padding))
            return {"pool_size": sizes(size), "strides": sizes(stride), "padding": padding}
        case nn.Linear():
            return {"units": module.out_features, "bias": module.bias is not None}
        case nn.Embedding():
            return {"vocabulary": module.num_embeddings, "width": module.embedding_dim}
        case nn.GELU():
            exact = module.approximate == "none"
            return {"approximate": vocabulary.EXACT if exact else vocabulary.TANH}
        case nn.Dropout():
            return {"rate": module.p}
        case _:
            return _recurrent_or_norm(module)


def _recurrent_or_norm(module: nn.Module) -> Values:
    match module:
        case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.BatchNorm3d():
            return {
                "epsilon": module.eps,
                "momentum": module.momentum,
                "running_variance": vocabulary.UNBIASED,
            }
        case nn.LayerNorm():
            return {"epsilon": module.eps}
        case SelfAttention():
            return {"heads": module.attention.num_heads, "causal": module.causal}
        case nn.MultiheadAttention():
            return {"heads": module.num_heads}
        case LastState():
            return {"units": module.lstm.hidden_size, "bias": module.lstm.bias}
        case nn.LSTM():
            return {"units": module.hidden_size, "bias": module.bias}
    return {}


def _convolution_padding(module: nn.Conv2d) -> str:
    if module.padding == "same":
        spans = zip(module.kernel_size, module.dilation, strict=True)
        totals = [dilation * (size - 1) for size, dilation in spans]
        return sizes(side for total in totals for side in (total // 2, total - total // 2))
    if isinstance(module.padding, str):
        return sizes((0, 0, 0, 0))
    return _sides(_pair(module.padding))


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _sides(padding: tuple[int, int]) -> str:
    """(height, width) -> top, bottom, left, right."""
    return sizes(side for each in padding for side in (each, each))


def _images(module: nn.Module) -> str | None:
    """The order of an image's values in memory; None where there are no convolutions."""
    for each in module.modules():
        if isinstance(each, nn.Conv2d):
            last = each.weight.is_contiguous(memory_format=torch.channels_last)
            first = each.weight.is_contiguous()
            return "NHWC" if last and not first else "NCHW"
    return None


def _precision(backend: TorchBackend) -> Values:
    flags = backend.environment().precision
    parameter = next(backend.network.module.parameters())
    own = str(parameter.dtype).removeprefix("torch.")
    mixed = backend.autocast_type
    values: Values = {
        "type": own if mixed is None else f"mixed {str(mixed).removeprefix('torch.')}"
    }
    values["deterministic"] = flags["deterministic"]
    if backend.device.type == "cuda":
        values["matmul_tf32"] = flags["matmul_allow_tf32"]
        values["cudnn_tf32"] = flags["cudnn_allow_tf32"]
        values["cudnn_benchmark"] = flags["cudnn_benchmark"]
    return values
