import gzip
from pathlib import Path

from analysis.lacks import lacks
from analysis.readers.registry import open_trace


def found(path: Path) -> list[str]:
    trace = open_trace(path)
    for _ in trace.blocks():
        pass
    return list(lacks(trace))


def test_of_a_whole_trace_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_text(
        '{"traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "op", "pid": 1, "tid": 1, "ts": 1,'
        ' "dur": 1}]}'
    )
    assert found(tmp_path / "trace.json") == []


def test_events_without_a_time_and_an_end_that_is_missing_are_told(tmp_path: Path) -> None:
    event = '{"ph": "X", "cat": "cpu_op", "name": "op", "pid": 1, "tid": 1, "ts": %s, "dur": 1},'
    text = '{"traceEvents": [' + event % 1 + event % '"never"' + event % '"never"'
    (tmp_path / "trace.json.gz").write_bytes(gzip.compress(text.encode()))
    dropped, cut = found(tmp_path / "trace.json.gz")
    assert dropped.startswith("2 events left out: ")
    assert cut.startswith("the trace is not whole: it breaks off after ")
