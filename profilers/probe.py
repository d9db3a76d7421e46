"""The process that probes a model's arithmetic: everything that parity.json and parity.npz hold."""

import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from profilers import backend as backends
from profilers import model_probe, probe_batches, probe_curves, rundir, subject
from profilers.backend import Arrays, Backend
from profilers.model_probe import Array, FirstStep, ModelProbe, Precision
from profilers.parity_arrays import ParityArrays
from profilers.parity_record import (
    PARITY,
    PARITY_ARRAYS,
    ArrayRecord,
    Curve,
    LayerRecord,
    ParameterRecord,
    ParityRecord,
    RandomLayer,
)
from profilers.probe_batches import FULL_BATCHES, SMALL_BATCHES, ListedOrder
from profilers.probe_curves import Share
from profilers.probe_request import REQUEST, ProbeRequest
from profilers.process import guarded
from profilers.protocol import Channel, PhaseBegins
from profilers.records import Settings
from profilers.rundir import CheckFailedError
from workloads.batches import BatchOrder
from workloads.native import AnyWorkload, NativeWorkload
from workloads.weights import fingerprint

PHASE = "parity probe"
WHOLE_SECONDS = 18.0
"""What all parts share, from the import of the framework on; least steps come on top of it."""
DOUBLE_SECONDS, LEAST_DOUBLE = 10.0, 5
CURVE_STEPS, LEAST_STEPS = FULL_BATCHES, 3
DOUBLE_SHARE, MATCHED_SHARE, REFERENCE_SHARE = 0.2, 0.4, 0.9
"""Of the time that is left when the part begins."""
REPEATED = 1e-9
"""Outputs in float64 that differ by more than this part of the largest were drawn at random."""
REMEDY = "It gives something else each time; have it draw no numbers, as by a rate of 0."


def main() -> int:
    """Probe what the folder that is the only argument asks for."""
    folder = Path(sys.argv[1])
    return guarded(lambda channel: probe(folder, channel))


def probe(folder: Path, channel: Channel) -> None:
    """Write parity.npz, then parity.json."""
    channel.send(PhaseBegins(PHASE, seconds=WHOLE_SECONDS / 2))
    request = rundir.read_json(folder / REQUEST, ProbeRequest)
    workload = subject.find(request.settings)
    weights = subject.initial_weights(request.settings, workload)
    record = Probing(request, workload, weights).record(folder)
    rundir.write_json(folder / PARITY, record)


