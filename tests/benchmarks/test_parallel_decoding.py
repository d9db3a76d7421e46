"""Tests of benchmarks.parallel_decoding: parts of a trace have all of its events, however many."""

import gzip
from pathlib import Path

import pytest

from analysis.readers.kineto import KinetoTrace
from benchmarks import parallel_decoding

TRACE = Path(__file__).parents[1] / "data" / "kineto" / "mi250-minitoy.json.gz"


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_parts_have_the_events_of_the_whole(tmp_path: Path, parts: int) -> None:
    whole = tmp_path / "whole.json"
    whole.write_bytes(gzip.decompress(TRACE.read_bytes()))
    paths = parallel_decoding.cut(whole, parts, tmp_path)
    assert len(paths) == parts
    wall_s, cpu_s, events = parallel_decoding.measure(paths)
    assert events == sum(map(len, KinetoTrace(whole, memory=False).blocks()))
    assert min(wall_s, cpu_s) >= 0


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}")
    with pytest.raises(SystemExit, match="no traceEvents array"):
        parallel_decoding.cut(path, 2, tmp_path)
