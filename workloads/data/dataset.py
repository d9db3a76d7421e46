"""What a data set is: arrays for training and test, and the recipe that makes them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workloads.data.layout import Layout
from workloads.layers import Shape
from workloads.spec import Workload, WorkloadError


@dataclass(frozen=True)
class Stream:
    """Images that come one by one, because all of them at once would fill the memory.

    `shape` is that of all together, (count, height, width, channels); `images` gives `count` uint8
    arrays, once.
    """

    shape: Shape
    images: Iterable[npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Samples:
    """Images as uint8 (count, height, width, channels), to be divided by 255; labels int64."""

    train_inputs: npt.NDArray[np.uint8] | Stream
    train_labels: npt.NDArray[np.int64]
    test_inputs: npt.NDArray[np.uint8] | Stream
    test_labels: npt.NDArray[np.int64]

    def arrays(self) -> dict[str, npt.NDArray[np.generic] | Stream]:
        """The four arrays by name."""
        return dict(vars(self))


@dataclass(frozen=True)
class Download:
    """A file at the data set's home; it is used only if its SHA-256 is this one."""

    url: str
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class DataSet:
    """A named source of samples. `version` changes whenever `load` would give other arrays.

    A data set that is read from files has a `layout`, and `load` gets the folder that they are in;
    one that is made from nothing has none, and its `load` gets None. `classes` is None if that
    depends on the workload or the files.
    """

    name: str
    description: str
    version: int
    shapes: tuple[Shape, ...]
    classes: int | None
    load: Callable[[Workload, Path | None], Samples]
    layout: Layout | None = None
    downloads: tuple[Download, ...] = ()

    def fits(self, workload: Workload) -> bool:
        """Whether the workload has the shape and the classes of these samples."""
        return (not self.shapes or workload.input_shape in self.shapes) and (
            self.classes is None or workload.classes == self.classes
        )

    def check(self, workload: Workload) -> None:
        """Raise WorkloadError unless the workload can be trained on these samples."""
        if self.shapes and workload.input_shape not in self.shapes:
            has = " or ".join("×".join(map(str, shape)) for shape in self.shapes)
            wants = "×".join(map(str, workload.input_shape))
            problem = f"{workload.name} takes {wants} images, {self.name} has {has}"
        elif not self.fits(workload):
            problem = (
                f"{workload.name} tells {workload.classes} classes apart, {self.name} has "
                f"{self.classes}"
            )
        else:
            return
        raise WorkloadError(f"{problem}{self.remedy(workload)}")

    def remedy(self, workload: Workload) -> str:
        """The end of a sentence that says why the workload does not fit: what does."""
        # The catalogue imports every data set, and so this module.
        from workloads.catalogue import workload_list

        fitting = [other.name for other in workload_list() if self.fits(other)]
        if not fitting:
            return f", which no shipped workload takes yet; use --data {workload.data}."
        return (
            f"; use --workload {' or '.join(fitting)} for these data, or --data {workload.data} "
            "for this workload."
        )


def given(source: Path | None, name: str) -> Path:
    """The folder of a data set's files, or WorkloadError if there is none."""
    if source is None:
        raise WorkloadError(
            f"{name} is read from files that are not here; fetch them with --download, or name "
            "their folder with --data DIR."
        )
    return source
