"""Frames for every chart, as a comparison makes them; all numbers are invented."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.charts import (
    accuracy,
    categories,
    energy,
    layers,
    median_step,
    memory,
    operations,
    resources,
    roofline,
    step_times,
    sweep,
    waterfall,
)

NOTE = "cifar10-cnn3 · CIFAR-10 32×32×3 · batch 128 · float32 · 5 runs each, 20 profiled steps each"
ALL = [
    ("PyTorch eager", "torch", "●"),
    ("TensorFlow function", "tensorflow", "◆"),
    ("PyTorch compile", "torch", "○"),
    ("ONNX Runtime", "onnxruntime", "■"),
    ("TensorFlow xla", "tensorflow", "◇"),
]


def sides(count: int = 2) -> pd.DataFrame:
    rows = [(n, *ALL[n]) for n in range(count)]
    return pd.DataFrame(rows, columns=["side", "label", "framework", "mark"])


def times(count: int = 2, runs: int = 5, windows: int = 40) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(1)
    rows, spans = [], []
    for side in range(count):
        base = 2.84 + 0.57 * side
        for run in range(1, runs + 1):
            middle = base * (1 + 0.012 * math.sin(3 * run + side))
            values = middle * (1 + 0.006 * random.standard_gamma(1.5, windows))
            flagged = side == 1 and run == 3
            rows += [(side, run, flagged, float(v * (1.03 if flagged else 1))) for v in values]
        spans.append((side, base * 1.01, base * 0.99, base * 1.03))
    return (
        pd.DataFrame(rows, columns=["side", "run", "flagged", "step_ms"]),
        pd.DataFrame(spans, columns=["side", "median_ms", "low_ms", "high_ms"]),
    )


WATERFALL = pd.DataFrame(
    [
        ("Backward", "work", 0.54),
        ("Optimizer", "work", 0.22),
        ("", "idle", -0.21),
        ("Data to device", "work", 0.08),
        ("Forward", "work", -0.07),
        ("Loss", "work", 0.03),
        ("", "gap", -0.01),
        ("", "unmapped", 0.02),
        ("", "overhead", -0.05),
    ],
    columns=["key", "kind", "difference_ms"],
)


def category_rows(count: int = 2) -> pd.DataFrame:
    shares = {
        "convolution": 1.1, "layout": 0.42, "optimizer": 0.35, "activation": 0.3, "pooling": 0.21,
        "matmul": 0.17, "reduction": 0.11, "loss": 0.05, "data": 0.04, "normalisation": 0.12,
        "elementwise": 0.09, "random": 0.01, "runtime": 0.03, "": 0.02, "gap": 0.19, "idle": 0.3,
    }  # fmt: skip
    rows = [
        (side, name, ms * (1 + 0.35 * math.sin(4 * side + len(name))))
        for side in range(count)
        for name, ms in shares.items()
    ]
    return pd.DataFrame(rows, columns=["side", "category", "time_ms"])


OPS = [
    "conv2d_backward", "conv2d", "adam_update", "relu_backward", "max_pool2d_backward",
    "layout copy", "relu", "max_pool2d", "matmul",
    "bias_add_backward_with_a_reduction_over_all_positions",
    "softmax_cross_entropy", "cast", "add", "mul", "zero_fill", "transpose",
]  # fmt: skip


def operation_rows(count: int = 2) -> pd.DataFrame:
    rows = [
        (op, side, 0.9 / (at + 1) * (1 + 0.4 * math.sin(5 * side + at)))
        for side in range(count)
        for at, op in enumerate(OPS)
        if not (side == 0 and op == "layout copy")
    ]
    return pd.DataFrame(rows, columns=["op", "side", "time_ms"])


def layer_rows(count: int = 2) -> pd.DataFrame:
    names = ["conv1", "conv2", "conv3", "dense1 + dense2", "loss"]
    rows = [
        (layer, phase, side, part * (1 + 0.3 * math.sin(3 * side + at)))
        for side in range(count)
        for at, layer in enumerate(names)
        for phase, part in (("forward", 0.12 + 0.03 * at), ("backward", 0.3), ("optimizer", 0.05))
    ]
    return pd.DataFrame(rows, columns=["layer", "phase", "side", "time_ms"])


def step_rows(count: int = 2, device: bool = True) -> pd.DataFrame:
    rows = []
    for side in range(count):
        for lane in ("host", "device NVIDIA L4") if device else ("host",):
            now = 0.0 if lane == "host" else 0.3
            for phase, parts in (
                ("data", 3), ("forward", 24), ("loss", 4), ("backward", 48), ("optimizer", 12),
            ):  # fmt: skip
                for at in range(parts):
                    long = 0.024 + 0.012 * math.sin(at * 7 + side)
                    rows.append((side, lane, now, long, phase))
                    rest = 0.004 if at % 5 else 0.03 + 0.02 * side
                    rows.append((side, lane, now + long, rest, ""))
                    now += long + rest
    return pd.DataFrame(rows, columns=["side", "lane", "start_ms", "duration_ms", "phase"])


def samples(count: int = 2, seconds: float = 14.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(2)
    rows, phases = [], []
    for side in range(count):
        long = seconds * (1 + 0.35 * side)
        now = 0.0
        for name, part in (
            ("import", 0.18), ("load", 0.08), ("build", 0.14), ("warmup", 0.05), ("timed", 0.42),
            ("profile", 0.08), ("evaluate", 0.05),
        ):  # fmt: skip
            phases.append((side, name, now, part * long))
            now += part * long
        for at, t in enumerate(np.arange(0, long, 0.1)):
            busy = t > 0.4 * long
            noise = random.standard_normal()
            rows.append((side, t, "CPU, cores", 1.1 + 0.7 * busy + 0.08 * noise))
            rows.append((side, t, "RSS, GiB", 2.4 * (1 - math.exp(-t / 2)) + 0.3 * side))
            rows.append((side, t, "GPU, %", 80.0 * busy + abs(noise)))
            if not 60 < at < 72:
                rows.append((side, t, "Power, W", 18 + 40 * busy + noise))
    made = pd.DataFrame(rows, columns=["side", "seconds", "measure", "value"])
    return (
        made.assign(low=made["value"], high=made["value"]),
        pd.DataFrame(phases, columns=["side", "phase", "start_s", "duration_s"]),
    )


def energy_rows(count: int = 2) -> pd.DataFrame:
    rows = [(n, 1.49 + 0.4 * n, 1.42 + 0.4 * n, 1.57 + 0.4 * n) for n in range(count)]
    return pd.DataFrame(rows, columns=["side", "joules_per_1000", "low", "high"])


def roofline_rows(count: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    shapes = [
        ("conv1", 13, 2.1e12), ("conv1 gradient", 15, 1.6e12), ("conv2", 62, 5.1e12),
        ("conv2 gradient", 66, 4.2e12), ("conv3", 90, 6.4e12), ("conv3 gradient", 95, 5.6e12),
        ("dense1", 24, 1.1e12), ("dense2", 8, 0.31e12), ("relu", 0.25, 0.05e12),
    ]  # fmt: skip
    rows = [
        (side, name, x, y * (1 - 0.3 * side * math.sin(x)))
        for side in range(count)
        for name, x, y in shapes
    ]
    roofs = [(side, 16.2e12, 231e9) for side in range(count)]
    return (
        pd.DataFrame(rows, columns=["side", "name", "flops_per_byte", "flops_per_second"]),
        pd.DataFrame(roofs, columns=["side", "peak_flops_per_second", "peak_bytes_per_second"]),
    )


def memory_rows(count: int = 2) -> pd.DataFrame:
    rows = []
    for side in range(count):
        for t in np.arange(0, 14 + 4 * side, 0.1):
            saw = 60e6 * (t * 3 % 1)
            rows.append((side, "RSS", t, (2.4 - 1.6 * math.exp(-t / 3) + 0.5 * side) * 2**30))
            if not 7 < t < 8:
                rows.append((side, "allocated", t, 300e6 * (1 + 0.3 * side) * (t > 4) + saw))
    made = pd.DataFrame(rows, columns=["side", "series", "seconds", "bytes"])
    return made.assign(low=made["bytes"], high=made["bytes"])


def sweep_rows(count: int = 2) -> pd.DataFrame:
    rows = [
        (side, x, (y := 45000 * x / (x + 40 + 60 * side)), y * 0.97, y * 1.04)
        for side in range(count)
        for x in (8, 16, 32, 64, 128, 256, 512)
    ]
    return pd.DataFrame(rows, columns=["side", "x", "estimate", "low", "high"])


def accuracy_rows(count: int = 2) -> pd.DataFrame:
    rows = [
        (side, run, 38 + 9 * side + run * 0.4, 0.846 - 0.004 * side + 0.002 * math.sin(run * 3))
        for side in range(count)
        for run in range(1, 6)
    ]
    return pd.DataFrame(rows, columns=["side", "run", "seconds", "accuracy"])


def chart(name: str, width: float, count: int = 2, note: str = NOTE) -> Figure:
    """The chart of this name with so many sides (a waterfall has two)."""
    who = sides(count)
    drawn: dict[str, Callable[[], Figure]] = {
        "step_times": lambda: step_times.draw(who, *times(count), 50, note, width),
        "waterfall": lambda: waterfall.draw(sides(2), WATERFALL, 2.84, 3.41, note, width),
        "categories": lambda: categories.draw(who, category_rows(count), note, width),
        "operations": lambda: operations.draw(who, operation_rows(count), note, width),
        "layers": lambda: layers.draw(who, layer_rows(count), note, width),
        "median_step": lambda: median_step.draw(who, step_rows(count), note, width),
        "resources": lambda: resources.draw(who, *samples(count), note, width),
        "energy": lambda: energy.draw(who, energy_rows(count), note, width),
        "roofline": lambda: roofline.draw(who, *roofline_rows(count), note, width),
        "memory": lambda: memory.draw(who, memory_rows(count), note, width),
        "sweep": lambda: sweep.draw(
            who, sweep_rows(count), "batch size, samples", "samples per second", note, width
        ),
        "accuracy": lambda: accuracy.draw(who, accuracy_rows(count), note, width),
    }
    return drawn[name]()


NAMES = (
    "step_times", "waterfall", "categories", "operations", "layers", "median_step", "resources",
    "energy", "roofline", "memory", "sweep", "accuracy",
)  # fmt: skip
