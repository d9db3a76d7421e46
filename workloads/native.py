"""The user's own model: a file with a neutral spec, or with a builder for each framework."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import msgspec

from workloads import native_constants, own_file
from workloads.layers import Flatten, Linear, Parameter, Shape
from workloads.native_model import NativeModel
from workloads.options import made
from workloads.own_file import blamed, file_sha256
from workloads.spec import Option, Workload, WorkloadError

SUFFIX = ".py"
BUILDERS = {"torch": "build_torch", "tensorflow": "build_keras"}
LOSSES = {"torch": "torch_loss", "tensorflow": "keras_loss"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


class NativeWorkload(msgspec.Struct, frozen=True, kw_only=True):
    """What a file with builders says, and once that is known, what its models have in common.

    `data` names a data set, or is "data()" where the file has a function of that name; only then
    may `input_shape` and `classes` be unknown. `weights` are the user's own pairs of names, with
    the shape of a flattened image where it was said (() says that there is none).
    """

    name: str
    path: str
    file_sha256: str
    title: str
    builders: tuple[str, ...]
    own_loss: bool
    data: str
    batch_size: Annotated[int, msgspec.Meta(ge=1)]
    learning_rates: dict[str, float]
    input_shape: Shape = ()
    classes: Annotated[int, msgspec.Meta(ge=1)] | None = None
    weights: dict[str, tuple[str, Shape | None]] = {}
    options: dict[str, Option] = {}
    model: NativeModel | None = None
    model_key: str = ""

    @property
    def known(self) -> NativeModel:
        """The model, once it was described."""
        if self.model is None:
            raise WorkloadError(f"{self.name} was not described yet; run it with profile.py.")
        return self.model

    @property
    def task(self) -> Workload:
        """The smallest model with the same samples and classes, which data sets are chosen by."""
        if not self.input_shape or self.classes is None:
            raise WorkloadError(
                f"{_file(self.path)} has its own data(); to run it with another data set, give it "
                "INPUT_SHAPE and CLASSES too."
            )
        return Workload(
            name=self.name,
            title=self.title,
            source="",
            input_shape=self.input_shape,
            classes=self.classes,
            layers=(Flatten("flatten"), Linear("classes", self.classes)),
            data=self.data,
        )

    def parameters(self) -> dict[str, Parameter]:
        """Every array by its shared name; how it begins is not said by a rule but by a builder."""
        arrays = self.known.arrays
        return {a.name: Parameter(a.shape, 0.0, trainable=a.trainable) for a in arrays}

    def parameter_shapes(self) -> dict[str, Shape]:
        """Canonical shape of every array."""
        return {array.name: array.shape for array in self.known.arrays}

    @property
    def output_shape(self) -> Shape:
        """The shape of the outputs of a sample."""
        return self.known.output_shape

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return self.known.parameter_count

    @property
    def sha256(self) -> str:
        """A fingerprint of the file and of what its models have in common."""
        text = f"{self.file_sha256} {self.known.sha256} {sorted(self.learning_rates.items())}"
        return hashlib.sha256(text.encode()).hexdigest()


AnyWorkload = Workload | NativeWorkload


def is_file(name: str) -> bool:
    """Whether a workload's name stands for a file of the user."""
    return name.endswith(SUFFIX)


def load(path: Path, options: Mapping[str, Option] | None = None) -> AnyWorkload:
    """Import the file and read what it says.

    Raises:
        WorkloadError: it can't be read, raises an error of its own, or has no model.
    """
    path = path.absolute()
    if not NAME.fullmatch(path.stem):
        raise WorkloadError(
            f"{path.name} gives its name to runs; rename it to letters, digits and . _ - alone."
        )
    sha256 = file_sha256(path)
    module = own_file.module(path, sha256)
    if hasattr(module, "WORKLOAD") or hasattr(module, "workload"):
        return _spec(path, module, options or {})
    if options:
        raise WorkloadError(f"{path.name} takes no --set; only a function workload(...) does.")
    return _native(path, sha256, module)


def function(workload: NativeWorkload, name: str) -> Callable[..., Any] | None:
    """A function of the workload's file, or None; errors in it are told as the file's own."""
    path = Path(workload.path)
    found = getattr(own_file.module(path, workload.file_sha256), name, None)
    if found is None:
        return None
    if not callable(found):
        raise WorkloadError(f"{path.name}: {name} is no function; write it as def {name}(...).")

    def called(*arguments: Any) -> Any:
        with blamed(path, name):
            return found(*arguments)

    return called


def loss(workload: NativeWorkload, framework: str) -> Callable[..., Any] | None:
    """The workload's own loss under a framework, under one name for all; None if it has none."""
    module = own_file.module(Path(workload.path), workload.file_sha256)
    found = getattr(module, LOSSES[framework], None)
    if found is None:
        return None

    def own_loss(outputs: Any, labels: Any) -> Any:
        return found(outputs, labels)

    return own_loss


def _spec(path: Path, module: ModuleType, options: Mapping[str, Option]) -> Workload:
    """WORKLOAD, or what workload() makes of the options that its keywords name."""
    make = getattr(module, "workload", None)
    with blamed(path, "workload"):
        found = module.WORKLOAD if hasattr(module, "WORKLOAD") else make()  # type: ignore[misc]
        if isinstance(found, Workload) and options:
            found = made(found, make, options)
    if not isinstance(found, Workload):
        source = "WORKLOAD" if hasattr(module, "WORKLOAD") else "workload()"
        kind = type(found).__name__
        raise WorkloadError(f"{path.name}: {source} is a {kind}, not a Workload of workloads.spec.")
    return msgspec.structs.replace(found, name=path.stem)


def _native(path: Path, sha256: str, module: ModuleType) -> NativeWorkload:
    builders = tuple(name for name in BUILDERS.values() if hasattr(module, name))
    if not builders:
        raise WorkloadError(
            f"{path.name} has no model: give it build_torch() and build_keras(), one of them, or "
            "WORKLOAD = Workload(...); docs/own-model.md shows how."
        )
    for name in (*builders, "data", *LOSSES.values()):
        if hasattr(module, name) and not callable(getattr(module, name)):
            raise WorkloadError(f"{path.name}: {name} is no function; write it as def {name}(...).")
    losses = [name for name in LOSSES.values() if hasattr(module, name)]
    needed = [LOSSES[f] for f, builder in BUILDERS.items() if builder in builders]
    if losses and (lacking := [name for name in needed if name not in losses]):
        raise WorkloadError(
            f"{path.name} has {losses[0]} but no {lacking[0]}; define both, so that both models "
            "are trained on one loss."
        )
    try:
        return msgspec.convert(
            {
                "name": path.stem,
                "path": str(path),
                "file_sha256": sha256,
                "title": ((module.__doc__ or "").strip() or path.stem).splitlines()[0],
                "builders": builders,
                "own_loss": bool(losses),
                "data": native_constants.data(path, module),
                "batch_size": getattr(module, "BATCH_SIZE", 32),
                "learning_rates": native_constants.rates(path, module),
                "input_shape": native_constants.input_shape(path, module),
                "classes": getattr(module, "CLASSES", None),
                "weights": native_constants.weights(path, module),
            },
            NativeWorkload,
        )
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        if isinstance(error, WorkloadError):
            raise
        raise WorkloadError(
            f"{path.name}: one of BATCH_SIZE, LEARNING_RATES, INPUT_SHAPE, CLASSES, DATA and "
            f"WEIGHTS is not what it should be ({error}); docs/own-model.md shows each."
        ) from None


def _file(path: str) -> str:
    return Path(path).name
