import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.blocks import concat
from analysis.readers.chrome import ChromeTrace
from analysis.readers.kineto import KinetoTrace
from analysis.readers.onnxruntime import OnnxRuntimeTrace
from analysis.readers.registry import Ranks, open_trace, rank_of
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


def test_a_folder_has_a_file_for_each_rank(tmp_path: Path) -> None:
    for rank, name in ((3, "a.pt.trace.json"), (1, "b.pt.trace.json.gz")):
        document = {"distributedInfo": {"rank": rank}, "schemaVersion": 1}
        document["traceEvents"] = [{**SPAN, "cat": "cpu_op", "name": f"op of {rank}"}]
        text = json.dumps(document).encode()
        (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    (tmp_path / "rank_7.json").write_text(json.dumps([{**SPAN, "cat": "cpu_op"}]))
    (tmp_path / "notes.txt").write_text("no trace")
    (tmp_path / "settings.json").write_text("{}")
    trace = open_trace(tmp_path)
    [note] = trace.notes
    assert "settings.json is no trace" in note
    assert isinstance(trace, Ranks)
    block = concat(trace.blocks())
    names = [trace.strings[number] for number in block.name.tolist()]
    found = dict(zip(names, block.rank.tolist(), strict=True))
    assert found == {"op of 3": 3, "op of 1": 1, "a": 7}
    one = open_trace(tmp_path)
    assert isinstance(one, Ranks)
    one.keep_rank(1)
    assert {int(rank) for block in one.blocks() for rank in block.rank} == {1}
    with pytest.raises(ProfileError, match="has no rank 5; it has"):
        one.keep_rank(5)


def test_a_folder_without_traces(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="holds no trace"):
        open_trace(tmp_path)


def test_ranks_in_names() -> None:
    assert (rank_of("rank-34.pt.trace.json", -1), rank_of("x_Rank2.json", -1)) == (34, 2)
    assert rank_of("worker0.json", 5) == 5
