"""What two models that were written by hand have in common: their arrays and layers, by name."""

import hashlib
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from workloads.layers import Shape
from workloads.spec import WorkloadError

MAPPING, VALUES = "mapping.json", "weights.npz"
FOLDER = "models"

Place = tuple[int, int]
"""The number of a unit of a model and that of an array in it, as its framework walks the model."""


class MappedArray(msgspec.Struct, frozen=True, kw_only=True):
    """An array that both models have, in canonical layout.

    `torch` and `keras` say where it lies, None in a model that is not there; the names are what
    each calls it. `image` is the shape (height, width, channels) that was flattened into its rows.
    """

    name: str
    layer: str
    shape: Shape
    trainable: bool
    torch: Place | None = None
    keras: Place | None = None
    torch_name: str = ""
    keras_name: str = ""
    image: Shape | None = None


class MappedLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer by its shared name, with its kind in words of no framework.

    `torch` and `keras` are the numbers of the units that it owns.

    `turn` says how torch's output becomes Keras', None where the two can't be compared;
    `activation` is one that Keras applies inside the layer, and torch after it.
    """

    name: str
    kind: str
    torch: int | None = None
    keras: int | None = None
    torch_name: str = ""
    keras_name: str = ""
    turn: str | None = None
    activation: str | None = None


class Input(msgspec.Struct, frozen=True):
    """One input of a model: the shape of a sample, and the type of the cached values."""

    shape: Shape
    dtype: str


class NativeModel(msgspec.Struct, frozen=True, kw_only=True):
    """mapping.json: the arrays and layers of a model, its inputs, and the shape of its outputs.

    `output_shape` is that of one sample. `notes` say what was decided in the mapping.
    """

    inputs: tuple[Input, ...]
    output_shape: Shape
    arrays: tuple[MappedArray, ...]
    layers: tuple[MappedLayer, ...]
    notes: tuple[str, ...] = ()

    @property
    def parameter_count(self) -> int:
        """How many numbers training changes."""
        return sum(math.prod(array.shape) for array in self.arrays if array.trainable)

    @property
    def sha256(self) -> str:
        """A fingerprint of the names and shapes that both sides share."""
        return hashlib.sha256(msgspec.json.encode((self.inputs, self.arrays))).hexdigest()


def folder(cache: Path, key: str) -> Path:
    """Where a model lies in a cache."""
    return cache / FOLDER / key


def keep(cache: Path, model: NativeModel, values_sha256: str, save: Callable[[Path], None]) -> str:
    """Put the mapping and the initial values that `save` writes into the cache; their key."""
    content = msgspec.json.encode(model) + values_sha256.encode()
    key = hashlib.sha256(content).hexdigest()[:16]
    target = folder(cache, key)
    if (target / MAPPING).exists() and (target / VALUES).exists():
        return key
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=target.parent))
    try:
        save(building / VALUES)
        text = msgspec.json.format(msgspec.json.encode(model), indent=2)
        (building / MAPPING).write_bytes(text)
        building.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        os.rename(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return key


def read(cache: Path, key: str) -> NativeModel:
    """The mapping of that key.

    Raises:
        WorkloadError: it is not in the cache, or damaged.
    """
    path = folder(cache, key) / MAPPING
    try:
        return msgspec.json.decode(path.read_bytes(), type=NativeModel)
    except (OSError, msgspec.DecodeError) as error:
        raise WorkloadError(f"{path} can't be read ({error}); run profile.py again.") from None
