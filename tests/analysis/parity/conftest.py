"""Probes of a made-up model, written as the profiler writes them, with one thing changed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from profilers import rundir
from profilers.parity_record import (
    PARITY,
    PARITY_ARRAYS,
    SAMPLED_ELEMENTS,
    WHOLE_ELEMENTS,
    ArrayRecord,
    Curve,
    LayerRecord,
    ParameterRecord,
    ParityRecord,
    Setting,
    SettingValue,
)
from profilers.records import BatchDigest, Result, Settings

LAYERS = {
    "conv1": ("Conv2d", (4, 6, 6, 3)),
    "relu1": ("Relu", (4, 6, 6, 3)),
    "down1": ("Conv2d", (4, 3, 3, 5)),
    "norm1": ("BatchNorm", (4, 3, 3, 5)),
    "fc1": ("Linear", (4, 10)),
}
PARAMETERS = {
    "conv1.weight": (3, 3, 3, 3),
    "down1.weight": (3, 3, 3, 5),
    "down1.bias": (5,),
    "fc1.weight": (45, 10),
    "fc1.bias": (10,),
}
AUDIT: dict[tuple[str, str], SettingValue] = {
    ("optimizer", "kind"): "adam",
    ("optimizer", "learning_rate"): 1e-3,
    ("optimizer", "beta_1"): 0.9,
    ("optimizer", "epsilon"): 1e-8,
    ("optimizer", "epsilon_place"): "after the correction",
    ("optimizer", "gradients"): "dense",
    ("optimizer", "weight_decay"): 0.0,
    ("loss", "kind"): "cross-entropy",
    ("loss", "reduction"): "mean",
    ("precision", "matmul_tf32"): False,
    ("precision", "cudnn_tf32"): False,
    ("precision", "type"): "float32",
    ("conv1", "padding"): "1",
    ("conv1", "bias"): False,
    ("down1", "padding"): "1",
    ("down1", "strides"): 2,
    ("norm1", "epsilon"): 1e-5,
    ("norm1", "momentum"): 0.9,
    ("norm1", "running_variance"): "unbiased",
    ("layout", "images"): "channels first",
    ("threads", "intra_op"): 1,
}
KERAS = {("layout", "images"): "channels last"}
"""What differs between equal sides, and decides nothing."""

REFERENCE = [2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4]
Array = np.ndarray[Any, Any]


def values(name: str, shape: Sequence[int]) -> Array:
    """Numbers that depend on the name alone; of many elements those at the kept positions."""
    count = int(np.prod(shape, dtype=object))
    generator = np.random.default_rng(list(name.encode()))
    if count > WHOLE_ELEMENTS:
        return generator.normal(size=SAMPLED_ELEMENTS)
    return generator.normal(size=shape)


def array_record(name: str, shape: Sequence[int], array: Array) -> ArrayRecord:
    with np.errstate(all="ignore"):
        norm = float(np.linalg.norm(array.astype(np.float64)))
    return ArrayRecord(name=name, shape=tuple(shape), norm=norm if np.isfinite(norm) else None)


class ProbeMaker:
    """Writes probes: keywords replace fields of the record, arrays and settings of the audit."""

    layers, parameters, audit = LAYERS, PARAMETERS, AUDIT

    def __init__(self, output: Path, settings: Settings) -> None:
        self.output, self.settings = output, settings

    def __call__(
        self,
        name: str,
        *,
        framework: str = "torch",
        arrays: Mapping[str, Callable[[Array], Array]] | None = None,
        audit: Mapping[tuple[str, str], SettingValue] | None = None,
        audit_only: Mapping[tuple[str, str], SettingValue] | None = None,
        settings: Mapping[str, Any] | None = None,
        layers: Mapping[str, tuple[str, Sequence[int]]] = LAYERS,
        parameters: Mapping[str, Sequence[int]] = PARAMETERS,
        **fields: Any,
    ) -> Path:
        folder = self.output / name
        folder.mkdir(parents=True, exist_ok=True)
        stored: dict[str, Array] = {}
        changes = dict(arrays or {})

        def kept(key: str, shape: Sequence[int], base: str | None = None) -> ArrayRecord:
            array = values(base or key, shape)
            if key in changes:
                array = changes.pop(key)(array)
            stored[key] = array
            return array_record(key, shape, array)

        told = {**AUDIT, **self._own(framework), **(audit or {})}
        told = told if audit_only is None else dict(audit_only)
        execution = "eager" if framework == "torch" else "function"
        asked = {"framework": framework, "execution": execution, "mode": "train"}
        asked |= settings or {}
        record = ParityRecord(
            key="a key",
            created_ns=1,
            framework=framework,
            versions={framework: "1.0"},
            device="cpu",
            settings=msgspec.structs.replace(self.settings, **asked),
            workload_sha256="a1" * 32,
            weights_sha256="b2" * 32,
            data_sha256="ef" * 32,
            samples_sha256="c3" * 32,
            batches_sha256="d4" * 32,
            batch_size=4,
            classes=10,
            output_shape=(4, 10),
            layers=[
                LayerRecord(
                    name=layer, kind=kind, native=layer, output=kept(f"output/{layer}", shape)
                )
                for layer, (kind, shape) in layers.items()
            ],
            parameters=[
                ParameterRecord(
                    name=parameter,
                    layer=parameter.partition(".")[0],
                    native=parameter,
                    gradient=kept(f"gradient/{parameter}", shape),
                    single=kept(f"single/{parameter}", shape, f"gradient/{parameter}"),
                )
                for parameter, shape in parameters.items()
            ],
            outputs=kept("outputs", (4, 10)),
            single_outputs=kept("single_outputs", (4, 10), "outputs"),
            double=Curve(losses=[2.3, 2.1, 1.9, 1.7, 1.5]),
            single_loss=2.3,
            matched=Curve(losses=REFERENCE, control=[loss + 1e-7 for loss in REFERENCE]),
            reference=Curve(losses=REFERENCE, control=[loss + 1e-7 for loss in REFERENCE]),
            audit=[
                Setting(group=group, name=setting, value=value)
                for (group, setting), value in told.items()
            ],
        )
        assert not changes, f"no such arrays: {changes}"
        rundir.write_json(folder / PARITY, msgspec.structs.replace(record, **fields))
        np.savez(folder / PARITY_ARRAYS, allow_pickle=False, **stored)
        return folder

    @staticmethod
    def _own(framework: str) -> Mapping[tuple[str, str], SettingValue]:
        return KERAS if framework == "tensorflow" else {}

    def pair(self, **changes: Any) -> tuple[Path, Path]:
        """Two equal probes, but for what is changed of the right one."""
        return self("left"), self("right", framework="tensorflow", **changes)


class BoundRunMaker:
    """Runs that their probes bind to, but for what is changed of them."""

    def __init__(self, make_run: Any, make_probe: ProbeMaker) -> None:
        self.make_run, self.make_probe = make_run, make_probe

    def __call__(
        self,
        name: str,
        framework: str = "torch",
        *,
        losses: Sequence[float | None] = REFERENCE,
        windows: bool = False,
        result: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        probe: Mapping[str, Any] | None = None,
        **run: Any,
    ) -> Path:
        execution = "eager" if framework == "torch" else "function"
        asked = {"framework": framework, "execution": execution, **(settings or {})}
        folder = self.make_run(
            name,
            settings=msgspec.structs.replace(self.make_run.settings, **asked),
            steps=self._steps(losses, windows),
            result=msgspec.convert(
                {**msgspec.to_builtins(RESULT), **(result or {})}, Result, strict=False
            ),
            **run,
        )
        self.make_probe(name, framework=framework, **(probe or {}))
        return Path(folder)

    def _steps(self, losses: Sequence[float | None], windows: bool) -> list[Any]:
        step = self.make_run.step
        if windows:
            rows = [step("first_step", 0, 9.0, loss=losses[0])]
            rows += [step("warmup", at, 1.0, loss=loss) for at, loss in enumerate(losses) if at]
            return [*rows, step("timed", 0, 50.0, count=50, kind="window", loss=0.5)]
        rows = [step("first_step", 0, 9.0, loss=7.0)]
        return rows + [step("timed", at, 1.0, loss=loss) for at, loss in enumerate(losses)]

    def pair(self, **changes: Any) -> tuple[Path, Path]:
        """Two runs with their probes, but for what is changed of the right one."""
        return self("left"), self("right", "tensorflow", **changes)


RESULT = Result(
    parameters=700,
    weights_sha256="b2" * 32,
    data_sha256="ef" * 32,
    batches=[
        BatchDigest("warmup", 10, "d4" * 32),
        BatchDigest("warmup", 21, "11" * 32),
        BatchDigest("timed", 10, "d4" * 32),
        BatchDigest("timed", 100, "22" * 32),
    ],
    parameter_norm=12.5,
    steps_per_epoch=44,
    trained_steps=100,
    accuracy=0.9,
    test_loss=0.3,
)


@pytest.fixture
def make_probe(make_run: Any) -> ProbeMaker:
    return ProbeMaker(make_run.output, make_run.settings)


@pytest.fixture
def make_bound(make_run: Any, make_probe: ProbeMaker) -> BoundRunMaker:
    return BoundRunMaker(make_run, make_probe)
