"""The constants of a user's own file beside its builders: read and checked one by one.

Every function raises WorkloadError where its constant is not what it should be.
"""

import math
from pathlib import Path
from types import ModuleType

from workloads.layers import Shape
from workloads.spec import WorkloadError

RATES = {"adam": 1e-3, "sgd": 1e-2}
OWN_DATA = "data()"


def data(path: Path, module: ModuleType) -> str:
    """The name of the data set, or OWN_DATA where the file has a function that makes them."""
    named = getattr(module, "DATA", None)
    if named is not None and hasattr(module, "data"):
        raise WorkloadError(f"{path.name} has both DATA and data(); keep one of them.")
    if hasattr(module, "data"):
        return OWN_DATA
    if named is None or not (hasattr(module, "INPUT_SHAPE") and hasattr(module, "CLASSES")):
        raise WorkloadError(
            f"{path.name} says too little about its data: give it a function data() that returns "
            "the arrays, or DATA (the name of a data set), INPUT_SHAPE and CLASSES."
        )
    return str(named)


def input_shape(path: Path, module: ModuleType) -> Shape:
    """INPUT_SHAPE, () where it is not there."""
    shape = tuple(getattr(module, "INPUT_SHAPE", ()))
    if any(isinstance(size, int) and size < 1 for size in shape):
        raise WorkloadError(f"{path.name}: INPUT_SHAPE is {shape}; each size is 1 or more.")
    return shape


def rates(path: Path, module: ModuleType) -> dict[str, float]:
    """Learning rates by optimizer, those of LEARNING_RATES before the usual ones."""
    given = dict(getattr(module, "LEARNING_RATES", {}))
    for name, rate in given.items():
        if name not in RATES:
            raise WorkloadError(
                f"{path.name}: LEARNING_RATES has {name!r}; it takes {' and '.join(RATES)}."
            )
        number = isinstance(rate, int | float) and not isinstance(rate, bool)
        if not number or not 0 < rate < math.inf:
            raise WorkloadError(
                f'{path.name}: LEARNING_RATES["{name}"] is {rate!r}; give a number above 0.'
            )
    return RATES | given


def weights(path: Path, module: ModuleType) -> dict[str, tuple[str, Shape | None]]:
    """WEIGHTS: Keras' name for torch's, and the shape of the image that was flattened, if said."""
    found: dict[str, tuple[str, Shape | None]] = {}
    for torch_name, given in dict(getattr(module, "WEIGHTS", {})).items():
        if isinstance(given, str):
            found[torch_name] = (given, None)
            continue
        try:
            keras_name, image = given
            found[torch_name] = (keras_name, tuple(image or ()))
        except (TypeError, ValueError):
            raise WorkloadError(
                f'{path.name}: WEIGHTS["{torch_name}"] is {given!r}; it takes the Keras name, or '
                "that name with the shape of the image that was flattened: "
                '("dense/kernel", (7, 7, 64)).'
            ) from None
    return found
