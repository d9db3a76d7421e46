"""What a data set is: arrays for training and test, and the recipe that makes them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from workloads.data.layout import Layout
from workloads.layers import Shape
from workloads.spec import Workload, WorkloadError

Kind = Literal["images", "tokens", "numbers"]


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
    """Inputs (count, ...) and labels of training and test.

    Images and other numbers are uint8, to be divided by 255, images (count, height, width,
    channels); tokens are int64 (count, length). Labels are int64 (count,), or (count, length) with
    one for each place of a sequence.
    """

    train_inputs: npt.NDArray[np.uint8] | npt.NDArray[np.int64] | Stream
    train_labels: npt.NDArray[np.int64]
    test_inputs: npt.NDArray[np.uint8] | npt.NDArray[np.int64] | Stream
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

    `kind` says what a sample is: an image with one label; a sequence of tokens, each of them with
    the next one as its label; or numbers of any shape, with as many labels as the workload gives
    vectors of logits. `variant` is what the arrays depend on beside shape and classes, as a text.
    """

    name: str
    description: str
    version: int
    shapes: tuple[Shape, ...]
    classes: int | None
    load: Callable[[Workload, Path | None], Samples]
    layout: Layout | None = None
    downloads: tuple[Download, ...] = ()
    kind: Kind = "images"
    variant: Callable[[Workload], str] = lambda workload: ""

    def fits(self, workload: Workload) -> bool:
        """Whether the workload has the kind, the shape and the classes of these samples."""
        return (
            self._suits(workload)
            and (not self.shapes or workload.input_shape in self.shapes)
            and (self.classes is None or workload.classes == self.classes)
        )

    def _suits(self, workload: Workload) -> bool:
        """Whether the workload's samples and labels are of this kind."""
        tokens = workload.vocabulary
        if self.kind == "numbers":
            return tokens is None
        if self.kind == "images":
            image = tokens is None and len(workload.input_shape) == 3
            return image and workload.output_shape == (workload.classes,)
        return tokens == workload.classes and workload.output_shape[:-1] == workload.input_shape

    def check(self, workload: Workload) -> None:
        """Raise WorkloadError unless the workload can be trained on these samples."""
        if not self._suits(workload):
            problem = f"{workload.name} takes {_taken(workload)}, {self.name} has {self._had()}"
        elif self.shapes and workload.input_shape not in self.shapes:
            problem = f"{workload.name} takes {_taken(workload)}, {self.name} has {self._sizes()}"
        elif not self.fits(workload):
            problem = (
                f"{workload.name} tells {workload.classes} classes apart, {self.name} has "
                f"{self.classes}"
            )
        else:
            return
        raise WorkloadError(f"{problem}{self.remedy(workload)}")

    def _sizes(self) -> str:
        return " or ".join("×".join(map(str, shape)) for shape in self.shapes)

    def _had(self) -> str:
        """Its samples in words."""
        if self.kind == "tokens":
            return "sequences of tokens, each with the next one as label"
        sizes = f"{self._sizes()} " if self.shapes else ""
        return f"{sizes}{self.kind} with one label" if self.kind == "images" else self.kind

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


def _taken(workload: Workload) -> str:
    """A workload's samples in words."""
    size = "×".join(map(str, workload.input_shape))
    several = "×".join(map(str, workload.output_shape[:-1]))
    labels = f" with {several} labels each" if several else ""
    if workload.vocabulary is not None:
        return f"sequences of {size} tokens{labels}"
    kinds = {1: "vectors of {} numbers", 2: "{} sequences", 3: "{} images"}
    return kinds.get(len(workload.input_shape), "{} numbers").format(size) + labels


def given(source: Path | None, name: str) -> Path:
    """The folder of a data set's files, or WorkloadError if there is none."""
    if source is None:
        raise WorkloadError(
            f"{name} is read from files that are not here; fetch them with --download, or name "
            "their folder with --data DIR."
        )
    return source
