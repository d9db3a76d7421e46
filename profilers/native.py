"""Has a user's models described, pairs their arrays, and keeps in the cache how they begin."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from profilers import describe, launch, mapping
from profilers.backend import Framework
from profilers.description import Description
from profilers.mapping import Agreement
from profilers.protocol import Failed, Ready
from profilers.records import DataRecord, Settings
from profilers.rundir import ProfileError
from workloads import native_model, weights
from workloads.data import cache
from workloads.native import BUILDERS, NativeWorkload
from workloads.native_model import Input, NativeModel

DESCRIBE_SECONDS = 600.0


@dataclass(frozen=True)
class Program:
    """A framework under an interpreter, with settings for it that passed the preflight."""

    framework: Framework
    interpreter: str
    settings: Settings


@dataclass(frozen=True)
class Prepared:
    """A workload that is known, and what the user is told of it.

    `warnings` stand in each run's record, `notes` are said once.
    """

    workload: NativeWorkload
    warnings: list[str]
    notes: list[str]


def check_builders(workload: NativeWorkload, frameworks: list[str]) -> None:
    """Raise ProfileError unless the file has a builder for each of the frameworks."""
    for name in dict.fromkeys(frameworks):
        builder = BUILDERS.get(name)
        if builder not in workload.builders:
            has = " and ".join(workload.builders)
            raise ProfileError(
                f"{workload.name}.py has no {builder or f'builder for {name}'}(), which {name} "
                f"needs; add it, or run it with the framework of {has}()."
            )


def prepare(workload: NativeWorkload, programs: list[Program], data: DataRecord) -> Prepared:
    """Describe the model under each framework, pair its arrays, and keep them.

    Raises:
        ProfileError, WorkloadError: a builder fails, or the models can't be paired.
    """
    with tempfile.TemporaryDirectory(prefix="crossprof-") as folder:
        found = {
            program.framework.name: _described(program, data, Path(folder)) for program in programs
        }
    descriptions = {name: description for name, (description, _) in found.items()}
    if len(found) > 1:
        torch, keras = descriptions["torch"], descriptions["tensorflow"]
        agreed = mapping.agree(torch, keras, workload.weights, f"{workload.name}.py")
    else:
        agreed = mapping.alone(next(iter(descriptions.values())))
    samples = cache.load(data.cache_key)
    shown = next(iter(descriptions.values()))
    model = NativeModel(
        inputs=tuple(
            Input(each.shape[1:], each.dtype.name) for each in cache.inputs(samples, "test")
        ),
        output_shape=shown.output_shape[1:],
        arrays=tuple(agreed.arrays),
        layers=tuple(agreed.layers),
        notes=tuple(agreed.notes),
    )
    _check_labels(workload, model, samples)
    values = initial(model, {name: values for name, (_, values) in found.items()})
    key = _keep(model, values)
    known = msgspec.structs.replace(workload, model=model, model_key=key)
    return Prepared(known, _warnings(descriptions, agreed), _notes(model, len(found)))


def _check_labels(
    workload: NativeWorkload, model: NativeModel, samples: Mapping[str, npt.NDArray[np.generic]]
) -> None:
    """The cross-entropy, which is the default loss, takes no classes that the model doesn't give.

    Raises:
        ProfileError: a label is out of range.
    """
    if workload.own_loss or not model.output_shape:
        return
    classes = model.output_shape[-1]
    for part in ("train", "test"):
        labels = np.asarray(samples[f"{part}_labels"])
        if labels.dtype.kind in "iu" and labels.size:
            least, most = int(labels.min()), int(labels.max())
            if least < 0 or most >= classes:
                raise ProfileError(
                    f"{workload.name}.py: {part} labels go from {least} to {most}, and the model "
                    f"gives {classes} classes, 0 to {classes - 1}; make them agree."
                )


def _described(
    program: Program, data: DataRecord, folder: Path
) -> tuple[Description, Mapping[str, npt.NDArray[np.generic]]]:
    """What a process of that framework tells of the model."""
    place = folder / program.framework.name
    place.mkdir()
    request = describe.Request(program.settings, data.cache_key, str(place))
    with open(place / "log", "wb") as log:
        answer = launch.ask(
            program.interpreter,
            "profilers.describe",
            msgspec.json.encode(request).decode(),
            program.settings.threads,
            log,
            DESCRIBE_SECONDS,
        )
    if not isinstance(answer, Ready):
        reason = answer.message if isinstance(answer, Failed) else "its process gave no answer"
        if isinstance(answer, Failed) and answer.kind == "request":
            raise ProfileError(reason)
        tail = (place / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        told = "".join(f"\n  | {line}" for line in tail[-launch.LOG_TAIL_LINES :])
        name = program.settings.workload_name
        raise ProfileError(
            f"{name}.py could not be built under {program.framework.title} ({reason}).{told}"
        )
    description = msgspec.json.decode((place / describe.DESCRIPTION).read_bytes(), type=Description)
    with np.load(place / describe.VALUES, allow_pickle=False) as file:
        return description, {name: file[name] for name in file.files}


def initial(
    model: NativeModel, found: Mapping[str, Mapping[str, npt.NDArray[np.generic]]]
) -> dict[str, npt.NDArray[np.float32]]:
    """The initial arrays of torch's model, or of Keras' where there is no other."""
    values = {}
    for array in model.arrays:
        place = array.torch if "torch" in found else array.keras
        assert place is not None
        made = found["torch" if "torch" in found else "tensorflow"][f"{place[0]}.{place[1]}"]
        made = np.asarray(made, dtype=np.float32)
        if array.image is not None and "torch" in found:
            height, width, channels = array.image
            rows = made.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
            made = rows.reshape(made.shape)
        values[array.name] = np.ascontiguousarray(made)
    return values


def _keep(model: NativeModel, values: Mapping[str, npt.NDArray[np.float32]]) -> str:
    try:
        return native_model.keep(
            cache.folder(),
            model,
            weights.fingerprint(values),
            lambda path: weights.save(path, values),
        )
    except OSError as error:
        raise cache.unwritable(error) from None


def _warnings(descriptions: Mapping[str, Description], agreed: Agreement) -> list[str]:
    random = list(dict.fromkeys(each for d in descriptions.values() for each in d.random))
    said = [*agreed.warnings, *(note for d in descriptions.values() for note in d.notes)]
    if random:
        said.append(
            f"random numbers are drawn in training by {', '.join(random)}; each framework draws "
            "its own, so losses differ and equality can't be certified."
        )
    return said


def _notes(model: NativeModel, sides: int) -> list[str]:
    if sides == 1:
        return []
    layers = sum(None not in (layer.torch, layer.keras) for layer in model.layers)
    paired = f"{len(model.arrays)} arrays and {layers} layers are paired"
    return [paired + "; both models begin with torch's values.", *model.notes]