class Probing:
    """The parts of a probe, one after the other, within a time that they share."""

    def __init__(self, request: ProbeRequest, workload: AnyWorkload, weights: Arrays) -> None:
        self._began = time.monotonic()
        self._request, self._workload, self._weights = request, workload, weights
        self._settings = request.settings
        order = BatchOrder(request.data.train_count, self._settings.batch_size, self._settings.seed)
        self._batches = probe_batches.pick(order, subject.samples(request.data))
        self._arrays = ParityArrays()
        self._notes: list[str] = []
        self._random: list[RandomLayer] = []
        self._seconds: dict[str, float] = {}

    def record(self, folder: Path) -> ParityRecord:
        """Do all parts; the record of them, whose arrays are in the folder's parity.npz."""
        with self._part("double"):
            double_model = self._model("float64")
            double_step = self._first_step("", double_model)
            self._random = self._random_layers(double_model, double_step)
        with self._part("double curve"):
            double = self._double_curve(double_model)
        with self._part("single"):
            single_model = self._model("float32")
            single_step = self._first_step("single/", single_model)
        with self._part("matched"):
            matched, _ = self._curve("matched curve", self._matched(), self._batches.small)
        with self._part("reference"):
            reference, backend = self._curve("reference curve", self._settings, self._batches.full)
        audit = single_model.audit(backend)
        records = self._arrays.save(folder / PARITY_ARRAYS)
        single_loss = single_step.loss if math.isfinite(single_step.loss) else None
        return ParityRecord(
            key=self._request.key,
            created_ns=time.time_ns(),
            framework=self._settings.framework,
            versions=backend.environment().versions,
            device=self._settings.device,
            settings=self._settings,
            workload_sha256=self._workload.sha256,
            weights_sha256=fingerprint(self._weights),
            data_sha256=self._request.data.sha256,
            samples_sha256=self._batches.samples_sha256,
            batches_sha256=self._batches.batches_sha256,
            batch_size=self._batches.small.batch_size,
            classes=self._workload.classes,
            output_shape=double_step.outputs.shape[1:],
            layers=self._layers(double_model, records),
            parameters=_parameters(double_model, records),
            outputs=records["outputs"],
            single_outputs=records["single/outputs"],
            double=double,
            single_loss=single_loss,
            matched=matched,
            reference=reference,
            audit=audit,
            random=self._random,
            notes=self._notes,
            seconds=self._seconds,
        )

    def _left(self) -> float:
        return max(0.0, WHOLE_SECONDS - (time.monotonic() - self._began))

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._seconds[name] = round(time.monotonic() - began, 3)

    def _model(self, precision: Precision) -> ModelProbe:
        return model_probe.create(
            self._settings, self._workload, self._weights, self._batches.samples, precision
        )

    def _first_step(self, prefix: str, model: ModelProbe) -> FirstStep:
        """The first step, its arrays added; layers are compared in float64 alone."""
        step = model.first_step(self._batches.small.batch(0))
        self._arrays.add(f"{prefix}outputs", step.outputs)
        for name, array in step.gradients.items():
            self._arrays.add(f"{prefix or 'gradient/'}{name}", array)
        for name, array in step.layers.items() if not prefix else ():
            self._arrays.add(f"output/{name}", array)
        return step

    def _random_layers(self, model: ModelProbe, step: FirstStep) -> list[RandomLayer]:
        """Layers of a kind that draws, and the first one that gives something else the next time.

        Weights are the same both times, and in training no layer computes with running statistics.
        """
        found = model.random_layers()
        again = model.layer_outputs(self._batches.small.batch(0))
        other = next((name for name in again if _differ(step.layers[name], again[name])), None)
        if other is None or any(each.name == other for each in found):
            return found
        return [*found, RandomLayer(name=other, kind=model.layers[other].kind, remedy=REMEDY)]

    def _double_curve(self, model: ModelProbe) -> Curve:
        share = Share(LEAST_DOUBLE, SMALL_BATCHES, min(DOUBLE_SECONDS, DOUBLE_SHARE * self._left()))
        rate = self._workload.learning_rates["sgd"]
        losses = model.losses(list(self._batches.small.all()), rate)
        return self._noted("float64 curve", probe_curves.curve(probe_curves.taken(losses, share)))

    def _matched(self) -> Settings:
        return msgspec.structs.replace(
            self._settings,
            batch_size=self._batches.small.batch_size,
            precision="fp32",
            optimizer_parity="matched",
        )

    def _curve(self, title: str, settings: Settings, order: ListedOrder) -> tuple[Curve, Backend]:
        """Losses of training by the real backend, with their control."""
        part = {"matched curve": MATCHED_SHARE, "reference curve": REFERENCE_SHARE}[title]
        share = Share(LEAST_STEPS, CURVE_STEPS, part * self._left())
        backend = backends.create(settings)
        try:
            backend.build(self._workload, self._weights)
            backend.load(self._batches.samples)
            losses, control = probe_curves.with_control(
                backend, order.all(), self._weights, settings.precision, share
            )
        except Exception as error:
            if sentence := backend.explain(error):
                raise CheckFailedError(sentence) from error
            raise
        if len(losses) < CURVE_STEPS:
            self._notes.append(
                f"The {title} has {len(losses)} steps, as {CURVE_STEPS} would take too long."
            )
        return self._noted(title, probe_curves.curve(losses, control)), backend

    def _noted(self, title: str, found: Curve) -> Curve:
        if trouble := probe_curves.trouble(title, found):
            self._notes.append(trouble)
        return found

    def _layers(self, model: ModelProbe, records: Mapping[str, ArrayRecord]) -> list[LayerRecord]:
        kinds = _kinds(self._workload)
        return [
            LayerRecord(
                name=name,
                kind=kinds.get(name, layer.kind),
                native=layer.native,
                output=records.get(f"output/{name}"),
            )
            for name, layer in model.layers.items()
        ]


def _kinds(workload: AnyWorkload) -> dict[str, str]:
    """What both sides call the layers of a shared name."""
    if isinstance(workload, NativeWorkload):
        return {layer.name: layer.kind for layer in workload.known.layers}
    return {each.name: str(each.__struct_config__.tag) for each in workload.layers}


def _parameters(model: ModelProbe, records: Mapping[str, ArrayRecord]) -> list[ParameterRecord]:
    return [
        ParameterRecord(
            name=name,
            layer=name.rpartition(".")[0],
            native=native,
            gradient=records[f"gradient/{name}"],
            single=records[f"single/{name}"],
        )
        for name, native in model.parameters.items()
    ]


def _differ(one: Array, other: Array) -> bool:
    """Whether outputs differ by more than an order of additions explains."""
    if not one.size or not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    return bool(np.abs(one - other).max() > REPEATED * np.abs(one).max())


if __name__ == "__main__":
    sys.exit(main())
