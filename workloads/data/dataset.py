"""What a data set is: arrays for training and test, and the recipe that makes them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workloads.spec import Shape, Workload, WorkloadError


@dataclass(frozen=True)
class Samples:
    """Images as uint8 (count, height, width, channels), to be divided by 255; labels int64."""

    train_inputs: npt.NDArray[np.uint8]
    train_labels: npt.NDArray[np.int64]
    test_inputs: npt.NDArray[np.uint8]
    test_labels: npt.NDArray[np.int64]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The four arrays by name."""
        return dict(vars(self))


@dataclass(frozen=True)
class DataSet:
    """A named source of samples. `version` changes whenever `load` would give other arrays."""

    name: str
    description: str
    version: int
    shapes: tuple[Shape, ...]
    classes: int | None
    load: Callable[[Workload], Samples]

    def check(self, workload: Workload) -> None:
        """Raise WorkloadError unless the workload can be trained on these samples."""
        if self.shapes and workload.input_shape not in self.shapes:
            has = " or ".join("×".join(map(str, shape)) for shape in self.shapes)
            wants = "×".join(map(str, workload.input_shape))
            raise WorkloadError(
                f"{workload.name} takes {wants} images, {self.name} has {has}; "
                f"use --data {workload.data}."
            )
        if self.classes is not None and workload.classes != self.classes:
            raise WorkloadError(
                f"{workload.name} tells {workload.classes} classes apart, {self.name} has "
                f"{self.classes}; use --data {workload.data}."
            )
