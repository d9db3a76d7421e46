"""Reads a pickle of plain values and byte arrays without running anything that is in it."""

import io
import pickle
import struct
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from workloads.data.layout import REMEDY, read_bytes, shown
from workloads.spec import WorkloadError

MAX_BYTES = 256 << 20
NAME_LENGTH = 80


class StoredArray:
    """Stands in for numpy.ndarray and its makers: keeps what the pickle says, makes nothing."""

    def __init__(self, *_: object) -> None:
        self.shape: object = None
        self.kind: object = None
        self.by_columns: object = None
        self.content: object = None

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _, self.shape, self.kind, self.by_columns, self.content = state

    def pixels(self, row_bytes: int) -> npt.NDArray[np.uint8]:
        """The array as uint8 (rows, row_bytes), or ValueError with what is wrong."""
        if getattr(self.kind, "code", None) not in ("u1", b"u1") or self.by_columns:
            raise ValueError("its array is not one of unsigned bytes, row by row")
        if not isinstance(self.content, bytes) or not isinstance(self.shape, tuple):
            raise ValueError("its array has no shape or no content")
        rows, rest = divmod(len(self.content), row_bytes)
        if rest or self.shape != (rows, row_bytes):
            raise ValueError(
                f"its array has {len(self.content):,} bytes and the shape {self.shape!r:.40}, not "
                f"(images, {row_bytes:,})"
            )
        return np.frombuffer(self.content, np.uint8).reshape(-1, row_bytes)


class StoredBuffer(StoredArray):
    """Stands in for numpy's _frombuffer, which pickles of protocol 5 name."""

    def __init__(self, content: object, kind: object, shape: object, order: object) -> None:
        super().__init__()
        self.content, self.kind, self.shape, self.by_columns = content, kind, shape, order != "C"


class StoredKind:
    """Stands in for numpy.dtype; byte order and the like do not matter for single bytes."""

    def __init__(self, code: object, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Nothing of it is needed."""


class Latin1:
    """Stands in for _codecs.encode, by which pickles of protocol 2 write bytes."""

    __slots__ = ()

    def __call__(self, text: str, encoding: str) -> bytes:
        """The bytes; any encoding but latin1 is a ValueError."""
        if encoding not in ("latin1", b"latin1"):
            raise ValueError(f"it names the encoding {encoding!r:.40}")
        return text.encode("latin1")


STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): StoredArray,
    ("numpy", "dtype"): StoredKind,
    ("_codecs", "encode"): Latin1(),
    **{
        (f"numpy.{core}.{module}", name): stand_in
        for core in ("core", "_core")
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", StoredArray),
            ("numeric", "_frombuffer", StoredBuffer),
        )
    },
}


class ForbiddenNameError(Exception):
    """The pickle names something that no array needs."""


def _load_bytes(unpickler: Any) -> None:
    """A bytearray, as bytes: of the length that the file claims no more is taken than there is."""
    (size,) = struct.unpack("<Q", unpickler.read(8))
    unpickler.append(unpickler.read(size))


# pickle's own implementation in Python: that in C makes room for whatever sizes a file claims.
class ArrayUnpickler(pickle._Unpickler):
    """Plain values and stand-ins for arrays; any other name ends the reading."""

    dispatch: ClassVar = pickle._Unpickler.dispatch | {pickle.BYTEARRAY8[0]: _load_bytes}

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name, or ForbiddenNameError."""
        try:
            return STAND_INS[module, name]
        except KeyError:
            raise ForbiddenNameError(f"{module}.{name}"[:NAME_LENGTH]) from None


def read(path: Path) -> object:
    """What a pickle holds, its arrays as StoredArray.

    Raises:
        WorkloadError: it names anything but arrays (the name is said), ends early or is damaged.
    """
    content = read_bytes(path, MAX_BYTES)
    try:
        return ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    except ForbiddenNameError as error:
        raise WorkloadError(
            f"{shown(path)} would run {shown(error)} when unpickled, which no array needs, and was "
            f"not read; {REMEDY}."
        ) from None
    except (EOFError, struct.error):
        raise WorkloadError(
            f"{shown(path)} ends after {len(content):,} bytes, inside its pickle; {REMEDY}."
        ) from None
    except Exception as error:  # a damaged pickle can fail in any way that its opcodes can
        reason = shown(f"{type(error).__name__}: {error}"[:NAME_LENGTH])
        raise WorkloadError(f"{shown(path)} is a damaged pickle ({reason}); {REMEDY}.") from None
