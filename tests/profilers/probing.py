"""Small models, and their probes in the process of the test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from profilers import probe
from profilers.backend import frameworks
from profilers.parity_record import PARITY_ARRAYS, ParityRecord
from profilers.probe_request import ProbeRequest
from profilers.records import RunRecord
from workloads.layers import (
    Add,
    Attention,
    BatchNorm,
    Conv2d,
    Embedding,
    Flatten,
    Gelu,
    LayerNorm,
    Linear,
    MaxPool2d,
    Positions,
    Relu,
)
from workloads.spec import Workload
from workloads.weights import initial_weights

SAMPLES = 64
MakeRecord = Callable[..., RunRecord]

IMAGES = Workload(
    name="images",
    title="",
    source="",
    input_shape=(8, 8, 3),
    classes=5,
    data="synthetic",
    layers=(
        Conv2d("conv1", 6, kernel=3, stride=2, padding=1, bias=False),
        BatchNorm("norm1"),
        Relu("relu1"),
        Conv2d("conv2", 6, kernel=1, inputs=("relu1",)),
        Add("add", inputs=("conv2", "relu1")),
        MaxPool2d("pool", 2),
        Flatten("flatten"),
        Linear("fc1", 16),
        Gelu("gelu"),
        Linear("fc2", 5),
    ),
)
TOKENS = Workload(
    name="tokens",
    title="",
    source="",
    input_shape=(6,),
    classes=7,
    data="synthetic",
    layers=(
        Embedding("embedding", 7, 6),
        Positions("positions"),
        LayerNorm("norm"),
        Attention("attention", heads=3, causal=True),
        Gelu("gelu", approximate=True),
        Linear("fc", 7),
    ),
)


def samples(workload: Workload) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    shape = (SAMPLES, *workload.input_shape)
    labels = (SAMPLES, *workload.output_shape[:-1])
    made: dict[str, np.ndarray] = {}
    for part in ("train", "test"):
        if workload.vocabulary:
            made[f"{part}_inputs"] = generator.integers(0, workload.vocabulary, shape)
        else:
            made[f"{part}_inputs"] = generator.integers(0, 256, shape).astype(np.uint8)
        made[f"{part}_labels"] = generator.integers(0, workload.classes, labels)
    return made


def probed(
    framework: str,
    workload: Workload,
    folder: Path,
    make_record: MakeRecord,
    monkeypatch: pytest.MonkeyPatch,
    weights: Callable[[dict[str, Any]], None] = lambda arrays: None,
    seconds: float = 1e4,
    **changes: Any,
) -> tuple[ParityRecord, dict[str, np.ndarray]]:
    """The record and arrays of a probe; `weights` may change those that it begins with.

    `seconds` is the time that it may take: with 0, curves have the least number of steps.
    """
    plain = frameworks()[framework].executions[0]
    record = make_record(**{"framework": framework, "execution": plain, "batch_size": 8, **changes})
    data = msgspec.structs.replace(record.data, train_count=SAMPLES)
    request = ProbeRequest(key="key", settings=record.settings, data=data)
    monkeypatch.setattr(probe.subject, "samples", lambda data: samples(workload))
    monkeypatch.setattr(probe, "WHOLE_SECONDS", seconds)
    arrays = initial_weights(workload, 0)
    weights(arrays)
    folder.mkdir(parents=True, exist_ok=True)
    found = probe.Probing(request, workload, arrays).record(folder)
    with np.load(folder / PARITY_ARRAYS, allow_pickle=False) as file:
        return found, dict(file)
