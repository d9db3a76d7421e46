"""A Python file of the user: imported as a module of its own, its errors told as the file's."""

import hashlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, TracebackType

from workloads.spec import WorkloadError

FRAMEWORK_PACKAGES = {"torch", "tensorflow", "keras"}

_loaded: dict[tuple[str, str], ModuleType] = {}


def file_sha256(path: Path) -> str:
    """The fingerprint of a file's content.

    Raises:
        WorkloadError: it can't be read.
    """
    return _sha256(_content(path))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkloadError(
            f"--workload {path} can't be read ({error.strerror}); name a Python file with a model, "
            "or a workload of --list."
        ) from None


def module(path: Path, sha256: str) -> ModuleType:
    """The file as a module under a name that nothing else has; run once for each content.

    Raises:
        WorkloadError: the file has another fingerprint by now, can't be read or fails.
    """
    key = (str(path), sha256)
    if key not in _loaded:
        content = _content(path)
        if _sha256(content) != sha256:
            raise WorkloadError(f"{path} has changed since it was read; run the command again.")
        made = ModuleType(f"_own_model_{sha256[:12]}")
        made.__file__ = str(path)
        sys.modules[made.__name__] = made  # where dataclasses and pickles look for it
        try:
            with blamed(path, "import"):
                exec(compile(content, path, "exec"), made.__dict__)
        except WorkloadError:
            del sys.modules[made.__name__]
            raise
        _loaded[key] = made
    return _loaded[key]


@contextmanager
def blamed(path: Path, doing: str) -> Iterator[None]:
    """Errors of code in this file become one sentence, and a traceback of its own frames."""
    with _neighbours(path):
        try:
            yield
        except WorkloadError as error:
            place = _place(path, error.__traceback__)
            raise WorkloadError(f"{place or path.name}: {error}") from None
        except (Exception, SystemExit) as error:
            raise WorkloadError(_blame(path, doing, error)) from None


@contextmanager
def _neighbours(path: Path) -> Iterator[None]:
    """The file's own folder is where its imports look first, as if it were run by itself."""
    folder = str(path.parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _blame(path: Path, doing: str, error: BaseException) -> str:
    what = traceback.format_exception_only(error)[-1].strip().splitlines()[0]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path.name}, line {error.lineno}: {what}; mend that line and run again."
    hint = ""
    if isinstance(error, ModuleNotFoundError) and error.name in FRAMEWORK_PACKAGES:
        hint = "; import a framework inside the builders only, as not every process has it"
    where = _place(path, error.__traceback__) or f"{path.name}, in what {doing} gave"
    own = [
        frame
        for frame in traceback.extract_tb(_frames(path, error.__traceback__))
        if Path(frame.filename).parent == path.parent
    ]
    lines = traceback.format_list(own)
    told = "".join(lines).rstrip().splitlines()
    return f"{where}: {what}{hint}." + "".join(f"\n  | {line}" for line in told)


def _frames(path: Path, found: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame in the file on."""
    while found is not None and found.tb_frame.f_code.co_filename != str(path):
        found = found.tb_next
    return found


def _place(path: Path, found: TracebackType | None) -> str | None:
    """The innermost line of the file that was at work."""
    place = None
    while (found := _frames(path, found)) is not None:
        name = found.tb_frame.f_code.co_name
        place = f"{path.name}, line {found.tb_lineno}" + f", in {name}" * (name != "<module>")
        found = found.tb_next
    return place
