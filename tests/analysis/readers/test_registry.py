import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.readers.chrome import ChromeTrace
from analysis.readers.kineto import KinetoTrace
from analysis.readers.onnxruntime import OnnxRuntimeTrace
from analysis.readers.registry import open_trace
from analysis.readers.xspace import XSpaceTrace
from profilers.rundir import ProfileError

DATA = Path(__file__).parents[2] / "data"
SPAN = {"ph": "X", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "name": "a"}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"schemaVersion": 1, "traceEvents": []}, KinetoTrace),
        ({"traceEvents": [{**SPAN, "cat": "cpu_op"}]}, KinetoTrace),
        ([{**SPAN, "cat": "kernel"}], KinetoTrace),
        ([{**SPAN, "cat": "Session"}, {**SPAN, "cat": "Node"}], OnnxRuntimeTrace),
        ({"displayTimeUnit": "ns", "traceEvents": [SPAN, {}]}, ChromeTrace),
        ({"traceEvents": [{**SPAN, "cat": "FEE"}], "viztracer_metadata": {}}, ChromeTrace),
        ([SPAN], ChromeTrace),
        ([], ChromeTrace),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_content_decides(tmp_path: Path, document: Any, kind: type, packed: bool) -> None:
    text = json.dumps(document).encode()
    path = tmp_path / "trace.bin"
    path.write_bytes(gzip.compress(text) if packed else text)
    assert type(open_trace(path)) is kind


def test_an_xspace_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "profile"
    shutil.copyfile(DATA / "xspace" / "tensorflow-function.xplane.pb", path)
    assert type(open_trace(path)) is XSpaceTrace


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a zip", "is no trace"),
        (b"<html>", "is no trace"),
        (b'{"a": 1}', "has no traceEvents array"),
    ],
)
def test_what_is_no_trace_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=words):
        open_trace(path)


def test_a_pipe_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trace.json")
    with pytest.raises(ProfileError, match="is a pipe or a device; a trace is read twice"):
        open_trace(tmp_path / "trace.json")
    with pytest.raises(ProfileError, match="is a pipe or a device"):
        open_trace(tmp_path)


def test_a_folder_without_traces(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="holds no trace"):
        open_trace(tmp_path)
