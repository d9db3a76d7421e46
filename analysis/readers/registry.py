"""Opens a file or a folder of traces with the reader that its content asks for."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from analysis.blocks import Strings, Trace
from analysis.readers.chrome import WRITTEN_HERE, ChromeEvent, ChromeTrace
from analysis.readers.chunks import ArrayReader
from analysis.readers.kineto import KinetoTrace
from analysis.readers.kineto_events import KINDS
from analysis.readers.onnxruntime import CATEGORIES, OnnxRuntimeTrace
from analysis.readers.ranks import LEFT_OUT, SUFFIXES, Ranks, same_recording, trace_files
from analysis.readers.source import GZIP, Source
from profilers.rundir import ProfileError

KINETO_KEYS = {"schemaVersion", "deviceProperties", "record_shapes", "trace_id"}
JSON_BEGINS = (b"{", b"[")
XSPACE_BEGINS = b"\x0a"


def open_trace(
    path: Path,
    memory: bool = False,
    limited: bool = True,
    host: bool = False,
    details: bool = False,
) -> Trace:
    """The trace in a file, or those of all files of a folder as one, each being a rank.

    Args:
        path: a file, or a folder of them.
        memory: whether the blocks hold allocations, where the source has them, and all of a profile
            of TensorFlow or JAX.
        limited: whether a packed file that unpacks to far too much is refused.
        host: whether they hold all that the host did, also what changes no table of operations.
        details: whether kernels have their launch configuration and allocations their address, in
            the traces of torch.

    Raises:
        ProfileError: there is no trace there; the sentence says what there is.
    """
    if path.is_dir():
        return _open_folder(path, memory, limited, host, details)
    return _open_file(path, memory, limited, host, Strings(), details)


def is_of_known_profiler(path: Path) -> bool:
    """Whether a JSON trace is torch's or ONNX Runtime's, all events of which can be read.

    Raises:
        ProfileError: it is no trace.
    """
    return _json_kind(path, limited=True) is not ChromeTrace


def _open_folder(folder: Path, memory: bool, limited: bool, host: bool, details: bool) -> Ranks:
    files, notes = trace_files(folder), []
    if not files:
        raise ProfileError(
            f"{folder} holds no trace ({', '.join(SUFFIXES)}) and is no run; name a trace."
        )
    strings, traces = Strings(), []
    twins = same_recording(files)
    for file in files:
        if file in twins:
            notes.append(
                f"{LEFT_OUT}{file} is of the same recording as {twins[file].name}; name it to read "
                "it instead."
            )
            continue
        try:
            traces.append(_open_file(file, memory, limited, host, strings, details))
        except ProfileError as error:
            notes.append(f"{LEFT_OUT}{error}")
    return Ranks(folder, traces, notes, strings)


def _open_file(
    path: Path, memory: bool, limited: bool, host: bool, strings: Strings, details: bool = False
) -> Trace:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ProfileError(
            f"{path} is a pipe or a device; a trace is read twice, so write it to a file first."
        )
    begin = _beginning(Source(path, 1 << 12, limited))
    text = begin.lstrip(b"\xef\xbb\xbf \t\r\n")
    is_xspace = begin.startswith(XSPACE_BEGINS) and (
        ".pb" in path.name or not text.startswith(JSON_BEGINS)
    )
    if not is_xspace and (text.startswith(JSON_BEGINS) or not text):
        kind = _json_kind(path, limited)
        if kind is KinetoTrace:
            return KinetoTrace(
                path, memory=memory, limited=limited, strings=strings, details=details
            )
        return kind(path, limited=limited, strings=strings)
    if is_xspace:
        from analysis.readers.xspace import XSpaceTrace  # protobuf is needed for nothing else

        if _is_packed(path):
            raise ProfileError(f"{path} is packed; unpack it with gunzip first.")
        return XSpaceTrace(path, strings=strings, everything=memory or host)
    raise ProfileError(
        f"{path} is no trace: it begins with {begin[:12]!r}; give a .json, .json.gz or .xplane.pb "
        "that a profiler wrote."
    )


def _beginning(source: Source) -> bytes:
    """The first block that is not blank, behind the first bytes of the file."""
    first = b""
    for block in source.blocks():
        if block.strip():
            return first + block
        first = first or block[:1]
    return first


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP


def _json_kind(path: Path, limited: bool) -> type[KinetoTrace] | type[ChromeTrace]:
    """Which reader a JSON trace is for, by its head and its first events."""
    reader = ArrayReader(path, limited=limited)
    header = reader.find_header()
    if KINETO_KEYS & header.keys():
        return KinetoTrace
    if header.get("otherData") == WRITTEN_HERE:
        return ChromeTrace
    decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
    for elements in reader.lists(decode):
        categories = {category for raw in elements[:4096] for category in _category(raw)}
        if categories & set(KINDS):
            return KinetoTrace
        if categories and categories <= CATEGORIES:
            return OnnxRuntimeTrace
        if categories:
            break
    return ChromeTrace


def _category(raw: msgspec.Raw) -> Iterator[str]:
    """The category of what may be an event, if it has one."""
    try:
        event = msgspec.json.decode(raw, type=ChromeEvent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if event.ph == "X" and event.cat:
        yield event.cat
